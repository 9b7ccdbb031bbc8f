// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/replies.hpp"

#include "common/scsi/commands.hpp"

#include <algorithm>
#include <cstring>

namespace mpapi::san {

using daemon::ScsiReply;
using scsi::Bytes;
using scsi::SenseKey;

ScsiReply refused(SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
    scsi::Sense sense;
    sense.key = key;
    sense.asc = asc;
    sense.ascq = ascq;
    ScsiReply reply;
    reply.status = static_cast<std::uint8_t>(scsi::StatusCode::CheckCondition);
    reply.sense = scsi::build_sense(sense);
    return reply;
}

ScsiReply invalid_field_in_cdb() {
    return refused(SenseKey::IllegalRequest, 0x24, 0x00);
}
ScsiReply invalid_field_in_list() {
    return refused(SenseKey::IllegalRequest, 0x26, 0x00);
}
ScsiReply unknown_command() {
    return refused(SenseKey::IllegalRequest, 0x20, 0x00);
}

ScsiReply not_carried(const char* reason, int errnum) {
    ScsiReply reply;
    reply.error = Error{"SCSI command", {}, reason, errnum};
    return reply;
}

ScsiReply answer(Bytes bytes, std::span<std::uint8_t> in, std::size_t allocation) {
    ScsiReply reply;
    reply.received = std::min({bytes.size(), in.size(), allocation});
    if (reply.received != 0) std::memcpy(in.data(), bytes.data(), reply.received);
    return reply;
}

ScsiReply answer(const Result<std::vector<std::uint8_t>>& bytes, std::span<std::uint8_t> in,
                 std::size_t allocation) {
    // What no reply can hold: not for a description within its limits.
    if (!bytes) return refused(SenseKey::HardwareError, 0x44, 0x00);
    return answer(Bytes(*bytes), in, allocation);
}

ScsiReply reservation_conflict() {
    ScsiReply reply;
    reply.status = static_cast<std::uint8_t>(scsi::StatusCode::ReservationConflict);
    return reply;
}

} // namespace mpapi::san
