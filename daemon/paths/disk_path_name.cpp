// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/disk_path_name.hpp"

#include "daemon/inventory/device_inquiry.hpp"

namespace mpapi::paths {

Result<PathName> path_name_of(const daemon::DiskFacts& disk) {
    constexpr const char* action = "name the unit of";
    if (disk.device_identification.empty())
        return Error{action, disk.device, "sysfs has no VPD page 83h of it"};
    auto identity = daemon::identity_of_page(disk.device_identification);
    if (!identity) return Error{action, disk.device, identity.error().message()};
    return PathName{std::move(identity->unit.unit_name), disk.initiator_port->port_id,
                    disk.target_port->port_id, disk.address.lun};
}

} // namespace mpapi::paths
