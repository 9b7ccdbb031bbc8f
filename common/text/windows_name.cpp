// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/text/windows_name.hpp"

#include "common/text/printable.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace mpapi {

namespace {

std::string capitals(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
}

// With any extension, and with blanks before it: "nul .txt" is the device, too.
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

} // namespace

const char* flaw_of_windows_name(std::string_view component) {
    if (component.empty()) return "a component is empty";
    if (component == "." || component == "..") return "\".\" and \"..\" are no names";
    if (component.back() == '.' || component.back() == ' ')
        return "a component ends in a period or a blank";
    if (component.find_first_of("<>:\"|?*") != std::string_view::npos)
        return "a component contains one of the characters < > : \" | ? *";
    if (printable(component) != component)
        return "a component contains a control character, or one that turns the direction of text";
    if (is_device(component)) return "a component names a device";
    return nullptr;
}

bool is_ntfs_metadata(std::string_view component) {
    static constexpr std::array<std::string_view, 11> names = {
        "$MFT",  "$MFTMIRR", "$LOGFILE", "$VOLUME", "$ATTRDEF", "$BITMAP",
        "$BOOT", "$BADCLUS", "$SECURE",  "$UPCASE", "$EXTEND"};
    return std::find(names.begin(), names.end(), capitals(component)) != names.end();
}

} // namespace mpapi
