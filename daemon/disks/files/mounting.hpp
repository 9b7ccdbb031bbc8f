// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file system mounted for one errand and for nobody else: it is attached nowhere, a descriptor is
// all there is of it, and it goes with that descriptor. What is on it is a stranger's, so only file
// systems of a list are handed to the kernel, and nothing on it is a device, a program, a
// set-user-ID file or a link that is followed.
#pragma once

#include "common/dm/device_number.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <string>

namespace mpapi::disks {

enum class Access : std::uint8_t {
    Write,
    Read,
    // Where the unit is not owned: a journal is not replayed, which would write.
    ReadUnowned,
};

// The kernel's name of a file system of the list: "ntfs3" for libblkid's "ntfs"; "" for what is not
// on it.
std::string kernel_file_system(const std::string& content);

// Of a partition of a disk (`disk` and its number, 0: the disk itself), what block device it is:
// the kernel's partition or the partition map. ENXIO: there is none.
Result<dm::DeviceNumber> partition_device(dm::DeviceNumber disk, std::uint32_t partition);

// The root of the file system. EPERM: `content` is not on the list.
Result<Fd> mount_detached(dm::DeviceNumber device, const std::string& content, Access access);

} // namespace mpapi::disks
