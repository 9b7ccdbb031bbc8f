// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The record of disabled paths: a text in /etc/mpapi that udev has read for each disk that appears
// (mpapi-disabled-path), so that a disabled path stays out of use from its first event on. In /etc,
// for udev needs it while /var may not be mounted yet. There is no file while nothing is disabled:
// the rule looks for it and then runs nothing.
//
//   # comment
//   36001405abcdef…  21000024ff3dabcd  500a098200016e01  0
//
// A path is a line of four fields with blanks or tabs between them, as in PathName: unit, initiator
// port, target port, LUN in decimal. A byte that would be taken for something else (blanks and
// other control characters, '%', '#') is written as '%' and two hexadecimal digits; any byte may
// be. No field is empty. A line whose first character other than a blank is '#' is a comment.
#pragma once

#include "common/result.hpp"
#include "daemon/paths/intents.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::paths {

// 55-mpapi-disabled-path.rules names it too.
constexpr const char* kDisabledRecord = "/etc/mpapi/disabled-paths";

constexpr std::size_t kMostDisabledPaths = 100000;
constexpr std::size_t kLongestDisabledField = 1024; // bytes, before '%' is written out
constexpr std::size_t kMostRecordLines = kMostDisabledPaths + 1000;
constexpr std::size_t kDisabledRecordLimit = std::size_t{32} << 20; // bytes

struct DisabledRecord {
    std::set<PathName> paths;
    // Numbers, from 1, of lines that are neither a path nor a comment, or one path too many. They
    // say nothing; the others hold.
    std::vector<std::size_t> damaged_lines;
    bool operator==(const DisabledRecord&) const = default;
};

// Any text is a record. What stands behind kMostRecordLines is not read; the first line of it is
// told as damaged.
DisabledRecord parse_disabled_record(std::string_view text);

// Fails where a field is empty or too long, or where there are too many paths.
Result<std::string> build_disabled_record(const std::set<PathName>& paths);

// No file: no path is disabled.
Result<DisabledRecord> read_disabled_record(const std::string& path);

// The file is the old one or the new one, whenever the machine stops; durable when this returns. An
// empty set removes it. Waits on the disk that holds it. Two writers at once are not provided for.
Status write_disabled_record(const std::string& path, const std::set<PathName>& paths);

} // namespace mpapi::paths
