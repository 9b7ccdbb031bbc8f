// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/maps.hpp"

#include "daemon/san/map_groups.hpp"

#include <algorithm>

namespace mpapi::san {

namespace {

// Whose group a path belongs to by the unit's grouping; told apart by any number.
std::uint32_t group_key(const Fabric& fabric, const Unit& unit, const Path& path,
                        std::uint32_t ordinal) {
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
            groups.push_back({key, rank(fabric.state_of(paths[i]))});
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

// Loads a table of all paths that have a disk now. The kernel starts counting anew.
void load_table(Fabric& fabric, Unit& unit) {
    for (Path& path : paths_of(fabric, unit)) {
        path.table_disk = path.priority_group != 0 ? path.disk : none;
        path.failed = path.table_disk != none && !reachable(fabric, path);
        path.fail_count = path.failed ? 1 : 0;
    }
}

// Whether multipathd would load another table: a disk came, or one of several went. The last one
// stays in the table, so that the map goes on to exist.
bool table_is_old(const Fabric& fabric, const Unit& unit) {
    bool came = false;
    bool went = false;
    bool left = false;
    const bool loaded = fabric.maps[unit.map].loaded != nullptr;
    for (const Path& path : paths_of(fabric, unit)) {
        if (loaded ? !fabric.initiators[path.initiator].host : path.priority_group == 0) continue;
        if (path.table_disk == path.disk)
            left = left || path.disk != none;
        else if (path.disk != none)
            came = true;
        else
            went = true;
    }
    return came || (went && left);
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
        map.group = best_group(fabric, unit);
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

void review_map(Fabric& fabric, std::uint32_t index) {
    Unit& unit = fabric.units[index];
    if (unit.map == none || fabric.maps[unit.map].minor == none) return;
    Map& map = fabric.maps[unit.map];
    if (!fabric.description.machine.multipathd) return;
    bool told = false;
    std::uint32_t events = 0;
    {
        const auto lock = fabric.stripes.one(index);
        if (table_is_old(fabric, unit)) {
            if (map.loaded) {
                map.loaded.reset();
                assign_groups(fabric, unit);
            }
            load_table(fabric, unit);
            told = true;
        }
        for (Path& path : paths_of(fabric, unit)) {
            if (path.table_disk == none) continue;
            const bool reached = reachable(fabric, path);
            if (reached == !path.failed) continue;
            if (reached)
                path.failed = false;
            else
                fail(path);
            ++events;
        }
        const auto best = best_group(fabric, unit);
        const auto group = fabric.description.machine.failback || best == 0
                               ? best
                               : next_group(fabric, unit, map.group);
        if (group != map.group) {
            map.group = group;
            ++events;
        }
    }
    map.events += events;
    if (told || events != 0) tell_map(fabric, unit.map, false);
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
