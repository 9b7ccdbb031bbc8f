// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two sectors of a disk that nobody's data are in, for validation to write to (MS-CSVP calls them
// arbitration sectors). They are found by rule, so that each node of a cluster finds the same two:
//
//   - no disk with a signature of RAID, LVM, ZFS, encryption or a file system outside of
//   partitions;
//   - not in a partition, nor in the partition table: with a GPT only its usable sectors, with an
//   MBR
//     nothing below the first partition or the first MiB, for boot loaders live there (GRUB's core
//     image follows the MBR), and extended partitions count as a whole;
//   - not in the last MiB, where RAID metadata and the backup GPT have their place;
//   - the last three sectors of a free stretch, the highest stretch first: one for the mark, then
//   the
//     two. They are ours when the first carries our mark, or when all three are zero.
//
// The mark names the disk's size and its own place: a copy of the disk's content on another disk or
// at another place is no mark. It is written before the first write to either sector; nothing else
// is.
//
// Pure: facts and bytes in, places out.
#pragma once

#include "common/result.hpp"
#include "daemon/disks/label.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mpapi::disks {

// Logical sectors.
struct ScratchSectors {
    std::uint64_t mark = 0;
    std::uint64_t first() const { return mark + 1; }
    std::uint64_t second() const { return mark + 2; }
    bool operator==(const ScratchSectors&) const = default;
};

inline constexpr unsigned kMostCandidates = 16;

// Where they may be, best first, at most kMostCandidates. Fails when there is no room, with what is
// in the way. Whole-disk signatures are looked for apart: find_signature().
Result<std::vector<ScratchSectors>> scratch_candidates(const Label& label, std::uint64_t size,
                                                       std::uint32_t sector_size);

struct WholeDisk {
    std::string what;     // "LVM physical volume"
    bool volumes = false; // part of LVM or MD RAID
};

// What the disk as a whole is, where that leaves no sector to anybody else. nullopt: nothing that
// is known. Reads up to 1 MiB at the beginning and at the end. Fails when that cannot be read.
Result<std::optional<WholeDisk>> find_signature(std::uint64_t size, std::uint32_t sector_size,
                                                const ReadBytes& read);

// The two by what is on the disk now. ENOSPC: there are none, and the reason says what is in the
// way.
Result<ScratchSectors> find_scratch_sectors(const Label& label, std::uint64_t size,
                                            std::uint32_t sector_size, const ReadBytes& read);

// One sector.
std::vector<std::uint8_t> scratch_mark(const ScratchSectors& place, std::uint64_t size,
                                       std::uint32_t sector_size);

} // namespace mpapi::disks
