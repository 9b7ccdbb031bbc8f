// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/file_path.hpp"

#include "common/text/utf16.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace mpapi::disks {

namespace {

constexpr std::string_view kSeparators = "\\/";

Error refuse(std::string reason) {
    return Error{"use the file name", "", std::move(reason), EINVAL};
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// With any extension, and with blanks before it, these are devices to Windows.
bool is_device(std::string_view name) {
    name = name.substr(0, name.find('.'));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    std::string stem(name);
    std::transform(stem.begin(), stem.end(), stem.begin(), upper);
    static constexpr std::array<std::string_view, 6> kNames{"CON", "PRN",    "AUX",
                                                            "NUL", "CONIN$", "CONOUT$"};
    if (std::find(kNames.begin(), kNames.end(), stem) != kNames.end()) return true;
    if (!stem.starts_with("COM") && !stem.starts_with("LPT")) return false;
    const std::string_view number = std::string_view(stem).substr(3);
    // U+00B9, U+00B2 and U+00B3 count as digits there.
    return (number.size() == 1 && number[0] >= '0' && number[0] <= '9') || number == "\u00b9" ||
           number == "\u00b2" || number == "\u00b3";
}

Status check(std::string_view name) {
    if (name.empty()) return refuse("two separators follow each other, or it ends with one");
    if (name.size() > kLongestFileName) return refuse("a component is too long");
    if (name == "." || name == "..") return refuse("\".\" and \"..\" are no names");
    if (name.back() == '.' || name.back() == ' ')
        return refuse("a component ends with a period or a blank");
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) return refuse("it contains a control character");
        if (std::string_view("<>:\"|?*").find(c) != std::string_view::npos)
            return refuse(std::string("it contains ") + c);
    }
    if (is_device(name)) return refuse("\"" + std::string(name) + "\" names a device");
    return Done{};
}

} // namespace

Result<std::vector<std::string>> parse_file_path(std::string_view path) {
    if (path.size() > kLongestFilePath) return refuse("it is too long");
    if (to_utf8(to_utf16(path)) != path) return refuse("it is not UTF-8");
    if (!path.empty() && kSeparators.find(path.front()) != std::string_view::npos)
        path.remove_prefix(1);
    if (path.empty()) return refuse("it is empty");
    std::vector<std::string> components;
    for (bool more = true; more;) {
        if (components.size() == kDeepestFile) return refuse("it has too many components");
        const auto end = path.find_first_of(kSeparators);
        const auto name = path.substr(0, end);
        if (auto status = check(name); !status) return status.error();
        components.emplace_back(name);
        more = end != std::string_view::npos;
        if (more) path.remove_prefix(end + 1);
    }
    return components;
}

Status check_file_path(const std::vector<std::string>& components) {
    std::string path;
    for (const auto& component : components) {
        if (path.size() > kLongestFilePath) break;
        path += "\\" + component;
    }
    const auto parsed = parse_file_path(path);
    if (!parsed) return parsed.error();
    if (*parsed != components) return refuse("a component contains a separator");
    return Done{};
}

} // namespace mpapi::disks
