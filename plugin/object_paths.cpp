// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/object_paths.hpp"

#include "common/bus/object_label.hpp"
#include "common/model/identity.hpp"

namespace mpapi::plugin {

namespace {

std::string under_root(std::string_view folder, std::string_view name) {
    std::string path(bus::kRoot);
    path.append("/").append(folder).append("/");
    bus::append_escaped(path, name);
    return path;
}

// Two paths of one nexus are told apart by the younger one's number.
std::string name_of(const flat::Reader& snapshot, const flat::PathView& view) {
    const flat::Path& path = *view.path;
    const flat::SectionView common = snapshot.common();
    const auto* initiator = flat::find(common.initiator_ports(), path.initiator_port);
    const auto* target = flat::find(common.target_ports(), path.target_port);
    std::string name =
        model::nexus_key(initiator ? common.text(initiator->port_id) : std::string_view(),
                         target ? common.text(target->port_id) : std::string_view(), path.lun);
    for (const flat::Path& other : view.of.section.paths_of(*view.of.unit)) {
        if (other.id >= path.id) break;
        if (other.initiator_port == path.initiator_port && other.target_port == path.target_port &&
            other.lun == path.lun)
            return name + ',' + std::to_string(path.id);
    }
    return name;
}

} // namespace

std::string plugin_path(const flat::Reader& snapshot) {
    const flat::SectionView common = snapshot.common();
    const auto plugins = common.plugins();
    if (plugins.empty()) return {};
    return std::string(bus::kRoot) + "/plugin/" +
           bus::plugin_label(common.text(plugins.front().name));
}

std::string object_path(const flat::UnitView& unit) {
    return under_root("lu", unit.section.text(unit.unit->key));
}

std::string object_path(const flat::GroupView& group) {
    return object_path(group.of) + "/tpg/" + std::to_string(group.group->number);
}

std::string object_path(const flat::Reader& snapshot, const flat::PathView& path) {
    std::string where = object_path(path.of) + "/path/";
    bus::append_escaped(where, name_of(snapshot, path));
    return where;
}

std::string load_balance_path(const flat::Reader& snapshot, const flat::LoadBalance& algorithm) {
    return under_root("load_balance", snapshot.common().text(algorithm.selector));
}

} // namespace mpapi::plugin
