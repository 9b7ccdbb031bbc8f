// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether a disk is part of a volume manager, active or not: MS-CSVP's DISK_PART_DYNAMIC (2.2.5).
// On Linux that is LVM and MD RAID; dynamic disks of Windows (Logical Disk Manager) count too. Told
// by the types of the partitions, by what stands at the beginning of each, and of a disk without a
// table by its signatures at both ends. Not found is a member of MD RAID 0.90 or 1.0, whose
// superblock is at the end, in a partition of another type. Pure.
#pragma once

#include "daemon/disks/label.hpp"

namespace mpapi::disks {

// Fails where the disk cannot be read.
Result<bool> holds_volumes(const Label& label, std::uint64_t size, std::uint32_t sector_size,
                           const ReadBytes& read);

} // namespace mpapi::disks
