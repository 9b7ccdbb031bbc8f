// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command "istd discover": asks the daemon on the bus to search, and prints who answered.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace mpapi::discovery {

class DiscoverCommand {
  public:
    // Adds itself to the program's commands.
    explicit DiscoverCommand(CLI::App& app);

    bool asked() const { return command_->parsed(); }
    // To the standard output and error; the program's exit status.
    int run() const;

  private:
    CLI::App* command_;
    unsigned timeout_ = 3; // seconds
    std::string interface_;
    bool watch_ = false, json_ = false, targets_ = false;
};

} // namespace mpapi::discovery
