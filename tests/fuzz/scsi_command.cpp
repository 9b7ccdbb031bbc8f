// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CDBs as the embedded storage area network takes them, and READ CAPACITY data, whose size in bytes
// must not overflow.
#include "common/scsi/inquiry.hpp"
#include "common/scsi/persistent_reserve_out.hpp"
#include "common/scsi/read_capacity.hpp"
#include "common/scsi/target_port_groups.hpp"

#include <cstdlib>

using namespace mpapi::scsi;

namespace {

void check_capacity(const Capacity& capacity) {
    if (capacity.bytes() / capacity.block_size != capacity.last_block + 1) std::abort();
    const auto again = parse_capacity_16(build_capacity_16(capacity));
    if (!again || !(*again == capacity)) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    if (const auto capacity = parse_capacity_10(bytes)) check_capacity(*capacity);
    if (const auto capacity = parse_capacity_16(bytes)) check_capacity(*capacity);
    if (const auto command = parse_inquiry_cdb(bytes)) {
        const auto cdb = command->evpd ? vpd_cdb(command->page, command->allocation_length)
                                       : inquiry_cdb(command->allocation_length);
        const auto again = parse_inquiry_cdb(cdb);
        if (!again || !(*again == *command)) std::abort();
    }
    if (const auto command = parse_report_target_port_groups_cdb(bytes)) {
        const auto again = parse_report_target_port_groups_cdb(
            report_target_port_groups_cdb(command->format, command->allocation_length));
        if (!again || !(*again == *command)) std::abort();
    }
    if (const auto length = parse_set_target_port_groups_cdb(bytes)) {
        const auto again = parse_set_target_port_groups_cdb(set_target_port_groups_cdb(*length));
        if (!again || *again != *length) std::abort();
    }
    if (const auto command = parse_reserve_in_cdb(bytes)) {
        const auto again =
            parse_reserve_in_cdb(reserve_in_cdb(command->action, command->allocation_length));
        if (!again || !(*again == *command)) std::abort();
    }
    if (const auto command = parse_reserve_out_cdb(bytes)) {
        const auto again = parse_reserve_out_cdb(reserve_out_cdb(*command));
        if (!again || !(*again == *command)) std::abort();
    }
    if (const auto length = parse_read_capacity_16_cdb(bytes)) {
        const auto again = parse_read_capacity_16_cdb(read_capacity_16_cdb(*length));
        if (!again || *again != *length) std::abort();
    }
    return 0;
}
