// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/group_choice.hpp"

#include <algorithm>
#include <tuple>

namespace mpapi::standalone {

using model::AccessState;

Rank rank(AccessState state, bool preferred) {
    switch (state) {
    case AccessState::ActiveOptimized:
        return preferred ? 0 : 1;
    case AccessState::Active:
        return 1;
    case AccessState::ActiveNonOptimized:
    case AccessState::LogicalBlockDependent:
        return 2;
    case AccessState::Unknown:
        return kUnknownRank;
    case AccessState::Standby:
        return 4;
    case AccessState::Transitioning:
        return 5;
    case AccessState::Unavailable:
        return 6;
    case AccessState::Offline:
        return 7;
    }
    return kUnknownRank;
}

const model::TargetPortGroup* port_group(const model::Unit& unit, const model::Path& path) {
    return path.group_known ? unit.group_numbered(path.target_port_group) : nullptr;
}

Rank rank(const model::Unit& unit, const model::Path& path) {
    const model::TargetPortGroup* group = port_group(unit, path);
    return group ? rank(group->access_state, group->preferred) : kUnknownRank;
}

bool usable(const model::Unit& unit, const model::Path& path) {
    return path.priority_group != 0 && path.dm_active && !path.disabled &&
           path.state == model::PathState::Okay && path.identity != model::Identity::Changed &&
           carries_io(rank(unit, path));
}

std::optional<std::uint32_t> best_group(const model::Unit& unit, const Preferences& preferences) {
    // Smaller is better.
    using Merit = std::tuple<bool, Rank, std::uint32_t, std::uint32_t>;
    std::optional<Merit> best;
    for (const model::Path& path : unit.paths) {
        if (!usable(unit, path)) continue;
        const auto weighed = preferences.weights.find(path.id);
        const std::uint32_t weight = weighed == preferences.weights.end() ? 1 : weighed->second;
        const Merit merit{path.id != preferences.override_path, rank(unit, path),
                          UINT32_MAX - weight, path.priority_group};
        best = best ? std::min(*best, merit) : merit;
    }
    if (!best) return std::nullopt;
    return std::get<3>(*best);
}

} // namespace mpapi::standalone
