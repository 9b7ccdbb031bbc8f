// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Partition tables as they stand on a disk: the MBR with its chain of logical partitions, and the
// GPT (UEFI 2.10 chapter 5) with its two headers and their CRCs. Reading is by a function that the
// caller gives, so that this is pure: bytes in, value or error out. Bounded: at most 128 logical
// partitions and 1 MiB of GPT entries are followed.
//
// A GPT counts only where header and entries have the right CRC, in the primary or else in the
// backup at the end of the disk; what stands in the MBR beside it (protective or hybrid) is then
// left alone.
#pragma once

#include "common/result.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace mpapi::disks {

enum class LabelStyle : std::uint8_t { None, Mbr, Gpt };

struct Partition {
    std::uint32_t number = 0; // as Linux numbers it: 1…, logical ones from 5
    std::uint64_t first = 0;  // logical sector
    std::uint64_t count = 0;  // sectors, not 0
    std::uint8_t mbr_type = 0;
    std::string gpt_type; // GUID as text; "" for an MBR
    std::string gpt_guid;
    bool container = false; // an extended partition: what is in it is listed on its own
    bool operator==(const Partition&) const = default;
};

struct Label {
    LabelStyle style = LabelStyle::None;
    std::uint32_t mbr_signature = 0;
    std::string disk_guid;                           // lower case; "" for others than a GPT
    std::uint64_t first_usable = 0, last_usable = 0; // GPT: sectors for partitions, both included
    std::vector<Partition> partitions;               // by number
    std::string trouble;                             // what is wrong with it; "" when nothing is
    bool operator==(const Label&) const = default;
};

// Reads `into.size()` bytes from that byte offset; both are multiples of the sector size.
using ReadBytes = std::function<Status(std::uint64_t offset, std::span<std::uint8_t> into)>;

// `size` is the disk's in bytes, `sector_size` a power of two from 512 to 65536. Fails when the
// first sector cannot be read; what else cannot be read is told as trouble.
Result<Label> read_label(std::uint64_t size, std::uint32_t sector_size, const ReadBytes& read);

// "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" from the mixed-endian bytes of UEFI 2.10 appendix A.
std::string guid_text(std::span<const std::uint8_t, 16> bytes);

} // namespace mpapi::disks
