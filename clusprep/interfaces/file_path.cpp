// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/file_path.hpp"

#include "common/text/utf16.hpp"

#include <algorithm>
#include <array>

namespace mpapi::csvp {

namespace {

constexpr std::size_t most_units = 4096, most_components = 32, most_bytes = 255;

Error refused(std::string reason) {
    return {"read a file name", "", std::move(reason)};
}

std::string capitals(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
}

// With or without an extension: "nul.txt" is the device, too.
bool is_device(std::string_view component) {
    std::string stem = capitals(component.substr(0, component.find('.')));
    stem.erase(stem.find_last_not_of(' ') + 1);
    static constexpr std::array<std::string_view, 6> plain = {"CON", "PRN",    "AUX",
                                                              "NUL", "CONIN$", "CONOUT$"};
    if (std::find(plain.begin(), plain.end(), stem) != plain.end()) return true;
    if (!stem.starts_with("COM") && !stem.starts_with("LPT")) return false;
    const std::string_view number = std::string_view(stem).substr(3);
    static constexpr std::array<std::string_view, 13> numbers = {
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u00b9", "\u00b2", "\u00b3"};
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// What is wrong with a component, nullptr when nothing is.
const char* flaw(std::string_view component) {
    if (component.empty()) return "a component is empty";
    if (component.size() > most_bytes) return "a component is longer than 255 bytes";
    if (component.back() == '.' || component.back() == ' ')
        return "a component ends in a dot or a blank";
    for (const char c : component)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
            std::string_view("<>:\"|?*").find(c) != std::string_view::npos)
            return "a component holds a character that no name may hold";
    if (is_device(component)) return "a component is the name of a device";
    return nullptr;
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
        if (const char* const what = flaw(component)) return refused(what);
        components.emplace_back(component);
        if (components.size() > most_components) return refused("has more than 32 components");
        if (end == std::string_view::npos) return components;
        rest.remove_prefix(end + 1);
    }
}

std::string file_system_name(std::string_view detected) {
    if (detected.empty()) return "RAW";
    if (detected == "vfat" || detected == "msdos") return "FAT";
    return capitals(detected);
}

} // namespace mpapi::csvp
