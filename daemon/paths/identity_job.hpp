// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A device says itself, through an open descriptor, that it leads to the logical unit that it is
// taken for. While the descriptor is open the kernel gives neither the device number nor the name
// to another disk; whoever asked keeps it until what depends on it is done.
#pragma once

#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace mpapi::paths {

struct Claimed {
    std::string device;
    model::DeviceNumber number;
    std::uint32_t scsi_host = 0;
    std::string unit_name; // what its VPD 83h must say
};

class IdentityJob final : public daemon::Job {
  public:
    using Device = std::shared_ptr<daemon::ScsiDevice>;
    // Called once, on the loop, never from within submit(). EXDEV: it leads to something else.
    using Answered = std::function<void(Result<Device>)>;
    // The hardware outlives the job.
    IdentityJob(daemon::Hardware& hardware, Claimed claimed, std::chrono::milliseconds timeout,
                Answered answered);

    void run(daemon::Progress& progress) override;
    void done() override;
    void stalled(const daemon::Stall& stall) override;

  private:
    daemon::Hardware& hardware_;
    const Claimed claimed_;
    const std::chrono::milliseconds timeout_;
    const Answered answered_;
    Result<Device> found_ = Error{}; // of the worker, until done()
};

} // namespace mpapi::paths
