// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a change at the array reaches the host: by the unit attentions that its kind of array leaves,
// which an idle host meets with its next command and a busy one has met already.
#pragma once

#include "daemon/san/fabric.hpp"

namespace mpapi::san {

// For the path, or for all of the unit's (the unit's stripe, or all, held; loop).
void attend(Fabric& fabric, const Unit& unit, std::uint32_t path, Condition condition);
void attend(Fabric& fabric, const Unit& unit, Condition condition);

// After a command (SET TARGET PORT GROUPS) changed the states of the unit's groups: the unit
// attentions that the other nexuses of an array get whose hosts are busy. Loop.
void access_changed_by_command(Fabric& fabric, std::uint32_t unit);

} // namespace mpapi::san
