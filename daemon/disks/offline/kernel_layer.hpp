// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The block layer of this machine. Needs CAP_SYS_ADMIN for the flags and to unmount, and to look
// into other processes for their mounts (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_SYS_CHROOT): so
// it is used by mpapi-disk-state only. Processes that merely have the device open are not in the
// way: their writes end with EPERM. They are told as who may be in the way where a claim is
// refused.
#pragma once

#include "daemon/disks/offline/offline.hpp"
#include "daemon/hardware.hpp"

#include <map>

namespace mpapi::disks {

class KernelLayer final : public BlockLayer {
  public:
    Result<BlockState> state(const BlockDisk& disk) override;
    Status flush(dm::DeviceNumber device) override;
    Status unmount(const MountedAt& mount) override;
    Status remove_partition_map(const std::string& name) override;
    Result<bool> read_only(dm::DeviceNumber device) override;
    Status set_read_only(dm::DeviceNumber device, bool read_only) override;
    Result<Fd> claim(dm::DeviceNumber device) override;
    Status read_partitions(const BlockDisk& disk) override;

  private:
    std::map<std::string, daemon::MapRef> partition_maps_; // by name, as last seen
};

} // namespace mpapi::disks
