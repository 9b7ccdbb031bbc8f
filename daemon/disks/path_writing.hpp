// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writing to a disk that is offline. MS-CSVP 3.2.4.2 asks of CprepDiskRawWrite no more than that
// the LUN is attached, and a client arbitrates by scratch sectors before it brings the disk online
// (4.1): it has to work then, too. But offline every block device of the disk is read-only, for
// whoever has it open. So the write goes by SG_IO (SBC-3 5.37, WRITE(16)) through a path, which the
// kernel's read-only flag does not stop; the claim that this daemon holds on the disk stays, and
// nobody else can write meanwhile. Reading goes through the block device as ever.
#pragma once

#include "daemon/block_hardware.hpp"
#include "daemon/disks/disk.hpp"
#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <memory>

namespace mpapi::disks {

// `block` is the disk, open for reading. What is written goes through the first path over which the
// unit says that it is the one; EBADE is a reservation conflict. All outlive what is returned. On a
// worker.
std::unique_ptr<daemon::BlockDevice> write_through_paths(std::unique_ptr<daemon::BlockDevice> block,
                                                         daemon::Hardware& hardware,
                                                         const Disk& disk,
                                                         daemon::Progress& progress,
                                                         std::chrono::milliseconds timeout);

} // namespace mpapi::disks
