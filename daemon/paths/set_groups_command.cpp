// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/set_groups_command.hpp"

#include "common/scsi/commands.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/text.hpp"
#include "daemon/inventory/device_inquiry.hpp"

#include <utility>

namespace mpapi::paths {

namespace {

constexpr char kCommand[] = "SET TARGET PORT GROUPS";
constexpr int kAttentionRetries = 5; // as many as device_inquiry.cpp allows

SetGroupsAnswer meaning_of(const scsi::Sense& sense) {
    const std::string text = std::string(kCommand) + ": " + scsi::sense_text(sense) + ".";
    using scsi::SenseKey;
    if (scsi::is_no_such_unit(sense)) return NoAnswer{text};
    if (sense.key == SenseKey::IllegalRequest) {
        // No such command, or no such service action of it. All else is about what was asked for
        // (SPC-3 6.31).
        if (sense.asc == 0x20 || sense.asc == 0x24) return Refused{Refusal::Unsupported, text};
        return Refused{Refusal::AccessStateInvalid, text};
    }
    // The port's group does not take the command; another's may (SPC-4 5.15.2.4).
    if (scsi::is_standby(sense) || scsi::is_unavailable(sense) || scsi::is_offline(sense))
        return NoAnswer{text};
    const bool for_a_while = scsi::is_transitioning(sense) ||
                             sense.is(SenseKey::NotReady, 0x04, 0x01) || // becoming ready
                             sense.key == SenseKey::AbortedCommand;
    if (for_a_while) return NotNow{text};
    return Refused{Refusal::Failed, text};
}

} // namespace

std::optional<std::string> leads_elsewhere(daemon::ScsiDevice& device, daemon::Progress& progress,
                                           const std::string& unit_name,
                                           std::chrono::milliseconds timeout) {
    const auto told = daemon::ask_identity(device, progress, timeout);
    if (!told.result) return told.result.error().message();
    if (told.result->unit.unit_name != unit_name)
        return "the device is logical unit " + told.result->unit.unit_name + " by now";
    return std::nullopt;
}

SetGroupsAnswer set_target_port_groups(daemon::ScsiDevice& device, daemon::Progress& progress,
                                       const std::string& unit_name,
                                       std::span<const scsi::SetTargetPortGroup> groups,
                                       std::chrono::milliseconds inquiry_timeout,
                                       std::chrono::milliseconds command_timeout) {
    if (auto why = leads_elsewhere(device, progress, unit_name, inquiry_timeout))
        return NoAnswer{std::move(*why)};

    const auto list = scsi::build_set_target_port_groups(groups);
    const auto cdb = scsi::set_target_port_groups_cdb(static_cast<std::uint32_t>(list.size()));
    for (int tries = 0;; ++tries) {
        progress.begin(kCommand, command_timeout);
        const daemon::ScsiReply reply = device.write(cdb, list, command_timeout);
        if (reply.error) return NoAnswer{reply.error->message()};
        switch (static_cast<scsi::StatusCode>(reply.status)) {
        case scsi::StatusCode::Good:
            return Taken{};
        case scsi::StatusCode::Busy:
        case scsi::StatusCode::TaskSetFull:
        case scsi::StatusCode::AcaActive:
        case scsi::StatusCode::TaskAborted:
            return NotNow{std::string(kCommand) + ": the device is busy."};
        case scsi::StatusCode::ReservationConflict:
            return Refused{Refusal::NotPermitted,
                           std::string(kCommand) +
                               ": another initiator holds a persistent reservation."};
        default:
            break;
        }
        const auto sense = scsi::parse_sense(reply.sense);
        if (!sense)
            return Refused{Refusal::Failed, std::string(kCommand) + ": status " +
                                                scsi::hex8(reply.status) + " without sense data."};
        if (scsi::is_unit_attention(*sense) && tries < kAttentionRetries) continue;
        return meaning_of(*sense);
    }
}

} // namespace mpapi::paths
