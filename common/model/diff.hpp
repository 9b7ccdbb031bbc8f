// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What happened between two snapshots. The signals on the bus, the callbacks of MPAPI, the journal
// and the counters all come from this one list.
#pragma once

#include "common/model/snapshot.hpp"

#include <variant>
#include <vector>

namespace mpapi::model {

// One object that appeared (before is null), vanished (after is null) or has other values. The
// pointers lead into the two snapshots and live as long as both.
template <typename T>
struct Difference {
    const T* before = nullptr;
    const T* after = nullptr;

    const T& either() const { return after ? *after : *before; }
};

// For what belongs to a logical unit, also the unit it belongs or belonged to.
template <typename T>
struct PartDifference : Difference<T> {
    const Unit* unit_before = nullptr;
    const Unit* unit_after = nullptr;

    const Unit& unit() const { return unit_after ? *unit_after : *unit_before; }
};

using Event = std::variant<Difference<Manager>, Difference<Plugin>, Difference<InitiatorPort>,
                           Difference<TargetPort>, Difference<DeviceProduct>,
                           Difference<LoadBalance>, Difference<Disk>, PartDifference<LogicalUnit>,
                           PartDifference<Path>, PartDifference<TargetPortGroup>>;

// The order is one in which a reader can follow: what others refer to appears first and vanishes
// last; a unit appears before its groups and paths and vanishes after them.
std::vector<Event> diff(const Snapshot& before, const Snapshot& after);

// The same in its three parts, for who tells a large difference little by little: what comes before
// the units, one unit (either may be null, not both), and what comes after them.
std::vector<Event> diff_before_units(const Snapshot& before, const Snapshot& after);
std::vector<Event> diff_unit(const Unit* before, const Unit* after);
std::vector<Event> diff_after_units(const Snapshot& before, const Snapshot& after);

} // namespace mpapi::model
