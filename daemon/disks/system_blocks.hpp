// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The block devices of this machine: direct I/O on their nodes, and from sysfs and the tables of
// /proc what the system does with them.
//
// Those tables are as this daemon sees them: what was mounted below /home before it started, or in
// another mount namespace, is not there (ProtectHome=). So they refuse early and with a name, and
// the kernel has the last word: an exclusive open holds a claim (O_EXCL) on the whole disk while it
// lasts, which fails where a file system, swap, RAID, LVM or another program has claimed the disk
// or a partition of it. Those of this daemon share one claim. The maps of a multipath map's
// partitions are a claim of their own on it, which keeps everybody else from the whole; so these
// are claimed, each, and anything else on it is a use.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/block_hardware.hpp"
#include "daemon/disks/crash_dump.hpp"
#include "daemon/disks/disk_events.hpp"
#include "daemon/holders/proc_tables.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mpapi::disks {

class SystemBlocks final : public daemon::BlockHardware {
  public:
    struct Places {
        std::string sys = "/sys";
        std::string dev = "/dev";
        std::string mountinfo = "/proc/self/mountinfo";
        std::string swaps = "/proc/swaps";
        std::string kdump_tools = "/etc/default/kdump-tools";
        std::string kdump_conf = "/etc/kdump.conf";
    };
    SystemBlocks()
      : SystemBlocks(Places()) {}
    explicit SystemBlocks(Places places)
      : places_(std::move(places))
      , sysfs_(places_.sys) {}

    Result<std::unique_ptr<daemon::BlockDevice>> open(const daemon::BlockRef& ref,
                                                      const std::vector<daemon::BlockRef>& paths,
                                                      daemon::BlockAccess access) override;
    Result<daemon::BlockUse> use(const daemon::BlockRef& ref) override;
    std::vector<daemon::OtherDisk> other_disks() override;
    Status watch_other_disks(sd_event* loop, std::function<void()> changed) override;

  private:
    struct Claim {
        std::mutex mutex;
        std::weak_ptr<std::vector<Fd>> files;
    };
    CrashDumpTarget crash_dump_target() const;
    std::string kernel_name(std::string named) const;
    std::string kernel_name(const holders::Mount& mount) const;
    Result<std::shared_ptr<std::vector<Fd>>> claim(const std::string& node,
                                                   model::DeviceNumber number);
    Result<std::vector<Fd>> claim_whole(const std::string& node, model::DeviceNumber number) const;

    const Places places_;
    const kernel::Sysfs sysfs_;
    std::mutex mutex_;
    std::map<model::DeviceNumber, std::shared_ptr<Claim>> claims_;
    std::unique_ptr<DiskEvents> events_;
};

} // namespace mpapi::disks
