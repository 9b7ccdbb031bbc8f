// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which path a SCSI disk is, from what sysfs has of it; no device is asked. The designator is that
// of the kernel's last scan of the disk.
#pragma once

#include "common/result.hpp"
#include "daemon/hardware.hpp"
#include "daemon/paths/intents.hpp"

namespace mpapi::paths {

// Fails where the unit has no name there: the page is missing, unreadable, or names no unit.
Result<PathName> path_name_of(const daemon::DiskFacts& disk);

} // namespace mpapi::paths
