// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/path_names.hpp"

namespace mpapi::standalone {

namespace {

template <typename Port>
std::string port_id(const model::Table<Port>& ports, model::Sequence id) {
    const Port* port = model::find(ports, id);
    return port ? port->port_id : std::string();
}

} // namespace

paths::PathName path_name(const model::Snapshot& snapshot, const model::LogicalUnit& unit,
                          const model::Path& path) {
    return {unit.unit_name, port_id(snapshot.initiator_ports, path.initiator_port),
            port_id(snapshot.target_ports, path.target_port), path.address.lun};
}

paths::PathName path_name(const model::Snapshot& snapshot, const model::Disk& disk) {
    return {disk.unit_name, port_id(snapshot.initiator_ports, disk.initiator_port),
            port_id(snapshot.target_ports, disk.target_port), disk.address.lun};
}

} // namespace mpapi::standalone
