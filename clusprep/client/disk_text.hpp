// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers of DISK_PROPS (MS-CSVP 2.2.5) and of identifiers of devices (SPC-3 7.6.3.1) as words.
#pragma once

#include "clusprep/client/report.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::client {

// Numbers that the specification does not know are given as numbers.
std::string bus_name(std::uint32_t bus_type);
std::vector<std::string> flag_names(std::uint32_t flags);
std::string association_name(std::uint8_t association);
std::string identifier_type_name(std::uint8_t type);
std::string code_set_name(std::uint8_t code_set);
// A text of a node; U+FFFD in place of what is no UTF-16.
std::string utf8_of(std::u16string_view text);

} // namespace mpapi::client
