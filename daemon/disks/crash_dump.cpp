// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/crash_dump.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr std::string_view kUsual = "/var/crash"; // of both
constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// Calls with each line that says something.
template <typename Each>
void for_each_line(std::string_view text, Each each) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trimmed(text.substr(0, end));
        if (!line.empty() && line.front() != '#') each(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::string_view unquoted(std::string_view value) {
    for (const char quote : {'"', '\''})
        if (value.size() >= 2 && value.front() == quote) {
            const auto end = value.find(quote, 1);
            return end == value.npos ? value.substr(1) : value.substr(1, end - 1);
        }
    return value.substr(0, value.find_first_of(" \t#"));
}

} // namespace

CrashDumpTarget parse_kdump_tools(std::string_view text) {
    std::string_view directory = kUsual, remote;
    for_each_line(text, [&](std::string_view line) {
        const auto equals = line.find('=');
        if (equals == line.npos) return;
        const auto name = line.substr(0, equals);
        const auto value = unquoted(line.substr(equals + 1));
        if (name == "KDUMP_COREDIR") directory = value;
        if (name == "SSH" || name == "NFS" || name == "FTP") remote = value;
    });
    if (!remote.empty()) return {};
    return {std::string(directory), ""};
}

CrashDumpTarget parse_kdump_conf(std::string_view text) {
    constexpr std::array<std::string_view, 6> kLocal{"raw", "ext2", "ext3", "ext4", "xfs", "btrfs"};
    std::string_view directory = kUsual, device;
    bool remote = false;
    for_each_line(text, [&](std::string_view line) {
        const auto end = std::min(line.find_first_of(kBlanks), line.size());
        const auto word = line.substr(0, end);
        const auto value = unquoted(trimmed(line.substr(end)));
        if (word == "path") directory = value;
        if (word == "nfs" || word == "ssh") remote = true;
        if (std::find(kLocal.begin(), kLocal.end(), word) != kLocal.end()) device = value;
    });
    if (remote) return {};
    // On a device that is named the path is that file system's own.
    if (!device.empty()) return {"", std::string(device)};
    return {std::string(directory), ""};
}

} // namespace mpapi::disks
