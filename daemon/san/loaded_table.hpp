// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of a map where somebody loaded one or changed it by a message. All others have the one
// that follows from the description (map_texts.cpp), which costs no memory.
#pragma once

#include "common/dm/multipath_table.hpp"

#include <bitset>

namespace mpapi::san {

constexpr std::size_t most_priority_groups = 255;

struct LoadedTable {
    dm::MultipathTable table;                       // devices by number
    std::bitset<most_priority_groups + 1> bypassed; // by priority group, from 1: disable_group
};

} // namespace mpapi::san
