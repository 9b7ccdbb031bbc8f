// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/maps.hpp"

#include "daemon/san/map_groups.hpp"

#include <algorithm>

namespace mpapi::san {

namespace {

// Which of the unit's paths it is; none: there is no such path.
std::uint32_t override_of(const Fabric& fabric, const Unit& unit) {
    const auto path = fabric.upkeep_of(fabric.maps[unit.map]).override_path;
    return path == none ? none : path - unit.first_path;
}

// Whose group a path belongs to by the unit's grouping; told apart by any number. The path that
// carries everything has one of its own.
std::uint32_t group_key(const Fabric& fabric, const Unit& unit, const Path& path,
                        std::uint32_t ordinal) {
    if (ordinal == override_of(fabric, unit)) return UINT32_MAX;
    switch (unit.map_options->grouping) {
    case Grouping::Single:
        return 0;
    case Grouping::Each:
        return ordinal;
    case Grouping::ByGroup:
        return fabric.arrays[unit.array].ports[path.port].group;
    }
    return 0;
}

void assign_groups(Fabric& fabric, Unit& unit) {
    constexpr int best_rank = 100;
    struct Group {
        std::uint32_t key;
        int rank;
    };
    std::vector<Group> groups;
    const auto paths = paths_of(fabric, unit);
    for (std::uint32_t i = 0; i < paths.size(); ++i) {
        if (!fabric.initiators[paths[i].initiator].host) continue;
        const auto key = group_key(fabric, unit, paths[i], i);
        if (std::none_of(groups.begin(), groups.end(),
                         [key](const Group& group) { return group.key == key; }))
            groups.push_back(
                {key, key == UINT32_MAX ? best_rank : rank(fabric.state_of(paths[i]))});
    }
    std::stable_sort(groups.begin(), groups.end(),
                     [](const Group& a, const Group& b) { return a.rank > b.rank; });
    for (std::uint32_t i = 0; i < paths.size(); ++i) {
        const auto key = group_key(fabric, unit, paths[i], i);
        paths[i].priority_group = 0;
        for (std::size_t g = 0; g < groups.size() && g < 255; ++g)
            if (groups[g].key == key && fabric.initiators[paths[i].initiator].host)
                paths[i].priority_group = static_cast<std::uint8_t>(g + 1);
    }
}

// Loads a table of all paths that have a disk now and are not disabled. The kernel starts counting
// anew.
void load_table(Fabric& fabric, Unit& unit) {
    for (Path& path : paths_of(fabric, unit)) {
        path.table_disk = path.priority_group != 0 && !path.disabled ? path.disk : none;
        path.failed = path.table_disk != none && !reachable(fabric, path);
        path.fail_count = path.failed ? 1 : 0;
    }
}

// Whether multipathd would load another table: a disk came, or one of several went. The last one
// stays in the table, so that the map goes on to exist; one that is disabled never does.
bool table_is_old(const Fabric& fabric, const Unit& unit) {
    bool came = false;
    bool went = false;
    bool left = false;
    const bool loaded = fabric.maps[unit.map].loaded != nullptr;
    for (const Path& path : paths_of(fabric, unit)) {
        if (loaded ? !fabric.initiators[path.initiator].host : path.priority_group == 0) continue;
        if (path.disabled) {
            if (path.table_disk != none) return true;
        } else if (path.table_disk == path.disk)
            left = left || path.disk != none;
        else if (path.disk != none)
            came = true;
        else
            went = true;
    }
    return came || (went && left);
}

// Loads multipathd's table; `regroup`: what it makes groups by may have changed. The group in use
// stays the same, whatever its number is then (stripe).
void load_own_table(Fabric& fabric, Unit& unit, bool regroup) {
    Map& map = fabric.maps[unit.map];
    if (regroup || map.loaded) {
        const auto paths = paths_of(fabric, unit);
        const auto in_use = std::find_if(paths.begin(), paths.end(), [&map](const Path& path) {
            return path.table_disk != none && path.priority_group == map.group;
        });
        map.loaded.reset();
        assign_groups(fabric, unit);
        map.group = in_use == paths.end() ? 0 : in_use->priority_group;
    }
    load_table(fabric, unit);
}

// The group that multipathd wants in use. A failback that is put off is made when it is due
// (stripe).
std::uint32_t wanted_group(Fabric& fabric, const Unit& unit, bool due) {
    Map& map = fabric.maps[unit.map];
    const Upkeep& upkeep = fabric.upkeep_of(map);
    if (due) map.failback_waits = false;
    if (upkeep.override_path != none && usable(fabric.paths[upkeep.override_path]))
        return fabric.paths[upkeep.override_path].priority_group;
    const auto best = best_group(fabric, unit);
    const auto stays = next_group(fabric, unit, map.group);
    if (best == 0 || !upkeep.failback) return best == 0 ? 0 : stays;
    // A group that cannot be used any more is left at once.
    const bool put_off = upkeep.failback_delay.count() != 0 && stays == map.group && best != stays;
    if (!put_off || due) return best;
    map.failback_waits = true;
    return stays;
}

std::uint32_t free_minor(Fabric& fabric) {
    auto& minors = fabric.minors;
    auto& hint = fabric.first_minor;
    while (hint < minors.size() && minors[hint] != none)
        ++hint;
    if (hint == minors.size()) minors.push_back(none);
    return static_cast<std::uint32_t>(hint);
}

} // namespace

void tell_map(Fabric& fabric, std::uint32_t index, bool event) {
    Map& map = fabric.maps[index];
    if (map.minor == none) return;
    if (event) ++map.events;
    if (map.news) return;
    map.news = true;
    fabric.news.post({Notice::Kind::MapPresent, index});
}

void make_map(Fabric& fabric, std::uint32_t index, const std::string& name) {
    Unit& unit = fabric.units[index];
    if (unit.map == none) {
        if (name.empty()) return;
        unit.map = static_cast<std::uint32_t>(fabric.maps.size());
        Map map;
        map.name = name;
        map.uuid = "mpath-" + wwid(unit.identity.designator);
        map.unit = index;
        fabric.maps.push_back(std::move(map));
    }
    Map& map = fabric.maps[unit.map];
    if (map.minor != none) return;
    if (!name.empty()) map.name = name;
    map.minor = free_minor(fabric);
    fabric.minors[map.minor] = unit.map;
    map.events = 0;
    map.suspended = false;
    map.held = false;
    map.loaded.reset();
    {
        const auto lock = fabric.stripes.one(index);
        assign_groups(fabric, unit);
        load_table(fabric, unit);
        map.group = 0;
        map.group = wanted_group(fabric, unit, true);
    }
    tell_map(fabric, unit.map, false);
    for (std::uint32_t i = 0; i < unit.path_count; ++i)
        if (fabric.has_disk(fabric.paths[unit.first_path + i]))
            tell_disk(fabric, unit.first_path + i);
}

void remove_map(Fabric& fabric, std::uint32_t index) {
    Map& map = fabric.maps[index];
    if (map.minor == none) return;
    fabric.news.post({Notice::Kind::MapGone, map.minor});
    fabric.minors[map.minor] = none;
    fabric.first_minor = std::min<std::size_t>(fabric.first_minor, map.minor);
    map.minor = none;
    map.news = false;
    const Unit& unit = fabric.units[map.unit];
    for (std::uint32_t i = 0; i < unit.path_count; ++i) {
        Path& path = fabric.paths[unit.first_path + i];
        path.table_disk = none;
        path.failed = false;
        path.fail_count = 0;
        if (fabric.has_disk(path)) tell_disk(fabric, unit.first_path + i);
    }
}

namespace {

struct Occasion {
    bool told_otherwise = false; // multipathd was: its table is another
    bool failback_due = false;
};

void review(Fabric& fabric, std::uint32_t index, Occasion occasion) {
    Unit& unit = fabric.units[index];
    if (unit.map == none || fabric.maps[unit.map].minor == none) return;
    Map& map = fabric.maps[unit.map];
    if (!fabric.description.machine.multipathd) return;
    const Upkeep& upkeep = fabric.upkeep_of(map);
    const bool waited = map.failback_waits;
    bool told = false;
    std::uint32_t events = 0;
    {
        const auto lock = fabric.stripes.one(index);
        if (occasion.told_otherwise || table_is_old(fabric, unit)) {
            load_own_table(fabric, unit, occasion.told_otherwise);
            told = true;
        }
        for (Path& path : paths_of(fabric, unit)) {
            if (path.table_disk == none) continue;
            const bool reached = reachable(fabric, path);
            if (reached == !path.failed || (reached && !upkeep.probing)) continue;
            if (reached)
                path.failed = false;
            else
                fail(path);
            ++events;
        }
        const auto group = wanted_group(fabric, unit, occasion.failback_due);
        if (group != map.group) {
            map.group = group;
            ++events;
        }
    }
    map.events += events;
    if (told || events != 0) tell_map(fabric, unit.map, false);
    if (!map.failback_waits || waited) return;
    const auto timer = ++map.failback_timer;
    fabric.later(upkeep.failback_delay, [&fabric, index, timer] {
        const Map& then = fabric.maps[fabric.units[index].map];
        if (then.failback_waits && then.failback_timer == timer)
            review(fabric, index, Occasion{false, true});
    });
}

} // namespace

void review_map(Fabric& fabric, std::uint32_t unit) {
    review(fabric, unit, {});
}

void reload_map(Fabric& fabric, std::uint32_t unit) {
    review(fabric, unit, Occasion{true, false});
}

void send_map_io(Fabric& fabric, std::uint32_t index) {
    Map& map = fabric.maps[index];
    if (map.minor == none || map.suspended) return;
    Unit& unit = fabric.units[map.unit];
    std::uint32_t events = 0;
    {
        const auto lock = fabric.stripes.one(map.unit);
        for (;;) {
            const auto group = next_group(fabric, unit, map.group);
            if (group != map.group) {
                map.group = group;
                ++events;
            }
            if (group == 0) break;
            bool carried = false;
            for (Path& path : paths_of(fabric, unit)) {
                if (path.priority_group != group || !usable(path)) continue;
                if (carries_io(fabric, path)) {
                    carried = true;
                } else {
                    fail(path);
                    ++events;
                }
            }
            if (carried) break;
        }
    }
    map.events += events;
    if (events != 0) tell_map(fabric, index, false);
}

} // namespace mpapi::san
