// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Objects as the reference command prints them. Scripts read this text: labels, order, blanks and
// empty lines stay as they are. Each function appends to `out`.
#pragma once

#include "cli/objects.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::cli {

inline constexpr std::string_view plugin_label = "mpath-support:  ";
inline constexpr std::string_view initiator_port_label = "Initiator Port:  ";

void list_unit(std::string& out, const LogicalUnit& unit, std::size_t paths,
               std::size_t operational_paths);

void show_plugin(std::string& out, const Plugin& plugin,
                 const std::vector<DeviceProduct>& products);
void show_initiator_port(std::string& out, const InitiatorPort& port);
void show_unit(std::string& out, const UnitView& view);

void add_line(std::string& out, std::string_view label, std::string_view value);

} // namespace mpapi::cli
