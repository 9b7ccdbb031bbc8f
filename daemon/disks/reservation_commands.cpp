// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/reservation_commands.hpp"

#include "common/scsi/grow_and_retry.hpp"
#include "common/scsi/sense.hpp"

#include <cerrno>

namespace mpapi::disks {

namespace {

using daemon::ScsiReply;
using scsi::ReserveInAction;
using scsi::ReserveOutAction;

constexpr int kAttentionRetries = 5; // each I_T nexus may have several queued (SAM-5 5.14)

bool is_status(const ScsiReply& reply, scsi::StatusCode code) {
    return reply.status == static_cast<std::uint8_t>(code);
}

// Nothing: send it again.
std::optional<Error> failure(const char* command, const ScsiReply& reply, bool again) {
    if (reply.error)
        return Error{command, "", reply.error->message(),
                     reply.error->errnum == ENODEV ? ENODEV : EIO};
    if (is_status(reply, scsi::StatusCode::ReservationConflict))
        return Error{command, "", "reservation conflict", EBADE};
    if (is_status(reply, scsi::StatusCode::Busy) || is_status(reply, scsi::StatusCode::TaskSetFull))
        return Error{command, "", "the device is busy", EAGAIN};
    const auto sense = scsi::parse_sense(reply.sense);
    if (!is_status(reply, scsi::StatusCode::CheckCondition) || !sense)
        return Error{command, "", "status " + scsi::hex8(reply.status), EIO};
    if (scsi::is_unit_attention(*sense) && again) return std::nullopt;
    return Error{command, "", scsi::sense_text(*sense),
                 scsi::is_unsupported(*sense)             ? EOPNOTSUPP
                 : scsi::is_communication_failure(*sense) ? ECOMM
                                                          : EIO};
}

const char* name_of(ReserveOutAction action) {
    switch (action) {
    case ReserveOutAction::RegisterAndIgnoreExistingKey:
        return "PERSISTENT RESERVE OUT (REGISTER AND IGNORE EXISTING KEY)";
    case ReserveOutAction::Reserve:
        return "PERSISTENT RESERVE OUT (RESERVE)";
    case ReserveOutAction::Release:
        return "PERSISTENT RESERVE OUT (RELEASE)";
    case ReserveOutAction::Clear:
        return "PERSISTENT RESERVE OUT (CLEAR)";
    case ReserveOutAction::Preempt:
        return "PERSISTENT RESERVE OUT (PREEMPT)";
    default:
        return "PERSISTENT RESERVE OUT";
    }
}

bool has_type(ReserveOutAction action) {
    return action == ReserveOutAction::Reserve || action == ReserveOutAction::Release ||
           action == ReserveOutAction::Preempt || action == ReserveOutAction::PreemptAndAbort;
}

template <typename T>
Result<T> told(const char* command, Result<T> parsed) {
    if (parsed) return parsed;
    const Error& error = parsed.error();
    return Error{command, "", error.reason.empty() ? error.message() : error.reason, EBADMSG};
}

} // namespace

Result<std::vector<std::uint8_t>> ReservationCommands::read(ReserveInAction action,
                                                            const char* name) {
    const auto execute = [&](std::size_t allocation) -> Result<std::vector<std::uint8_t>> {
        std::vector<std::uint8_t> buffer(allocation);
        const auto cdb = scsi::reserve_in_cdb(action, static_cast<std::uint16_t>(allocation));
        for (int tries = 0;; ++tries) {
            progress_.begin(name, timeout_);
            const ScsiReply reply = device_.read(cdb, buffer, timeout_);
            if (reply.good()) {
                buffer.resize(std::min(reply.received, buffer.size()));
                return buffer;
            }
            if (auto error = failure(name, reply, tries < kAttentionRetries))
                return *std::move(error);
        }
    };
    return scsi::grow_and_retry(
        {scsi::reserve_in_allocation, 65535}, execute,
        [&](scsi::Bytes reply) { return scsi::reserve_in_length(action, reply); });
}

Result<scsi::FullStatus> ReservationCommands::read_full_status() {
    constexpr const char* name = "PERSISTENT RESERVE IN (READ FULL STATUS)";
    const auto reply = read(ReserveInAction::ReadFullStatus, name);
    if (!reply) return reply.error();
    return told(name, scsi::parse_full_status(*reply));
}

Result<scsi::ReservationKeys> ReservationCommands::read_keys() {
    constexpr const char* name = "PERSISTENT RESERVE IN (READ KEYS)";
    const auto reply = read(ReserveInAction::ReadKeys, name);
    if (!reply) return reply.error();
    return told(name, scsi::parse_reservation_keys(*reply));
}

Result<scsi::ReservationStatus> ReservationCommands::read_reservation() {
    constexpr const char* name = "PERSISTENT RESERVE IN (READ RESERVATION)";
    const auto reply = read(ReserveInAction::ReadReservation, name);
    if (!reply) return reply.error();
    return told(name, scsi::parse_reservation(*reply));
}

Result<scsi::ReserveCapabilities> ReservationCommands::report_capabilities() {
    constexpr const char* name = "PERSISTENT RESERVE IN (REPORT CAPABILITIES)";
    const auto reply = read(ReserveInAction::ReportCapabilities, name);
    if (!reply) return reply.error();
    return told(name, scsi::parse_reserve_capabilities(*reply));
}

Status ReservationCommands::send(ReserveOutAction action, std::uint64_t key,
                                 std::uint64_t service_action_key) {
    const char* name = name_of(action);
    scsi::ReserveOutList list;
    list.key = key;
    list.service_action_key = service_action_key;
    const auto bytes = scsi::build_reserve_out(list);
    if (!bytes) return bytes.error();
    scsi::ReserveOutCommand command;
    command.action = action;
    if (has_type(action)) command.type = kOurType;
    command.parameter_list_length = static_cast<std::uint32_t>(bytes->size());
    const auto cdb = scsi::reserve_out_cdb(command);
    for (int tries = 0;; ++tries) {
        progress_.begin(name, timeout_);
        const ScsiReply reply = device_.write(cdb, *bytes, timeout_);
        if (reply.good()) return Done{};
        if (auto error = failure(name, reply, tries < kAttentionRetries)) return *std::move(error);
    }
}

} // namespace mpapi::disks
