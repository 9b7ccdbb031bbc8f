// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Ctrl-C and its like, taken as the wish to leave in order: what is under way ends, nothing more is
// begun, objects are released. The second signal ends the process as ever.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace mpapi::client {

class Interrupt {
  public:
    // Of SIGINT, SIGTERM and SIGHUP; the loop outlives it.
    static Result<std::unique_ptr<Interrupt>> watch(sd_event* loop);
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    int signal() const { return signal_; } // 0: none yet
    void on_signal(std::function<void()> told) { told_ = std::move(told); }
    // Runs the loop until there is one, the time is over, or wake() is called.
    Status wait(std::chrono::milliseconds limit);
    // From within the loop. Between waits it ends the next one at once.
    void wake() { awake_ = true; }

  private:
    explicit Interrupt(sd_event* loop)
      : loop_(loop) {}
    static int arrived(sd_event_source* source, const signalfd_siginfo* info, void* userdata);

    sd_event* loop_;
    std::vector<EventSource> sources_;
    std::function<void()> told_;
    int signal_ = 0;
    bool awake_ = false;
};

} // namespace mpapi::client
