// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What device-mapper says of a map: its table and its status.
#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "daemon/san/kernel_names.hpp"
#include "daemon/san/map_groups.hpp"
#include "daemon/san/maps.hpp"

#include <algorithm>
#include <array>

namespace mpapi::san {

namespace {

using Positions = std::array<std::uint8_t, most_priority_groups + 1>;

// Where in the table a priority group stands, from 1; 0: not there.
Positions positions(const Fabric& fabric, const Map& map) {
    Positions found{};
    std::uint8_t position = 0;
    for (const auto group : groups_in_table(fabric, map))
        found[group] = ++position;
    return found;
}

std::string device_of(const Path& path) {
    const auto number = disk_number(path.table_disk);
    return dm::to_string({number.major, number.minor});
}

// What the selector says of an idle path.
dm::Words idle_status(std::string_view selector) {
    return dm::Words(selector == "service-time" ? "0 1" : selector == "queue-length" ? "0" : "");
}

struct Selector {
    std::string name;
    dm::Words arguments;
    dm::Words path_arguments;
};

Selector selector_of(const Fabric& fabric, const Map& map) {
    const MapDescription& described = *fabric.units[map.unit].map_options;
    const dm::Words words(fabric.upkeep_of(map).selector);
    if (words.empty())
        return {described.selector, dm::Words(described.selector_arguments),
                dm::Words(described.path_arguments)};
    Selector selector{std::string(words[0]), {}, {}};
    for (std::size_t i = 2; i < words.size(); ++i) // behind their number
        selector.arguments.append(words[i]);
    if (selector.name == described.selector)
        selector.path_arguments = dm::Words(described.path_arguments);
    else if (selector.name == "service-time" || selector.name == "round-robin")
        selector.path_arguments = dm::Words("1");
    return selector;
}

dm::MultipathTable table_of(const Fabric& fabric, const Map& map, const Positions& position) {
    if (map.loaded) return map.loaded->table;
    const Unit& unit = fabric.units[map.unit];
    const MapDescription& options = *unit.map_options;
    dm::MultipathTable table;
    table.features = dm::Words(options.features);
    const dm::Words handler(options.hardware_handler);
    table.hardware_handler = handler[0];
    for (std::size_t i = 1; i < handler.size(); ++i)
        table.hardware_handler_args.append(handler[i]);
    table.groups.resize(*std::max_element(position.begin(), position.end()));
    const auto selector = selector_of(fabric, map);
    for (auto& group : table.groups) {
        group.selector = selector.name;
        group.selector_args = selector.arguments;
    }
    for (const Path& path : paths_of(fabric, unit))
        if (path.table_disk != none)
            table.groups[position[path.priority_group] - 1u].paths.push_back(
                {device_of(path), selector.path_arguments});
    return table;
}

dm::MultipathStatus status_of(const Fabric& fabric, const Map& map, const Positions& position,
                              const dm::MultipathTable& table) {
    dm::MultipathStatus status;
    status.features = dm::Words("0 0"); // queue_io, pg_init_count
    for (const auto& group : table.groups) {
        auto& made = status.groups.emplace_back();
        const auto idle = idle_status(group.selector);
        for (const auto& path : group.paths)
            made.paths.push_back({path.device, dm::PathState::Active, 0, idle});
    }
    for (const Path& path : paths_of(fabric, fabric.units[map.unit])) {
        if (path.table_disk == none) continue;
        auto& paths = status.groups[position[path.priority_group] - 1u].paths;
        const auto device = device_of(path);
        const auto found = std::find_if(paths.begin(), paths.end(),
                                        [&](const auto& one) { return one.device == device; });
        found->state = path.failed ? dm::PathState::Failed : dm::PathState::Active;
        found->fail_count = path.fail_count;
    }
    if (map.loaded)
        for (std::size_t g = 0; g < status.groups.size(); ++g)
            if (map.loaded->bypassed.test(g + 1)) status.groups[g].state = dm::GroupState::Disabled;
    return status;
}

} // namespace

dm::MultipathTable map_table(const Fabric& fabric, std::uint32_t index) {
    const Map& map = fabric.maps[index];
    return table_of(fabric, map, positions(fabric, map));
}

daemon::MapFacts map_facts(const Fabric& fabric, std::uint32_t index) {
    const Map& map = fabric.maps[index];
    const Unit& unit = fabric.units[map.unit];
    daemon::MapFacts facts;
    facts.name = map.name;
    facts.uuid = map.uuid;
    facts.number = {fabric.description.machine.map_major, map.minor};
    facts.event_number = map.events;
    facts.size = unit.before ? unit.before->size : unit.identity.size;
    facts.suspended = map.suspended;
    facts.read_only = unit.map_options->read_only;

    const auto position = positions(fabric, map);
    auto table = table_of(fabric, map, position);
    auto status = status_of(fabric, map, position, table);
    const std::uint32_t current = map.group < position.size() ? position[map.group] : 0;
    table.initial_group = table.groups.empty() ? 0 : std::max<std::uint32_t>(current, 1);
    status.current_group = table.initial_group;
    if (current != 0 && status.groups[current - 1u].state == dm::GroupState::Enabled)
        status.groups[current - 1u].state = dm::GroupState::Active;
    // Neither fails for what a description may say; an empty text is what a reader must survive.
    facts.table = map.table_text.empty() ? dm::build_table(table).value_or("") : map.table_text;
    facts.status =
        map.status_text.empty() ? dm::build_status(status).value_or("") : map.status_text;
    return facts;
}

} // namespace mpapi::san
