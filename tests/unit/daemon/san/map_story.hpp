// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Stories of maps. In two-arrays.toml mpatha is sda (A0, 8:0) and sdj (A1, 8:144) in its first
// group, sdf (B0, 8:80) and sdn (B1, 8:208) in its second.
#pragma once

#include "common/dm/multipath_status.hpp"
#include "tests/unit/daemon/san/recorder.hpp"

namespace mpapi::san {

inline constexpr auto as_described = "1: A 8:0+0 8:144+0 | E 8:80+0 8:208+0";

inline daemon::MapRef ref(const World& world, const std::string& map) {
    const auto& facts = world.recorder.map(map);
    return {facts.number, facts.name, facts.uuid};
}

// "1: A 8:0+0 8:144-1 | D 8:80+0": current group, states of groups, paths with their fail counts.
inline std::string status(const World& world, const std::string& map) {
    const auto parsed = dm::parse_multipath_status(world.recorder.map(map).status);
    assert_ok(parsed);
    std::string text = std::to_string(parsed->current_group) + ":";
    for (std::size_t i = 0; i < parsed->groups.size(); ++i) {
        const auto& group = parsed->groups[i];
        text += i == 0 ? " " : " | ";
        text += group.state == dm::GroupState::Active    ? "A"
                : group.state == dm::GroupState::Enabled ? "E"
                                                         : "D";
        for (const auto& path : group.paths)
            text += " " + path.device + (path.state == dm::PathState::Active ? "+" : "-") +
                    std::to_string(path.fail_count);
    }
    return text;
}

inline Fault map_fault(Verb verb, const std::string& map) {
    Fault made;
    made.verb = verb;
    made.map = map;
    return made;
}

} // namespace mpapi::san
