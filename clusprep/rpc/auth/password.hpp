// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A password from the one who sits there or from a descriptor; never from a command line, which
// every user of the machine can read.
#pragma once

#include "common/result.hpp"

#include <string>

namespace mpapi::rpc {

constexpr std::size_t kMostPassword = 1024; // bytes

// Asks on the controlling terminal, without echo. ^C and ^D end the question with an error, and the
// terminal is as it was before in any case.
Result<std::string> ask_password(const std::string& prompt);

// Up to the end or the first newline, which is not part of it.
Result<std::string> read_password(int fd);

} // namespace mpapi::rpc
