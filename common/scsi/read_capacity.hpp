// SPDX-License-Identifier: LGPL-2.1-or-later
//
// READ CAPACITY (10) and (16) (SBC-3 5.15, 5.16), and TEST UNIT READY (SPC-3 6.33), which has
// nothing but its command. Pure functions, no state.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace mpapi::scsi {

struct Capacity {
    std::uint64_t last_block = 0;
    std::uint32_t block_size = 512; // bytes
    // The rest only in the reply to READ CAPACITY (16).
    std::uint8_t protection_type = 0;         // 0 none, else 1 to 3
    std::uint8_t physical_block_exponent = 0; // 2^n logical blocks in a physical one
    std::uint16_t lowest_aligned_block = 0;   // 14 bits
    bool thin_provisioning = false;           // LBPME
    bool thin_reads_zeros = false;            // LBPRZ

    bool operator==(const Capacity&) const = default;

    std::uint64_t bytes() const { return (last_block + 1) * block_size; }
};

// READ CAPACITY (10) answers this as last block when there are more: ask (16).
constexpr std::uint32_t capacity_10_exceeded = 0xffffffff;
constexpr std::uint32_t capacity_16_allocation = 32;

std::array<std::uint8_t, 6> test_unit_ready_cdb();
std::array<std::uint8_t, 10> read_capacity_10_cdb();
std::array<std::uint8_t, 16> read_capacity_16_cdb(std::uint32_t allocation_length);
// Yields the allocation length.
Result<std::uint32_t> parse_read_capacity_16_cdb(Bytes cdb);

// Both fail on short replies, on a block size of zero, and on a size over 2^64 - 1 bytes; that of
// (10) also on capacity_10_exceeded. So bytes() of what was parsed cannot overflow.
Result<Capacity> parse_capacity_10(Bytes reply);
Result<Capacity> parse_capacity_16(Bytes reply);

std::vector<std::uint8_t> build_capacity_10(const Capacity& capacity);
std::vector<std::uint8_t> build_capacity_16(const Capacity& capacity);

} // namespace mpapi::scsi
