// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an administrator can set, with the values in force when nothing is set. Each key is
// documented in ipfailoverd.toml(5); the reader refuses what it does not know.
#pragma once

#include "common/settings/document.hpp"
#include "failover/core/profile.hpp"
#include "failover/wire.hpp"

#include <cstddef>
#include <string>

namespace mpapi::failover {

struct Config {
    std::string state_directory = "/run/ipfailover";
    bool keep_on_stop = true; // the addresses, when the daemon is told to end
    std::size_t addresses = 1024;
    Wish defaults;     // [defaults]: of what an Online does not say
    Wire::Rates rates; // [pace], for each interface
};

void read_keys(settings::Section root, Config& config);

} // namespace mpapi::failover
