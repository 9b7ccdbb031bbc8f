// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/maps.hpp"

#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "daemon/san/kernel_names.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace mpapi::san {

namespace {

using model::AccessState;

std::span<Path> paths_of(Fabric& fabric, const Unit& unit) {
    return std::span(fabric.paths).subspan(unit.first_path, unit.path_count);
}

std::span<const Path> paths_of(const Fabric& fabric, const Unit& unit) {
    return std::span(fabric.paths).subspan(unit.first_path, unit.path_count);
}

// Which state multipathd would rather use. The preferred bit decides among optimized groups only:
// a preferred group in standby is no good choice.
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

// Whether a TEST UNIT READY gets anything but "this path leads nowhere".
bool reachable(const Fabric& fabric, const Path& path) {
    const GroupState* group = fabric.state_of(path);
    return fabric.has_disk(path) && !path.lost && !path.offline && fabric.units[path.unit].exists &&
           (!group ||
            (group->state != AccessState::Unavailable && group->state != AccessState::Offline));
}

// Whether a READ is carried out.
bool carries_io(const Fabric& fabric, const Path& path) {
    return reachable(fabric, path) && rank(fabric.state_of(path)) > 2;
}

bool usable(const Path& path) {
    return path.table_disk != none && !path.failed;
}

// The best group with a usable path; of equals the first. 0: none.
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

// As choose_pgpath() does: the group in use as long as it has a usable path, then the first.
std::uint32_t next_group(const Fabric& fabric, const Unit& unit, std::uint32_t current) {
    std::uint32_t first = 0;
    for (const Path& path : paths_of(fabric, unit)) {
        if (!usable(path)) continue;
        if (path.priority_group == current) return current;
        if (first == 0 || path.priority_group < first) first = path.priority_group;
    }
    return first;
}

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
    for (const Path& path : paths_of(fabric, unit)) {
        if (path.priority_group == 0) continue;
        if (path.table_disk == path.disk)
            left = left || path.disk != none;
        else if (path.disk != none)
            came = true;
        else
            went = true;
    }
    return came || (went && left);
}

void fail(Path& path) {
    path.failed = true;
    ++path.fail_count;
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

daemon::MapFacts map_facts(const Fabric& fabric, std::uint32_t index) {
    const Map& map = fabric.maps[index];
    const Unit& unit = fabric.units[map.unit];
    const MapDescription& options = *unit.map_options;
    daemon::MapFacts facts;
    facts.name = map.name;
    facts.uuid = map.uuid;
    facts.number = {fabric.description.machine.map_major, map.minor};
    facts.event_number = map.events;
    facts.size = unit.before ? unit.before->size : unit.identity.size;
    facts.suspended = map.suspended;
    facts.read_only = options.read_only;

    dm::MultipathTable table;
    dm::MultipathStatus status;
    table.features = dm::Words(options.features);
    status.features = dm::Words("0 0"); // queue_io, pg_init_count
    const dm::Words handler(options.hardware_handler);
    table.hardware_handler = handler[0];
    for (std::size_t i = 1; i < handler.size(); ++i)
        table.hardware_handler_args.append(handler[i]);
    const dm::Words selector_arguments(options.selector_arguments);
    const dm::Words path_arguments(options.path_arguments);
    const dm::Words path_status(options.selector == "service-time"   ? "0 1"
                                : options.selector == "queue-length" ? "0"
                                                                     : "");
    // A group all of whose paths have left the table is not in it either.
    std::array<std::uint8_t, 256> position{};
    for (const Path& path : paths_of(fabric, unit))
        if (path.table_disk != none) position[path.priority_group] = 1;
    std::uint8_t groups = 0;
    for (auto& entry : position)
        if (entry != 0) entry = ++groups;
    table.groups.resize(groups);
    status.groups.resize(groups);
    for (auto& group : table.groups) {
        group.selector = options.selector;
        group.selector_args = selector_arguments;
    }
    for (const Path& path : paths_of(fabric, unit)) {
        if (path.table_disk == none) continue;
        const auto number = disk_number(path.table_disk);
        const auto device = dm::to_string({number.major, number.minor});
        const auto group = position[path.priority_group] - 1u;
        table.groups[group].paths.push_back({device, path_arguments});
        status.groups[group].paths.push_back(
            {device, path.failed ? dm::PathState::Failed : dm::PathState::Active, path.fail_count,
             path_status});
    }
    const auto current = static_cast<std::uint32_t>(map.group < 256 ? position[map.group] : 0);
    table.initial_group = groups == 0 ? 0 : std::max<std::uint32_t>(current, 1);
    status.current_group = table.initial_group;
    if (current != 0) status.groups[current - 1u].state = dm::GroupState::Active;
    // Neither fails for what a description may say; an empty text is what a reader must survive.
    facts.table = map.table_text.empty() ? dm::build_table(table).value_or("") : map.table_text;
    facts.status =
        map.status_text.empty() ? dm::build_status(status).value_or("") : map.status_text;
    return facts;
}

} // namespace mpapi::san
