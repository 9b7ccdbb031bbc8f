// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi.conf: whatever the text, usable entries; adding and removing change one plugin and no
// other.
#include "library/configuration.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace mpapi::library;

void must(bool holds) {
    if (!holds) std::abort();
}

std::vector<Entry> without(std::vector<Entry> entries, const std::string& id) {
    std::erase_if(entries, [&](const Entry& entry) { return entry.id == id; });
    return entries;
}

} // namespace

// The first line, up to 255 bytes, is an id and a path as a client might pass them; the rest is the
// file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto end = std::min<std::size_t>(input.find('\n'), size);
    const auto text = input.substr(std::min(end + 1, size));
    for (const Entry& entry : entries_of(text)) {
        must(!entry.id.empty() && entry.id.find_first_of(" \t\r\n") == std::string::npos);
        must(entry.id.front() != '#');
        must(entry.file.starts_with('/') && entry.file.find('\n') == std::string::npos);
    }

    const std::string first(input.substr(0, end));
    const auto blank = std::min(first.find(' '), first.size());
    const std::wstring name(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(blank));
    const auto id = id_of(name.c_str());
    const auto file = file_of(first.c_str() + std::min(blank + 1, first.size()));
    if (!id || !file) return 0;
    const auto before = without(entries_of(text), *id);

    const std::string added = with_entry(text, {*id, *file});
    const auto now = entries_of(added);
    must(std::find(now.begin(), now.end(), Entry{*id, *file}) != now.end());
    must(without(now, *id) == before);
    must(with_entry(added, {*id, *file}) == added);

    const auto removed = without_entry(added, *id);
    must(removed.has_value() && entries_of(*removed) == before);
    must(!without_entry(*removed, *id).has_value());
    return 0;
}
