// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What istd was called with, see istd(8). The one file that knows CLI11, which takes its time to
// compile.
#pragma once

#include "common/settings/configuration.hpp"
#include "discovery/client/discover.hpp"

#include <optional>
#include <variant>

namespace mpapi::discovery {

struct CommandLine {
    settings::File config{"/etc/mpapi/istd.toml"};
    bool check = false;
    std::optional<DiscoverOptions> discover; // the command; else it is the daemon
};

// Or the exit status, where help or the version was asked for and printed, or a mistake was told.
std::variant<CommandLine, int> read_command_line(int argc, char** argv);

} // namespace mpapi::discovery
