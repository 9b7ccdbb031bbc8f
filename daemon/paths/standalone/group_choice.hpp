// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which of a map's priority groups is the one to use. Pure functions.
#pragma once

#include "common/model/unit_table.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace mpapi::standalone {

// Of access states, best first: an optimized group that the array prefers, an optimized one or one
// of a symmetric unit, one that carries I/O at a price, one of which nothing is known, and those
// that carry none. PREF counts among optimized groups only: going to a preferred group that is not
// optimized would make the array move the unit for us.
using Rank = std::uint8_t;
inline constexpr Rank kUnknownRank = 3;

Rank rank(model::AccessState state, bool preferred);
// As far as the access state tells: an unknown one may carry I/O.
constexpr bool carries_io(Rank rank) {
    return rank <= kUnknownRank;
}

// The target port group of a path; null where it is not known.
const model::TargetPortGroup* port_group(const model::Unit& unit, const model::Path& path);
Rank rank(const model::Unit& unit, const model::Path& path);
// I/O would be sent through it and would be carried out.
bool usable(const model::Unit& unit, const model::Path& path);

// What is asked for of a unit's paths, by path id.
struct Preferences {
    model::Sequence override_path = 0;
    std::map<model::Sequence, std::uint32_t> weights; // those that are not 1
};

// The group with a usable path (dm priority group, 1-based) that is the best by, in this order:
// the override path, the access state, the weight, the place in the table. Nothing where no path is
// usable.
std::optional<std::uint32_t> best_group(const model::Unit& unit, const Preferences& preferences);

} // namespace mpapi::standalone
