// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file written, compared and deleted below one folder, the root of a mounted file system that a
// stranger may have made. Every name is resolved by openat2(2) below that folder, over no symbolic
// link, no magic link and into no other mount, so what is on the disk leads nowhere else. What is
// no regular file is not touched. Blocks; in a process of its own.
#pragma once

#include "common/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::disks {

// `path` as parse_file_path() gives it. Its folders must be there. The file is made where it is
// missing and holds `data` and nothing else afterwards, durably: file and folder are flushed before
// this succeeds.
Status write_file(int root, const std::vector<std::string>& path, std::string_view data);

// Whether the file holds `data` and nothing else. A file that is missing is an error (ENOENT).
Result<bool> file_holds(int root, const std::vector<std::string>& path, std::string_view data);

// Durably. ENOENT: there is none.
Status delete_file(int root, const std::vector<std::string>& path);

} // namespace mpapi::disks
