// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/disk_name.hpp"

namespace mpapi::standalone {

paths::PathName disk_path_name(const model::Snapshot& snapshot, const model::Disk& disk) {
    const auto* initiator = model::find(snapshot.initiator_ports, disk.initiator_port);
    const auto* target = model::find(snapshot.target_ports, disk.target_port);
    return {disk.unit_name, initiator ? initiator->port_id : "", target ? target->port_id : "",
            disk.address.lun};
}

} // namespace mpapi::standalone
