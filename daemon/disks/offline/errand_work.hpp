// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/disks/errands/client.hpp"
#include "daemon/disks/offline/offline_work.hpp"

namespace mpapi::disks {

class ErrandOfflineWork final : public OfflineWork {
  public:
    explicit ErrandOfflineWork(sd_event* loop, std::string socket = "/run/mpapi-disk-state.socket");

    void take_offline(const BlockDisk& disk, std::function<void(TakenOffline)> then) override;
    void make_writable(const BlockDisk& disk, std::function<void(Result<bool>)> then) override;
    void find_partitions(const BlockDisk& disk, Ended then) override;
    void lock_path(dm::DeviceNumber path, Ended then) override;

  private:
    ErrandClient client_;
};

// systemd's store of descriptors (sd_notify(3), FDSTORE=1): names are "offline".
class SystemdClaimStore final : public ClaimStore {
  public:
    void keep(dm::DeviceNumber device, int claim) override;
    void forget(dm::DeviceNumber device) override;
    std::vector<KeptClaim> take_kept() override;
};

} // namespace mpapi::disks
