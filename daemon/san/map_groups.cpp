// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/map_groups.hpp"

#include <algorithm>

namespace mpapi::san {

using model::AccessState;

std::span<Path> paths_of(Fabric& fabric, const Unit& unit) {
    return std::span(fabric.paths).subspan(unit.first_path, unit.path_count);
}

std::span<const Path> paths_of(const Fabric& fabric, const Unit& unit) {
    return std::span(fabric.paths).subspan(unit.first_path, unit.path_count);
}

// The preferred bit decides among optimized groups only: a preferred group in standby is no good
// choice.
int rank(const GroupState* group) {
    if (!group) return 10;
    switch (group->state) {
    case AccessState::ActiveOptimized:
        return group->preferred ? 11 : 10;
    case AccessState::ActiveNonOptimized:
        return 5;
    case AccessState::LogicalBlockDependent:
        return 4;
    case AccessState::Standby:
        return 2;
    case AccessState::Transitioning:
        return 1;
    default:
        return 0;
    }
}

bool reachable(const Fabric& fabric, const Path& path) {
    const GroupState* group = fabric.state_of(path);
    return fabric.has_disk(path) && !path.lost && !path.offline && fabric.units[path.unit].exists &&
           (!group ||
            (group->state != AccessState::Unavailable && group->state != AccessState::Offline));
}

bool carries_io(const Fabric& fabric, const Path& path) {
    return reachable(fabric, path) && rank(fabric.state_of(path)) > 2;
}

bool usable(const Path& path) {
    return path.table_disk != none && !path.failed;
}

std::uint32_t best_group(const Fabric& fabric, const Unit& unit) {
    std::uint32_t best = 0;
    int best_rank = -1;
    for (const Path& path : paths_of(fabric, unit)) {
        if (!usable(path) || path.priority_group == 0) continue;
        const int found = rank(fabric.state_of(path));
        if (found > best_rank || (found == best_rank && path.priority_group < best)) {
            best = path.priority_group;
            best_rank = found;
        }
    }
    return best;
}

std::uint32_t next_group(const Fabric& fabric, const Unit& unit, std::uint32_t wanted) {
    const LoadedTable* const loaded = fabric.maps[unit.map].loaded.get();
    std::uint32_t first = 0;
    std::uint32_t first_bypassed = 0;
    for (const Path& path : paths_of(fabric, unit)) {
        if (!usable(path)) continue;
        const std::uint32_t group = path.priority_group;
        if (group == wanted) return wanted;
        auto& candidate = loaded && loaded->bypassed.test(group) ? first_bypassed : first;
        if (candidate == 0 || group < candidate) candidate = group;
    }
    return first != 0 ? first : first_bypassed;
}

std::vector<std::uint8_t> groups_in_table(const Fabric& fabric, const Map& map) {
    std::vector<std::uint8_t> groups;
    if (map.loaded) {
        for (std::size_t g = 1; g <= map.loaded->table.groups.size(); ++g)
            groups.push_back(static_cast<std::uint8_t>(g));
        return groups;
    }
    for (const Path& path : paths_of(fabric, fabric.units[map.unit]))
        if (path.table_disk != none &&
            std::find(groups.begin(), groups.end(), path.priority_group) == groups.end())
            groups.push_back(path.priority_group);
    std::sort(groups.begin(), groups.end());
    return groups;
}

void fail(Path& path) {
    path.failed = true;
    ++path.fail_count;
}

} // namespace mpapi::san
