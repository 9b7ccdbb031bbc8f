// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From records to the model: what a logical unit is, given its map, its disks and the last answers.
#pragma once

#include "common/model/unit_table.hpp"
#include "daemon/inventory/object_ids.hpp"
#include "daemon/inventory/policy.hpp"
#include "daemon/inventory/records.hpp"
#include "daemon/paths/management.hpp"

namespace mpapi::daemon {

// What the disk is called as a path of this unit; nothing while its ports are not known.
std::optional<paths::PathName> path_name(const DiskRecord& disk, const std::string& unit_name);

// May give ids to objects that have none yet; changes nothing else but the path ids in the records.
model::Unit assemble_unit(const MapRecord& map, ObjectIds& ids, MultipathPolicy& policy,
                          const paths::Management& management);

// Whether the unit's target port groups can be asked for: some path said that it has them.
bool reports_target_port_groups(const MapRecord& map);

} // namespace mpapi::daemon
