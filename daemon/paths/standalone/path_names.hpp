// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the paths of a snapshot are called over reboots. The LUN is the kernel's own number.
#pragma once

#include "common/model/snapshot.hpp"
#include "daemon/paths/intents.hpp"

namespace mpapi::standalone {

paths::PathName path_name(const model::Snapshot& snapshot, const model::LogicalUnit& unit,
                          const model::Path& path);
// As a path of whatever unit the disk leads to.
paths::PathName path_name(const model::Snapshot& snapshot, const model::Disk& disk);

} // namespace mpapi::standalone
