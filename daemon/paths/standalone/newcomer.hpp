// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Before a device becomes part of a map it says itself, through an open descriptor, that it leads
// to the map's logical unit. The descriptor stays open until the table is loaded: while it is, the
// kernel gives the device number to no other disk.
#pragma once

#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace mpapi::standalone {

struct Newcomer {
    std::string device;
    model::DeviceNumber number;
    std::uint32_t scsi_host = 0;
    std::string unit_name; // what its VPD 83h must say
};

class NewcomerJob final : public daemon::Job {
  public:
    using Device = std::shared_ptr<daemon::ScsiDevice>;
    // Called once, on the loop, never from within submit(). EXDEV: it leads to something else.
    using Answered = std::function<void(Result<Device>)>;
    // The hardware outlives the job.
    NewcomerJob(daemon::Hardware& hardware, Newcomer newcomer, std::chrono::milliseconds timeout,
                Answered answered);

    void run(daemon::Progress& progress) override;
    void done() override;
    void stalled(const daemon::Stall& stall) override;

  private:
    daemon::Hardware& hardware_;
    const Newcomer newcomer_;
    const std::chrono::milliseconds timeout_;
    const Answered answered_;
    Result<Device> found_ = Error{}; // of the worker, until done()
};

} // namespace mpapi::standalone
