// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/newcomer.hpp"

#include "daemon/inventory/device_inquiry.hpp"

#include <cerrno>
#include <utility>

namespace mpapi::standalone {

NewcomerJob::NewcomerJob(daemon::Hardware& hardware, Newcomer newcomer,
                         std::chrono::milliseconds timeout, Answered answered)
  : Job(newcomer.scsi_host)
  , hardware_(hardware)
  , newcomer_(std::move(newcomer))
  , timeout_(timeout)
  , answered_(std::move(answered)) {}

void NewcomerJob::run(daemon::Progress& progress) {
    progress.begin("open", timeout_);
    auto opened = hardware_.open(newcomer_.device, newcomer_.number);
    if (!opened) {
        found_ = opened.error();
        return;
    }
    const auto identity = daemon::ask_identity(**opened, progress, timeout_);
    if (!identity.result)
        found_ = identity.result.error();
    else if (const std::string& name = identity.result->unit.unit_name;
             name.empty() || name != newcomer_.unit_name)
        found_ = Error{"add path", newcomer_.device,
                       "it leads to \"" + name + "\", not to " + newcomer_.unit_name, EXDEV};
    else
        found_ = Device(std::move(*opened));
}

void NewcomerJob::done() {
    answered_(std::move(found_));
}

void NewcomerJob::stalled(const daemon::Stall& stall) {
    answered_(Error{stall.command.empty() ? "ask" : stall.command, newcomer_.device, stall.reason,
                    ETIMEDOUT});
}

} // namespace mpapi::standalone
