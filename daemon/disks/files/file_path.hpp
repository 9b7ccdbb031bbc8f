// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names of files on a partition, as callers of MS-CSVP 3.2.4.9 to 3.2.4.11 write them:
// "\folder\file.txt", from the root of the partition on. The rules are those of Win32 file
// names (Naming Files, Paths, and Namespaces), for the disk may be read by Windows next, and
// stricter where a name means something else than a file: no drive or stream (':'), no device
// ("NUL", "COM1.txt"), no share ("\\host\share"), no "\\?\", no "." and "..", no wildcard, and in
// the root none of NTFS' own ("$MFT").
// Pure.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::disks {

inline constexpr std::size_t kLongestFilePath = 1024; // bytes of UTF-8
inline constexpr std::size_t kLongestFileName = 255;  // bytes, of one component
inline constexpr std::size_t kDeepestFile = 32;       // components

// Its components, at least one, each a name that may be given to openat() as it is. '\' and '/'
// separate; one at the beginning is allowed. EINVAL, and why.
Result<std::vector<std::string>> parse_file_path(std::string_view path);

// Whether these are components that it could give.
Status check_file_path(const std::vector<std::string>& components);

} // namespace mpapi::disks
