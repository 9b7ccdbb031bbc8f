// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the verbs of ipfailover share: what was wanted, and how they end.
#pragma once

#include "failover/client/service.hpp"

#include <string>
#include <vector>

namespace mpapi::failover::client {

struct Wanted {
    std::string address, interface = "auto", policy, source;
    std::vector<std::string> connections, traffic;
    std::vector<Option> options;
    bool no_reset = false, json = false;
};

// Whether standard output may have them (no-color.org).
bool colours();

// Says the failure on standard error; the exit status that it is.
int tell(const Failure& failure, const Wanted& wanted);

// Everything is said: the exit status, or exit_failed where standard output did not take it.
int end(Exit status = exit_done);

} // namespace mpapi::failover::client
