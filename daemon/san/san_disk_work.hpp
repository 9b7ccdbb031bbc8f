// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a real machine does with shared disks, played for the embedded SAN: it has no block layer,
// so a disk is offline because it is said to be, and files are in memory. Each unit has one
// partition over all of it that passes for NTFS. A map that the fault map_held holds is in use, and
// its disk is as a whole what the fault map_content says.
// Loop.
#pragma once

#include "daemon/disks/files/file_service.hpp"
#include "daemon/disks/offline/offline_work.hpp"
#include "daemon/san/san.hpp"

#include <map>
#include <utility>

namespace mpapi::san {

class SanOfflineWork final : public disks::OfflineWork, public disks::ClaimStore {
  public:
    SanOfflineWork(sd_event* loop, San& san)
      : loop_(loop)
      , san_(san) {}

    void take_offline(const disks::BlockDisk& disk,
                      std::function<void(disks::TakenOffline)> then) override;
    void make_writable(const disks::BlockDisk& disk,
                       std::function<void(Result<bool>)> then) override;
    void find_partitions(const disks::BlockDisk& disk, Ended then) override;
    void lock_path(dm::DeviceNumber path, Ended then) override;

    void keep(dm::DeviceNumber, int) override {}
    void forget(dm::DeviceNumber) override {}
    std::vector<disks::KeptClaim> take_kept() override { return {}; }

  private:
    sd_event* loop_;
    San& san_;
};

class SanFileService final : public disks::FileService {
  public:
    SanFileService(sd_event* loop, San& san)
      : loop_(loop)
      , san_(san) {}

    void list(dm::DeviceNumber disk, std::uint64_t size,
              std::function<void(Result<std::vector<disks::DiskPartition>>)> then) override;
    void identify(dm::DeviceNumber disk, std::function<void(Result<std::string>)> then) override;
    void carry_out(const disks::FileErrand& errand,
                   std::function<void(Result<bool>)> then) override;

  private:
    Result<bool> work(const disks::FileErrand& errand);

    sd_event* loop_;
    San& san_;
    std::map<std::pair<dm::DeviceNumber, std::vector<std::string>>, std::string> files_;
};

} // namespace mpapi::san
