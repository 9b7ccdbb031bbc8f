// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the daemon and its throw-away processes say to each other (mpapi-disk-state and
// mpapi-disk-files): one request and one reply over one connection, then the process ends. Both are
// lines of words, bounded:
//
//     offline 253:0 map 8:0 8:16
//     end
//
// A byte that is not a printable ASCII character, and %, stands as %xx; an empty word as %. Text
// without the last line "end" is an error: who wrote it did not come to the end. A process of the
// second kind has fed what is on a disk to parsers, so what it says is looked at like a device's
// answer. Pure.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::disks {

using Words = std::vector<std::string>;
using Lines = std::vector<Words>;

inline constexpr std::size_t kMostFileData = std::size_t{1} << 20U;      // bytes of one file
inline constexpr std::size_t kLargestErrand = 3 * kMostFileData + 65536; // bytes of text
inline constexpr std::size_t kMostLines = 1024;
inline constexpr std::size_t kMostWords = 1024; // of a line

// Each line has a word; none of them is "end" alone, which is added.
std::string build_errand(const Lines& lines);
Result<Lines> parse_errand(std::string_view text);
// Whether nothing more belongs to it.
bool is_whole(std::string_view text);

// A failure as a line: "failed ERRNO ACTION OBJECT REASON".
Words failure_words(const Error& error);
// False, and `into` as it was: the line is no failure.
bool read_failure(const Words& words, Error& into);

} // namespace mpapi::disks
