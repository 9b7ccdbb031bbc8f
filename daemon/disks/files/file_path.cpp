// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/file_path.hpp"

#include "common/text/utf16.hpp"
#include "common/text/windows_name.hpp"

#include <cerrno>

namespace mpapi::disks {

namespace {

constexpr std::string_view kSeparators = "\\/";

Error refuse(std::string reason) {
    return Error{"use the file name", "", std::move(reason), EINVAL};
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
        if (const char* const what = flaw_of_windows_name(name)) return refuse(what);
        if (name.size() > kLongestFileName) return refuse("a component is too long");
        if (components.empty() && is_ntfs_metadata(name))
            return refuse("the file system keeps its own data there");
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
