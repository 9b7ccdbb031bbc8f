// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Timers of an sd-event loop. They count time in which the host sleeps too.
#pragma once

#include "clusprep/node/cleanup/cleanup.hpp"

#include <systemd/sd-event.h>

namespace mpapi::node {

class LoopTimers final : public Timers {
  public:
    explicit LoopTimers(sd_event* loop)
      : loop_(loop) {}

    // Called from the loop, never from within after().
    Handle after(std::chrono::microseconds time, std::function<void()> then) override;

  private:
    sd_event* loop_;
};

} // namespace mpapi::node
