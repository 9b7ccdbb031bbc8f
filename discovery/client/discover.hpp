// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command "istd discover": asks the daemon on the bus to search, and prints who answered.
#pragma once

#include <chrono>
#include <string>

namespace mpapi::discovery {

struct DiscoverOptions {
    std::chrono::seconds timeout{3};
    std::string interface; // empty: all
    bool watch = false, json = false, targets = false;
};

// To the standard output and error; the program's exit status.
int discover(const DiscoverOptions& options);

} // namespace mpapi::discovery
