// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/identity_job.hpp"

#include "daemon/inventory/device_inquiry.hpp"

#include <cerrno>
#include <utility>

namespace mpapi::paths {

IdentityJob::IdentityJob(daemon::Hardware& hardware, Claimed claimed,
                         std::chrono::milliseconds timeout, Answered answered)
  : Job(claimed.scsi_host)
  , hardware_(hardware)
  , claimed_(std::move(claimed))
  , timeout_(timeout)
  , answered_(std::move(answered)) {}

void IdentityJob::run(daemon::Progress& progress) {
    progress.begin("open", timeout_);
    auto opened = hardware_.open(claimed_.device, claimed_.number);
    if (!opened) {
        found_ = opened.error();
        return;
    }
    const auto identity = daemon::ask_identity(**opened, progress, timeout_);
    if (!identity.result)
        found_ = identity.result.error();
    else if (const std::string& name = identity.result->unit.unit_name;
             name.empty() || name != claimed_.unit_name)
        found_ = Error{"use path", claimed_.device,
                       "it leads to \"" + name + "\", not to " + claimed_.unit_name, EXDEV};
    else
        found_ = Device(std::move(*opened));
}

void IdentityJob::done() {
    answered_(std::move(found_));
}

void IdentityJob::stalled(const daemon::Stall& stall) {
    answered_(Error{stall.command.empty() ? "ask" : stall.command, claimed_.device, stall.reason,
                    ETIMEDOUT});
}

} // namespace mpapi::paths
