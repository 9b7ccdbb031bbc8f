// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The facts of one SCSI disk from sysfs. Nothing here asks the device: identity pages are those
// that the kernel read when it found the disk.
#pragma once

#include "daemon/hardware.hpp"
#include "daemon/kernel/ports.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::kernel {

// Empty when there is no such SCSI disk, or no longer. `multipath_member` is left unset: it is
// udev's.
std::optional<daemon::DiskFacts> read_disk(const Sysfs& sysfs, PortBook& ports,
                                           const std::string& device);

// Only the `state` attribute, which changes without a uevent. Unknown when the disk is gone.
model::DeviceState read_device_state(const Sysfs& sysfs, const std::string& device);

// "running", "transport-offline", … (drivers/scsi/scsi_sysfs.c, sdev_states).
model::DeviceState parse_device_state(std::string_view text) noexcept;

// "sda" … "sdzzz", whole disks of the kernel's SCSI disk driver.
bool is_scsi_disk_name(std::string_view name) noexcept;

} // namespace mpapi::kernel
