// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a disk says of itself, asked on a worker: its size and sectors, its partition table, the
// designators of VPD page 83h, whether it answers persistent reservations, and who has any. Each is
// asked although another was not answered; a disk that does not answer is an ordinary result.
#pragma once

#include "daemon/disks/disk.hpp"
#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>

namespace mpapi::disks {

Examined examine(daemon::Hardware& hardware, daemon::BlockHardware& blocks,
                 std::chrono::milliseconds timeout, std::uint64_t our_key, const Disk& disk,
                 daemon::Progress& progress);

// VPD page 83h over the first path that answers. EOPNOTSUPP: there is no such page.
Result<std::vector<UniqueId>> ask_unique_ids(daemon::Hardware& hardware,
                                             std::chrono::milliseconds timeout, const Disk& disk,
                                             daemon::Progress& progress);

// The first path over which the unit says that it is the one, the usable ones first.
Result<std::unique_ptr<daemon::ScsiDevice>> open_path(daemon::Hardware& hardware,
                                                      std::chrono::milliseconds timeout,
                                                      const Disk& disk, daemon::Progress& progress);

// Paths for BlockHardware::open(), the usable ones first.
std::vector<daemon::BlockRef> block_paths(const Disk& disk);

// A reader over a device, for read_label() and scratch.hpp, by way of an aligned buffer. Both
// outlive it.
ReadBytes reader_of(daemon::BlockDevice& device, daemon::Progress& progress,
                    std::chrono::milliseconds timeout);

} // namespace mpapi::disks
