// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/view.hpp"

#include <utility>

namespace mpapi::cli {
namespace {

template <typename Port>
std::optional<Port> copy_of(const Port* port) {
    return port != nullptr ? std::optional<Port>(*port) : std::nullopt;
}

void add_paths(UnitView& view, Ports& ports, Report& report) {
    const auto oids = path_oids(view.unit.oid);
    if (!oids) return cannot_read_paths(view.unit, oids.status(), report);
    view.path_count = oids->size();
    view.paths.reserve(oids->size());
    for (const MP_OID& oid : *oids) {
        auto path = read_path(oid);
        if (!path) {
            cannot_read_paths(view.unit, path.status(), report);
            continue;
        }
        auto initiator = copy_of(ports.initiator(path->initiator_port_oid));
        auto target = copy_of(ports.target(path->target_port_oid));
        view.paths.push_back({*std::move(path), std::move(initiator), std::move(target)});
    }
}

void add_groups(UnitView& view, Ports& ports, Report& report) {
    const auto groups_failed = [&](MP_STATUS status) {
        report.failed("Unable to get associated target port groups .", status);
    };
    const auto ports_failed = [&](MP_STATUS status) {
        report.failed("Unable to get associated target ports.", status);
    };
    const auto oids = group_oids(view.unit.oid);
    if (!oids) return groups_failed(oids.status());
    for (const MP_OID& oid : *oids) {
        const auto group = read_group(oid);
        if (!group) {
            groups_failed(group.status());
            continue;
        }
        GroupView each{*group, {}};
        const auto port_oids = target_port_oids(oid);
        if (!port_oids)
            ports_failed(port_oids.status());
        else
            for (const MP_OID& port_oid : *port_oids)
                if (const TargetPort* port = ports.target(port_oid))
                    each.ports.push_back(*port);
                else
                    ports_failed(MP_STATUS_OBJECT_NOT_FOUND);
        view.groups.push_back(std::move(each));
    }
}

} // namespace

UnitView view_of(FoundUnit found, Ports& ports, Report& report) {
    UnitView view{found.plugin, std::move(found.unit), 0, {}, {}};
    add_paths(view, ports, report);
    add_groups(view, ports, report);
    return view;
}

void cannot_read_paths(const LogicalUnit& unit, MP_STATUS status, Report& report) {
    report.failed_named("Failed to get path info for logical-unit " + unit.device_file_name + ".",
                        status);
}

} // namespace mpapi::cli
