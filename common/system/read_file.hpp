// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A whole file, within bounds. What is no regular file is an error: a FIFO in its place is not
// waited for, and a wrong name (/dev/zero) does not eat the memory.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <string>

namespace mpapi {

// `most` bytes are read, a larger file is an error. A missing one is that of "open" with ENOENT.
Result<std::string> read_file(const std::string& path, std::size_t most);

// From the descriptor's place on. `object` names the file in the error.
Result<std::string> read_file(int fd, const std::string& object, std::size_t most);

} // namespace mpapi
