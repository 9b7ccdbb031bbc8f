// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mpathadm does: one function for each form of the command line. Results go to stdout, what
// goes wrong to the report, which knows whether the command has failed.
#pragma once

#include "cli/grammar.hpp"
#include "cli/report.hpp"

#include <string_view>

namespace mpapi::cli {

void list_plugins(const Command& command, Report& report);
void list_units(const Command& command, Report& report);
void list_initiator_ports(const Command& command, Report& report);

void show_plugins(const Command& command, Report& report);
void show_units(const Command& command, Report& report);
void show_initiator_ports(const Command& command, Report& report);

void modify_plugins(const Command& command, Report& report);
void modify_units(const Command& command, Report& report);

void enable_path(const Command& command, Report& report);
void disable_path(const Command& command, Report& report);
void override_path(const Command& command, Report& report);

void fail_over(const Command& command, Report& report);

void status(const Command& command, Report& report);
void watch(const Command& command, Report& report);

void write_out(std::string_view text); // to stdout, which is flushed at the end

} // namespace mpapi::cli
