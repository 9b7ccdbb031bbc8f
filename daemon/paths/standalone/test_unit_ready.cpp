// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/test_unit_ready.hpp"

#include "common/scsi/commands.hpp"
#include "common/scsi/sense.hpp"

#include <array>
#include <cerrno>
#include <utility>

namespace mpapi::standalone {

namespace {

constexpr const char* kCommand = "TEST UNIT READY";
constexpr int kAttentionRetries = 5; // each I_T nexus may have several queued (SAM-5 5.14)
constexpr std::array<std::uint8_t, 6> kCdb{static_cast<std::uint8_t>(scsi::Opcode::TestUnitReady)};

bool own_trouble(const Error& error) {
    return error.errnum == EMFILE || error.errnum == ENFILE || error.errnum == ENOMEM ||
           error.errnum == EACCES || error.errnum == EPERM;
}

} // namespace

Answer judge(const daemon::ScsiReply& reply) {
    if (reply.error) return own_trouble(*reply.error) ? Answer::NotAsked : Answer::Silent;
    if (reply.good()) return Answer::Ready;
    const auto sense = scsi::parse_sense(reply.sense);
    if (reply.status != static_cast<std::uint8_t>(scsi::StatusCode::CheckCondition) || !sense)
        return Answer::Speaks;
    if (scsi::is_transitioning(*sense) || scsi::is_standby(*sense) ||
        scsi::is_unavailable(*sense) || scsi::is_offline(*sense))
        return Answer::Waits;
    if (scsi::is_no_such_unit(*sense)) return Answer::NoUnit;
    return Answer::Speaks;
}

Readiness test_unit_ready(daemon::ScsiDevice& device, daemon::Progress& progress,
                          std::chrono::milliseconds timeout) {
    Readiness found;
    for (int tries = 0; tries <= kAttentionRetries; ++tries) {
        progress.begin(kCommand, timeout);
        const daemon::ScsiReply reply = device.write(kCdb, {}, timeout);
        found.answer = judge(reply);
        const auto sense = scsi::parse_sense(reply.sense);
        if (reply.error || reply.good() || !sense || !scsi::is_unit_attention(*sense)) break;
        found.attention |= scsi::is_identity_change(*sense) || scsi::is_access_state_change(*sense);
    }
    return found;
}

ReadinessJob::ReadinessJob(daemon::Hardware& hardware, std::string device,
                           model::DeviceNumber number, std::uint32_t scsi_host,
                           std::chrono::milliseconds timeout, Answered answered)
  : Job(scsi_host)
  , hardware_(hardware)
  , device_(std::move(device))
  , number_(number)
  , timeout_(timeout)
  , answered_(std::move(answered)) {}

void ReadinessJob::run(daemon::Progress& progress) {
    progress.begin("open", timeout_);
    const auto opened = hardware_.open(device_, number_);
    if (opened)
        found_ = test_unit_ready(**opened, progress, timeout_);
    else
        found_.answer = own_trouble(opened.error()) ? Answer::NotAsked : Answer::Silent;
}

void ReadinessJob::done() {
    answered_(found_);
}

// Refused without a command: the host's workers hang, which says nothing about this path.
void ReadinessJob::stalled(const daemon::Stall& stall) {
    answered_({stall.command.empty() ? Answer::NotAsked : Answer::Silent, false});
}

} // namespace mpapi::standalone
