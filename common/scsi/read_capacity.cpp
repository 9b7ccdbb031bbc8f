// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/read_capacity.hpp"

#include "common/scsi/commands.hpp"
#include "common/scsi/text.hpp"

#include <limits>

namespace mpapi::scsi {

namespace {

constexpr std::size_t length_10 = 8;
constexpr std::size_t length_16 = 32;
constexpr std::size_t needed_16 = 16; // the rest is reserved; SBC-2 devices send 12 + reserved

Result<Capacity> checked(const char* action, const Capacity& capacity) {
    if (capacity.block_size == 0) return Error{action, "", "a block size of 0"};
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / capacity.block_size;
    if (capacity.last_block >= most)
        return Error{action, "",
                     "last block " + std::to_string(capacity.last_block) + " of " +
                         byte_count(capacity.block_size) + " each is beyond any size"};
    return capacity;
}

} // namespace

std::array<std::uint8_t, 6> test_unit_ready_cdb() {
    return {static_cast<std::uint8_t>(Opcode::TestUnitReady)};
}

std::array<std::uint8_t, 10> read_capacity_10_cdb() {
    return {static_cast<std::uint8_t>(Opcode::ReadCapacity10)};
}

std::array<std::uint8_t, 16> read_capacity_16_cdb(std::uint32_t allocation_length) {
    std::array<std::uint8_t, 16> cdb{static_cast<std::uint8_t>(Opcode::ServiceActionIn16),
                                     read_capacity_16_action};
    store_u32(cdb, 10, allocation_length);
    return cdb;
}

Result<std::uint32_t> parse_read_capacity_16_cdb(Bytes cdb) {
    const char* const action = "parse READ CAPACITY (16) CDB";
    if (cdb.size() < 16) return Error{action, "", byte_count(cdb.size()) + ", not 16"};
    if (cdb[0] != static_cast<std::uint8_t>(Opcode::ServiceActionIn16))
        return Error{action, "", "operation code " + hex8(cdb[0])};
    if (service_action(cdb) != read_capacity_16_action)
        return Error{action, "", "service action " + hex8(service_action(cdb))};
    return load_u32(cdb, 10);
}

Result<Capacity> parse_capacity_10(Bytes reply) {
    const char* const action = "parse READ CAPACITY (10) data";
    if (reply.size() < length_10)
        return Error{action, "", byte_count(reply.size()) + " received, not 8"};
    Capacity capacity;
    capacity.last_block = load_u32(reply, 0);
    capacity.block_size = load_u32(reply, 4);
    if (capacity.last_block == capacity_10_exceeded)
        return Error{action, "", "more blocks than it can tell"};
    return checked(action, capacity);
}

Result<Capacity> parse_capacity_16(Bytes reply) {
    const char* const action = "parse READ CAPACITY (16) data";
    if (reply.size() < needed_16)
        return Error{action, "", byte_count(reply.size()) + " received, 16 are needed"};
    Capacity capacity;
    capacity.last_block = load_u64(reply, 0);
    capacity.block_size = load_u32(reply, 8);
    if ((reply[12] & 1) != 0) // PROT_EN
        capacity.protection_type = static_cast<std::uint8_t>((reply[12] >> 1 & 7) + 1);
    capacity.physical_block_exponent = reply[13] & 0xf;
    capacity.thin_provisioning = (reply[14] & 0x80) != 0;
    capacity.thin_reads_zeros = (reply[14] & 0x40) != 0;
    capacity.lowest_aligned_block = load_u16(reply, 14) & 0x3fff;
    return checked(action, capacity);
}

std::vector<std::uint8_t> build_capacity_10(const Capacity& capacity) {
    Writer writer(length_10);
    writer.u32(static_cast<std::uint32_t>(
        std::min<std::uint64_t>(capacity.last_block, capacity_10_exceeded)));
    writer.u32(capacity.block_size);
    return std::move(writer).take();
}

std::vector<std::uint8_t> build_capacity_16(const Capacity& capacity) {
    const unsigned protection =
        capacity.protection_type == 0 ? 0u : ((capacity.protection_type - 1u) & 7u) << 1 | 1u;
    Writer writer(length_16);
    writer.u64(capacity.last_block);
    writer.u32(capacity.block_size);
    writer.u8(static_cast<std::uint8_t>(protection));
    writer.u8(capacity.physical_block_exponent & 0xf);
    writer.u16(static_cast<std::uint16_t>((capacity.thin_provisioning ? 0x8000u : 0u) |
                                          (capacity.thin_reads_zeros ? 0x4000u : 0u) |
                                          (capacity.lowest_aligned_block & 0x3fffu)));
    writer.zeros(length_16 - writer.size());
    return std::move(writer).take();
}

} // namespace mpapi::scsi
