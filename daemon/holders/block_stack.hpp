// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A block device and all that stands on it, as sysfs has it: partitions, logical volumes, encrypted
// devices, RAID, loop devices. Looks at no device.
#pragma once

#include "common/dm/device_number.hpp"
#include "daemon/holders/proc_tables.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <string>
#include <vector>

namespace mpapi::holders {

struct BlockDevice {
    dm::DeviceNumber number;
    std::string kernel_name; // "dm-3", "md127", "loop0"
    std::string map_name;    // of device-mapper, as it stands in /dev/mapper; else empty
    std::string map_uuid;
    bool held = false; // another device of the stack is on it

    bool is_partition() const;
    bool operator==(const BlockDevice&) const = default;
};

// As many as are looked at of one stack.
inline constexpr std::size_t kLargestStack = 256;

// The device with this number first, then what is on it, nearest first. Where there is no such
// device the one that is returned has no name.
std::vector<BlockDevice> stack_on(const kernel::Sysfs& sysfs, dm::DeviceNumber number);

// Whether it is a mount of, or swap on, this very device. Some file systems (btrfs) have a device
// number of their own and are known by the name they were mounted by.
bool is_on(const Mount& mount, const BlockDevice& device);
bool is_on(const Swap& swap, const BlockDevice& device);

} // namespace mpapi::holders
