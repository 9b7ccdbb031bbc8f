// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a component of a path may be called, for a file that Windows is to find under that name too
// (Naming Files, Paths, and Namespaces). Stricter where a name would be something else than a file:
// a drive or a stream (":"), a device ("NUL", "COM1.txt"), "." and "..", and where it would be
// shown as something else. Pure.
#pragma once

#include <string_view>

namespace mpapi {

// What is wrong with it, nullptr when nothing is. Of well-formed UTF-8; its length is not looked
// at.
const char* flaw_of_windows_name(std::string_view component);

// Whether NTFS keeps its own data under that name in the root directory ("$MFT"), whatever its case
// ; Windows opens none of these. What is in "$Extend" is below it.
bool is_ntfs_metadata(std::string_view component);

} // namespace mpapi
