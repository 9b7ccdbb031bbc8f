// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Taking disks offline as the daemon sees it: asked for, answered later. The kernel's is carried
// out by mpapi-disk-state, the embedded SAN's is played. Loop's thread only; each answer comes
// once, from the loop, never from within.
#pragma once

#include "daemon/disks/offline/offline.hpp"

#include <functional>

namespace mpapi::disks {

class OfflineWork {
  public:
    using Ended = std::function<void(Status)>;
    virtual ~OfflineWork() = default;

    virtual void take_offline(const BlockDisk& disk, std::function<void(TakenOffline)> then) = 0;
    // As make_writable() of offline.hpp.
    virtual void make_writable(const BlockDisk& disk, std::function<void(Result<bool>)> then) = 0;
    virtual void find_partitions(const BlockDisk& disk, Ended then) = 0;
    virtual void lock_path(dm::DeviceNumber path, Ended then) = 0;
};

struct KeptClaim {
    dm::DeviceNumber device;
    Fd claim;
};

// Claims that outlive the daemon's process.
class ClaimStore {
  public:
    virtual ~ClaimStore() = default;
    // The descriptor stays the caller's.
    virtual void keep(dm::DeviceNumber device, int claim) = 0;
    virtual void forget(dm::DeviceNumber device) = 0;
    // Of the process before; once.
    virtual std::vector<KeptClaim> take_kept() = 0;
};

} // namespace mpapi::disks
