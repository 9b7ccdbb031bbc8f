// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/node_key.hpp"

#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>

namespace mpapi::disks {

namespace {

constexpr std::size_t kLargest = 4096;
constexpr std::size_t kDigits = 16;

std::string text_of(std::uint64_t key) {
    char text[kDigits + 2];
    std::snprintf(text, sizeof text, "%016llx\n", static_cast<unsigned long long>(key));
    return text;
}

// Exactly as text_of() writes it.
std::optional<std::uint64_t> parse(const std::string& text) {
    std::uint64_t key = 0;
    const char* const end = text.data() + std::min(text.size(), kDigits);
    if (text.size() != kDigits + 1 || std::from_chars(text.data(), end, key, 16).ptr != end ||
        key == 0 || text != text_of(key))
        return std::nullopt;
    return key;
}

} // namespace

Result<NodeKey> node_key(const std::string& state_directory,
                         const std::function<std::uint64_t()>& draw) {
    NodeKey found;
    const std::string path = state_directory + "/" + kNodeKeyFile;
    if (!state_directory.empty()) {
        const auto text = read_file(path, kLargest);
        if (text) {
            if (const auto key = parse(*text)) return NodeKey{*key, ""};
            found.notice = path + " has no key; a new one is drawn, and what this node reserved "
                                  "with the old one is another's from now on";
        } else if (text.error().errnum != ENOENT) {
            return text.error();
        }
    }
    while (found.key == 0)
        found.key = draw();
    if (state_directory.empty()) return found;
    if (auto written = replace_file(path, text_of(found.key), 0600); !written)
        return std::move(written).error();
    return found;
}

} // namespace mpapi::disks
