// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/command.hpp"

#include "common/scsi/read_capacity.hpp"
#include "daemon/san/replies.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace mpapi::san {

using daemon::ScsiReply;
using scsi::Bytes;
using scsi::Opcode;
using scsi::SenseKey;

ScsiReply Command::blocks() {
    const std::uint64_t count = unit_.identity.size / block_size;
    switch (operation_) {
    case static_cast<std::uint8_t>(Opcode::ReadCapacity10):
    case static_cast<std::uint8_t>(Opcode::ServiceActionIn16): {
        scsi::Capacity capacity;
        capacity.last_block = count - 1;
        capacity.block_size = block_size;
        if (is(Opcode::ReadCapacity10))
            return answer(Bytes(scsi::build_capacity_10(capacity)), in_);
        if (scsi::service_action(cdb_) != scsi::read_capacity_16_action)
            return invalid_field_in_cdb();
        const auto allocation = scsi::parse_read_capacity_16_cdb(cdb_);
        if (!allocation) return invalid_field_in_cdb();
        return answer(Bytes(scsi::build_capacity_16(capacity)), in_, *allocation);
    }
    case synchronize_cache_10:
    case synchronize_cache_16:
        return {};
    case read_10:
    case write_10:
    case read_16:
    case write_16:
        break;
    default:
        return unknown_command();
    }
    const bool sixteen = operation_ >= read_16;
    if (cdb_.size() < (sixteen ? 16u : 10u)) return invalid_field_in_cdb();
    const std::uint64_t first = sixteen ? scsi::load_u64(cdb_, 2) : scsi::load_u32(cdb_, 2);
    const std::uint64_t blocks = sixteen ? scsi::load_u32(cdb_, 10) : scsi::load_u16(cdb_, 7);
    if (first > count || blocks > count - first)
        return refused(SenseKey::IllegalRequest, 0x21, 0x00);
    return operation_ == read_10 || operation_ == read_16 ? read(first, blocks)
                                                          : write(first, blocks);
}

// What was never written is zero.
ScsiReply Command::read(std::uint64_t first, std::uint64_t blocks) {
    ScsiReply reply;
    reply.received = std::min<std::uint64_t>(blocks * block_size, in_.size());
    std::size_t filled = 0;
    while (unit_.data && filled < reply.received) {
        const auto got = ::pread(unit_.data.get(), in_.data() + filled, reply.received - filled,
                                 static_cast<off_t>(first * block_size + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(SenseKey::MediumError, 0x11, 0x00);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    std::fill(in_.begin() + static_cast<std::ptrdiff_t>(filled),
              in_.begin() + static_cast<std::ptrdiff_t>(reply.received), std::uint8_t{0});
    return reply;
}

ScsiReply Command::write(std::uint64_t first, std::uint64_t blocks) {
    if (blocks * block_size > out_.size())
        return not_carried("fewer bytes than blocks to write", EINVAL);
    if (!unit_.data) unit_.data.reset(::memfd_create("mpapi-san-unit", MFD_CLOEXEC));
    std::size_t written = 0;
    while (unit_.data && written < blocks * block_size) {
        const auto put =
            ::pwrite(unit_.data.get(), out_.data() + written, blocks * block_size - written,
                     static_cast<off_t>(first * block_size + written));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) break;
        written += static_cast<std::size_t>(put);
    }
    if (written < blocks * block_size) return refused(SenseKey::MediumError, 0x0c, 0x00);
    return {};
}

} // namespace mpapi::san
