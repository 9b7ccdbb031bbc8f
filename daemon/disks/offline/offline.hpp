// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A disk taken out of the system's use, and given back (MS-CSVP 3.2.4.9, 3.2.4.22; Linux has no
// such state of its own). Offline means:
//
//   - nothing of it is mounted, in no mount namespace, and no partition map is on it;
//   - the map, its partitions and each path are read-only: writes through the page cache and direct
//     ones end with EPERM, also of who had it open before (blkdev_write_iter() in block/fops.c);
//   - one descriptor, opened with O_EXCL, claims it: the kernel grants no mount, no LVM, MD,
//     device-mapper or swap then. That the claim was granted is the proof that nobody had one.
//
// What is not kept out: root's SG_IO, which passes beside the block layer.
//
// Busy is a failure that names who; nothing is ever unmounted lazily, nobody ended. A process that
// merely has the device open is not in the way: its writes end. What is used in
// another way than by a mount is found before anything is done. Where a later step fails the
// read-only flags go back as they were and the partitions are read again; what cannot be undone (a
// file system that was unmounted) is told in words.
//
// Everything here blocks, so it runs in a process of its own for each errand.
#pragma once

#include "common/dm/device_number.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/holders/lookup.hpp"

#include <string>
#include <vector>

namespace mpapi::disks {

struct BlockDisk {
    dm::DeviceNumber number;
    bool map = false; // a multipath map, with these paths; else the disk itself
    std::vector<dm::DeviceNumber> paths;
    bool operator==(const BlockDisk&) const = default;
};

struct MountedAt {
    std::int32_t pid = 0; // somebody in that mount namespace
    std::string point;    // as he sees it
    bool operator==(const MountedAt&) const = default;
};

// How the system uses a disk now.
struct BlockState {
    std::vector<MountedAt> mounts;            // the last mounted first
    std::vector<dm::DeviceNumber> partitions; // kernel partitions or partition maps
    std::vector<std::string> partition_maps;  // names, of those that nobody uses
    std::vector<holders::Holder> others;      // who else has it: swap, devices on top
    std::vector<holders::Holder> openers;     // processes that have it open
    std::string system;                       // why the system itself needs it: "it holds /"
};

// The kernel's side. `what` of an error says what was tried; errnum EBUSY: somebody has it.
class BlockLayer {
  public:
    virtual ~BlockLayer() = default;

    virtual Result<BlockState> state(const BlockDisk& disk) = 0;
    virtual Status flush(dm::DeviceNumber device) = 0;
    virtual Status unmount(const MountedAt& mount) = 0;
    virtual Status remove_partition_map(const std::string& name) = 0;
    virtual Result<bool> read_only(dm::DeviceNumber device) = 0;
    virtual Status set_read_only(dm::DeviceNumber device, bool read_only) = 0;
    virtual Result<Fd> claim(dm::DeviceNumber device) = 0;
    virtual Status read_partitions(const BlockDisk& disk) = 0;
};

struct OfflineFailure {
    Error why;                            // EBUSY: see holders; EPERM: the system needs it
    std::vector<holders::Holder> holders; // who is in the way
    std::vector<std::string> remains;     // what was done and not undone
};

struct TakenOffline {
    Fd claim; // invalid: failed
    OfflineFailure failure;
};

TakenOffline take_offline(BlockLayer& layer, const BlockDisk& disk);

// First half: everything is writable again but the claim, which the caller holds, still keeps
// others away. False: the map stays read-only, for its table was loaded while a path was (see
// dm_table_get_mode()); it has to be loaded again, then this is called again.
Result<bool> make_writable(BlockLayer& layer, const BlockDisk& disk);

// Second half, once the claim is dropped: what is on the disk is found again.
Status find_partitions(BlockLayer& layer, const BlockDisk& disk);

} // namespace mpapi::disks
