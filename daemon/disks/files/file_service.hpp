// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files and file systems of shared disks as the daemon sees them: asked for, answered later. The
// kernel's work is done by mpapi-disk-files, the embedded SAN's is played. Loop's thread only; each
// answer comes once, from the loop, never from within.
#pragma once

#include "daemon/disks/errands/client.hpp"
#include "daemon/disks/files/errand_words.hpp"

#include <functional>

namespace mpapi::disks {

class FileService {
  public:
    virtual ~FileService() = default;

    // `size` of the disk, bytes.
    virtual void list(dm::DeviceNumber disk, std::uint64_t size,
                      std::function<void(Result<std::vector<DiskPartition>>)> then) = 0;
    // As content_of_whole() of file_systems.hpp.
    virtual void identify(dm::DeviceNumber disk, std::function<void(Result<std::string>)> then) = 0;
    // Verify: whether the file holds the data. Else true.
    virtual void carry_out(const FileErrand& errand, std::function<void(Result<bool>)> then) = 0;
};

class ErrandFileService final : public FileService {
  public:
    explicit ErrandFileService(sd_event* loop, std::string socket = "/run/mpapi-disk-files.socket");

    void list(dm::DeviceNumber disk, std::uint64_t size,
              std::function<void(Result<std::vector<DiskPartition>>)> then) override;
    void identify(dm::DeviceNumber disk, std::function<void(Result<std::string>)> then) override;
    void carry_out(const FileErrand& errand, std::function<void(Result<bool>)> then) override;

  private:
    ErrandClient client_;
};

} // namespace mpapi::disks
