// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which processes have one of some block devices open, and in which mount namespaces it is mounted.
// Takes the right to look into every process. What cannot be read is not there: processes end.
//
// Never waits for a device or a server. A descriptor is asked for its device only when its name,
// which the kernel tells from memory, is one under /dev: any other may be on a network file system
// whose server is gone. So a node elsewhere, which a container may have, is not found.
#pragma once

#include "daemon/holders/block_stack.hpp"
#include "daemon/holders/process_report.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::holders {

// The block device behind a name of /proc/PID/fd.
std::optional<dm::DeviceNumber> open_block_device(const std::string& descriptor);

using DeviceBehind = std::function<std::optional<dm::DeviceNumber>(const std::string& descriptor)>;

// `proc` is /proc or a tree like it. A mount point is told once for each device, with the first
// process that sees it.
ProcessReport search_processes(const std::string& proc, const std::vector<BlockDevice>& devices,
                               const DeviceBehind& device_behind = open_block_device);

} // namespace mpapi::holders
