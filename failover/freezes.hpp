// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Finds out that this process did not run for a while: it was stopped or frozen, or the machine
// slept. What was on the interface meanwhile was defended by nobody. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>

namespace mpapi::failover {

class Freezes {
  public:
    // `thawed` is called after each.
    Freezes(sd_event* loop, std::function<void()> thawed)
      : loop_(loop)
      , thawed_(std::move(thawed)) {}
    Freezes(const Freezes&) = delete;
    Freezes& operator=(const Freezes&) = delete;

    // Wakes the process once a second; to be ended while nothing is to be lost.
    Status watch();
    void end() { heart_.reset(); }
    std::uint64_t count() const { return count_; }

  private:
    static int beat(sd_event_source* source, std::uint64_t, void* userdata);

    sd_event* loop_;
    std::function<void()> thawed_;
    EventSource heart_;
    std::uint64_t last_ = 0; // CLOCK_BOOTTIME, microseconds
    std::uint64_t count_ = 0;
};

} // namespace mpapi::failover
