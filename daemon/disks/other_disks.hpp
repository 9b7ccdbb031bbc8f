// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From sysfs: the disks of this machine that are not SCSI (namespaces of NVMe, disks of virtio,
// Xen and MMC, DASD), through which adapters a disk is reached, and whether it hangs from ATA or
// USB. Asks no device.
#pragma once

#include "daemon/block_hardware.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::disks {

// Whether a block device of this name is one of them: "nvme0n1", "vda"; no partition.
bool is_other_disk(std::string_view kernel_name);

// By name. The kernel's own multipath of NVMe hides its paths; they are counted.
std::vector<daemon::OtherDisk> read_other_disks(const kernel::Sysfs& sysfs);

// Of a disk, a partition, or what stands on several of them (maps, RAID): the place of each adapter
// in the tree of devices, "devices/pci0000:00/0000:00:05.0"; of one that is no PCI function, that
// of the SCSI host. Empty where there is none, as of a RAM disk.
std::set<std::string> adapters_under(const kernel::Sysfs& sysfs, const std::string& kernel_name);

// Of a disk, or of a map on several: an ancestor "ata3" or "usb1" in the tree of devices. Unknown
// where there is neither, or not the same for each.
daemon::Attachment attachment_of(const kernel::Sysfs& sysfs, const std::string& kernel_name);

} // namespace mpapi::disks
