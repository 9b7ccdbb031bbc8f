// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programs that a test starts. They end with it, also when it is killed.
#pragma once

#include "common/result.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace mpapi::rpc::test {

using Command = std::vector<std::string>;

// `output`: where its standard output and error go; `input`: what it reads, -1 for ours.
pid_t spawn(const Command& command, int output, int input = -1);
// The exit status, or 128 and the signal.
int wait_for(pid_t child);
// To its end, silently; fails for a status other than 0. `input` is given to it to read.
Status run(const Command& command, const std::string& input = {});

} // namespace mpapi::rpc::test
