// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The partitions of a disk and what is on each, as libblkid finds by looking at their bytes. Both
// are a stranger's: in a process of its own.
//
// Names of file systems are those that MS-CSVP 3.2.4.29 returns, where Windows has one: "NTFS",
// "FAT", "FAT32", "exFAT", and "RAW" for what has none that is known; else libblkid's in capitals:
// "EXT4", "XFS". What carries no file system but is in use (LVM, RAID, LUKS) is "RAW" too, and
// `content` says what it is.
#pragma once

#include "common/dm/device_number.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace mpapi::disks {

struct DiskPartition {
    std::uint32_t number = 0; // as Linux numbers it; 0: there is no table, it is the whole disk
    std::uint64_t start = 0;  // bytes
    std::uint64_t size = 0;   // bytes
    std::string file_system;  // "NTFS", "RAW"
    std::string content;      // libblkid's type: "ntfs", "LVM2_member"; "" not known
    std::string label;        // of the file system; UTF-8, "" none
    bool operator==(const DiskPartition&) const = default;
};

inline constexpr std::size_t kMostPartitions = 256;

// By number. `disk` is a descriptor of the disk, or of an image of one, open for reading. Extended
// partitions are left out: they hold others. EUCLEAN: there is more than one answer to what it is.
Result<std::vector<DiskPartition>> list_partitions(int disk);

// What the disk is as a whole, whatever table is on it: libblkid's type of a file system, a member
// of RAID, an encrypted volume ("nilfs2", "LVM2_member"), also where its checksum is wrong;
// "ambivalent" where there is more than one answer; "": nothing that libblkid knows.
Result<std::string> content_of_whole(int disk);

// "NTFS" of libblkid's "ntfs". `version` tells FAT32 from FAT.
std::string file_system_name(const std::string& type, const std::string& version);

} // namespace mpapi::disks
