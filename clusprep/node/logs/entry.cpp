// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/logs/entry.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace mpapi::node {

namespace {

constexpr std::array<const char*, 8> kPriorities{"emergency", "alert",  "critical", "error",
                                                 "warning",   "notice", "info",     "debug"};

// How the kernel begins what it says of disks and of what is on them.
constexpr std::array<std::string_view, 24> kAboutDisks{"ata",
                                                       "blk_",
                                                       "Buffer I/O error",
                                                       "critical",
                                                       "device-mapper:",
                                                       "dm-",
                                                       "EXT4-fs",
                                                       "I/O error",
                                                       "iscsi",
                                                       "iSCSI",
                                                       "lpfc",
                                                       "md",
                                                       "megaraid",
                                                       "mpt",
                                                       "nvme",
                                                       "qla2xxx",
                                                       "reservation",
                                                       "rport",
                                                       "scsi",
                                                       "sd ",
                                                       "ses ",
                                                       "virtio_scsi",
                                                       "XFS",
                                                       "zfcp"};

// The length of the character of UTF-8 (RFC 3629) that begins here; 0 where none does.
std::size_t character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first >= 0xf0 ? 4 : (first >= 0xe0 ? 3 : 2);
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    // No longer form than needed, no surrogate, nothing beyond U+10FFFF.
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
        (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f))
        return 0;
    // U+0080 to U+009F are controls.
    return first == 0xc2 && byte(1) < 0xa0 ? 0 : length;
}

std::string shown(std::string_view text) {
    std::string made;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text[0]);
        std::size_t length = first >= ' ' && first < 0x7f ? 1 : 0;
        if (first >= 0x80) length = character(text);
        if (length == 0) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\x%02x", unsigned{first});
            made += escaped;
            length = 1;
        } else {
            made += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return made;
}

std::tm utc(std::int64_t time) {
    const std::time_t seconds = static_cast<std::time_t>(time / 1'000'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return parts;
}

} // namespace

bool belongs(const JournalEntry& entry, const std::vector<std::string>& units) {
    if (!entry.kernel) return std::find(units.begin(), units.end(), entry.unit) != units.end();
    return std::any_of(kAboutDisks.begin(), kAboutDisks.end(),
                       [&](std::string_view begin) { return entry.message.starts_with(begin); });
}

std::string line(const JournalEntry& entry) {
    const std::tm parts = utc(entry.time);
    char time[64];
    std::snprintf(time, sizeof time, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                  static_cast<int>(entry.time % 1'000'000));
    std::string made = std::string(time) + " " +
                       kPriorities[static_cast<std::size_t>(std::clamp(entry.priority, 0, 7))] +
                       " " + shown(entry.kernel ? "kernel" : entry.identifier);
    if (!entry.kernel && !entry.pid.empty()) made += "[" + shown(entry.pid) + "]";
    return made + ": " + shown(entry.message) + "\n";
}

std::string compact_time(std::int64_t time) {
    const std::tm parts = utc(time);
    char text[64];
    std::snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02d.%03dZ", parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                  static_cast<int>(time / 1000 % 1000));
    return text;
}

} // namespace mpapi::node
