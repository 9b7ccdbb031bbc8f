// SPDX-License-Identifier: LGPL-2.1-or-later
//
// FileName of CprepDiskWriteFileData, VerifyFileData and DeleteFile (MS-CSVP 3.2.4.9 to 11): a path
// below the root of the partition, in the way of Windows.
//
// Separators are "\" and "/"; one may stand at the front. Refused is what Windows would take for
// something else than a file below that root, and what would mean something else on Linux than
// there: drives and streams (":"), devices ("CON", "COM1.txt", "\\.\x"), ".." and ".", characters
// that no name may hold, names that end in a dot or a blank, and NTFS' own files in the root
// ("$MFT"). Pure, total functions.
#pragma once

#include "common/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::csvp {

// The components as UTF-8, at least one, at most 32 of at most 255 bytes each.
Result<std::vector<std::string>> file_path(std::u16string_view name);

} // namespace mpapi::csvp
