// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/model/snapshot.hpp"
#include "daemon/paths/intents.hpp"

namespace mpapi::standalone {

// What a disk that is in no map would be called as a path of the unit that it leads to.
paths::PathName disk_path_name(const model::Snapshot& snapshot, const model::Disk& disk);

} // namespace mpapi::standalone
