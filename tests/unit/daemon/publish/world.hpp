// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A small model to tell stories with: some maps of two paths each.
#pragma once

#include "common/model/diff.hpp"

#include <functional>
#include <memory>

namespace mpapi::publish {

inline std::shared_ptr<model::Snapshot> world(model::Sequence units) {
    auto snapshot = std::make_shared<model::Snapshot>();
    snapshot->instance = 1;
    snapshot->generation = 1;
    snapshot->initiator_ports =
        std::make_shared<const std::vector<model::InitiatorPort>>(std::vector<model::InitiatorPort>{
            {1, "iqn.x,1", model::Transport::Iscsi, "/sys/class/iscsi_host/host1", ""}});
    snapshot->target_ports = std::make_shared<const std::vector<model::TargetPort>>(
        std::vector<model::TargetPort>{{1, "50060160", model::Transport::FibreChannel, 1},
                                       {2, "50060161", model::Transport::FibreChannel, 2}});
    for (model::Sequence id = 1; id <= units; ++id) {
        auto unit = std::make_shared<model::Unit>();
        unit->read_times = std::make_shared<model::ReadTimes>();
        unit->unit.id = id;
        unit->unit.key = "36001405" + std::to_string(id);
        unit->unit.name = "mpath" + std::to_string(id);
        unit->unit.unit_name = "6001405" + std::to_string(id);
        for (model::Sequence n = 1; n <= 2; ++n) {
            model::TargetPortGroup group;
            group.id = 2 * id + n;
            group.number = static_cast<std::uint16_t>(n);
            group.access_state = model::AccessState::ActiveOptimized;
            unit->groups.push_back(group);
            model::Path path;
            path.id = 2 * id + n;
            path.initiator_port = 1;
            path.target_port = n;
            path.device = "sd" + std::to_string(path.id);
            path.state = model::PathState::Okay;
            path.group_known = true;
            path.target_port_group = static_cast<std::uint16_t>(n);
            unit->paths.push_back(path);
        }
        snapshot->units.put(std::move(unit));
    }
    return snapshot;
}

// The next step: a copy in which each unit was changed.
inline std::shared_ptr<model::Snapshot> changed(const model::Snapshot& before,
                                                const std::function<void(model::Unit&)>& change) {
    auto after = std::make_shared<model::Snapshot>(before);
    ++after->generation;
    before.units.for_each([&](const model::Unit& old) {
        auto unit = std::make_shared<model::Unit>(old);
        change(*unit);
        after->units.put(std::move(unit));
    });
    return after;
}

} // namespace mpapi::publish
