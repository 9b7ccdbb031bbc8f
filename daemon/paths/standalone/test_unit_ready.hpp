// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether a path works, by TEST UNIT READY (SPC-3 6.33). The question is about the path: a unit
// that answers through it, whatever it says, was reached by it; one whose target port group does
// not carry I/O for now says so and is not to be taken for a failed path.
#pragma once

#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace mpapi::standalone {

enum class Answer : std::uint8_t {
    Ready,    // GOOD
    Waits,    // NOT READY for its access state: standby, unavailable, transitioning, offline
    Speaks,   // anything else: the path works, the unit has its reasons
    NoUnit,   // nothing is behind this LUN any more
    Silent,   // the command did not arrive, or nothing came back
    NotAsked, // for reasons of our own; says nothing about the path
};

struct Readiness {
    Answer answer = Answer::NotAsked;
    bool attention = false; // about identity or access states: the unit is worth asking
    bool operator==(const Readiness&) const = default;
};

// What one reply says.
Answer judge(const daemon::ScsiReply& reply);

// Sends the command again after unit attentions.
Readiness test_unit_ready(daemon::ScsiDevice& device, daemon::Progress& progress,
                          std::chrono::milliseconds timeout);

// The whole of it on a worker. `answered` is called once, on the loop, never from within submit().
class ReadinessJob final : public daemon::Job {
  public:
    using Answered = std::function<void(Readiness)>;
    // The hardware outlives the job.
    ReadinessJob(daemon::Hardware& hardware, std::string device, model::DeviceNumber number,
                 std::uint32_t scsi_host, std::chrono::milliseconds timeout, Answered answered);

    void run(daemon::Progress& progress) override;
    void done() override;
    void stalled(const daemon::Stall& stall) override;

  private:
    daemon::Hardware& hardware_;
    const std::string device_;
    const model::DeviceNumber number_;
    const std::chrono::milliseconds timeout_;
    const Answered answered_;
    Readiness found_; // of the worker, until done()
};

} // namespace mpapi::standalone
