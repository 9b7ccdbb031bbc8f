// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <string>

namespace mpapi::service {

// What a program behind a socket is asked (frame.hpp): everything until the end of file.
Result<std::string> read_question(int fd, std::size_t most);

} // namespace mpapi::service
