// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an administrator can set, with the values in force when nothing is set. Each key is
// documented in ipfailoverd.toml(5); the reader refuses what it does not know.
#pragma once

#include "common/result.hpp"
#include "failover/core/profile.hpp"
#include "failover/wire.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace mpapi::failover {

struct Config {
    std::string state_directory = "/run/ipfailover";
    bool keep_on_stop = true; // the addresses, when the daemon is told to end
    std::size_t addresses = 1024;
    Wish defaults;     // [defaults]: of what an Online does not say
    Wire::Rates rates; // [pace], for each interface
};

// `name` is the file's name for messages.
Result<Config> parse_config(std::string_view text, const std::string& name);
// The defaults where there is no such file.
Result<Config> load_config(const std::string& path);

} // namespace mpapi::failover
