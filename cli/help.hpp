// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Usage and help, made from the tables of the grammar.
#pragma once

#include "cli/grammar.hpp"

#include <string>

namespace mpapi::cli {

std::string version_text();
// What follows a mistake: a line for each subcommand, or those of one.
std::string usage_text(const Topic& topic);
// What --help says: the same, and its objects, options and operands.
std::string help_text(const Topic& topic);
// The last line of either, also of the version.
std::string more_information();

} // namespace mpapi::cli
