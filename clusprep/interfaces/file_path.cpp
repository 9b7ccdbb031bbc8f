// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/file_path.hpp"

#include "common/text/utf16.hpp"
#include "common/text/windows_name.hpp"

namespace mpapi::csvp {

namespace {

constexpr std::size_t most_units = 4096, most_components = 32, most_bytes = 255;

Error refused(std::string reason) {
    return {"read a file name", "", std::move(reason)};
}

} // namespace

Result<std::vector<std::string>> file_path(std::u16string_view name) {
    if (name.size() > most_units) return refused("longer than 4096 characters");
    const auto utf8 = to_utf8(name);
    if (!utf8) return refused("is no UTF-16");
    std::string_view rest = *utf8;
    constexpr std::string_view separators = "\\/";
    if (!rest.empty() && separators.find(rest.front()) != std::string_view::npos)
        rest.remove_prefix(1);
    std::vector<std::string> components;
    for (;;) {
        const std::size_t end = rest.find_first_of(separators);
        const std::string_view component = rest.substr(0, end);
        if (const char* const what = flaw_of_windows_name(component)) return refused(what);
        if (component.size() > most_bytes) return refused("a component is longer than 255 bytes");
        if (components.empty() && is_ntfs_metadata(component))
            return refused("the file system keeps its own data there");
        components.emplace_back(component);
        if (components.size() > most_components) return refused("has more than 32 components");
        if (end == std::string_view::npos) return components;
        rest.remove_prefix(end + 1);
    }
}

} // namespace mpapi::csvp
