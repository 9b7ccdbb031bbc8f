// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which paths of a map can be used, and which of its priority groups is.
//
// The loop's thread only. What asks for the state of target port groups needs the unit's stripe.
#pragma once

#include "daemon/san/fabric.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::san {

std::span<Path> paths_of(Fabric& fabric, const Unit& unit);
std::span<const Path> paths_of(const Fabric& fabric, const Unit& unit);

// Which state multipathd would rather use; more is better.
int rank(const GroupState* group);

// Whether a TEST UNIT READY gets anything but "this path leads nowhere" (stripe).
bool reachable(const Fabric& fabric, const Path& path);
// Whether a READ is carried out (stripe).
bool carries_io(const Fabric& fabric, const Path& path);
// Whether device-mapper would use it.
bool usable(const Path& path);
void fail(Path& path);

// The best group with a usable path; of equals the first. 0: none (stripe).
std::uint32_t best_group(const Fabric& fabric, const Unit& unit);

// As choose_pgpath() does: the wanted group as long as it has a usable path, then the first that
// is not bypassed, then the first. 0: none.
std::uint32_t next_group(const Fabric& fabric, const Unit& unit, std::uint32_t wanted);

// The priority groups that are in the table, in its order. One without a path is in none that was
// computed.
std::vector<std::uint8_t> groups_in_table(const Fabric& fabric, const Map& map);

} // namespace mpapi::san
