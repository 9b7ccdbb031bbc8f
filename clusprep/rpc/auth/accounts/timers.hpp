// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Time for what has to wait: the loop's, or a test's own.
#pragma once

#include "common/system/handle.hpp"

#include <chrono>
#include <functional>
#include <map>

namespace mpapi::rpc {

class Timers {
  public:
    using Time = std::chrono::steady_clock::time_point;

    virtual ~Timers() = default;
    virtual Time now() const = 0;
    // From the loop, once. What is still to come when the timers go is dropped.
    virtual void at(Time when, std::function<void()> work) = 0;
};

class LoopTimers final : public Timers {
  public:
    // The loop must outlive it.
    explicit LoopTimers(sd_event* loop)
      : loop_(loop) {}

    Time now() const override { return std::chrono::steady_clock::now(); }
    // Where the loop has no memory for a timer the work is done at once.
    void at(Time when, std::function<void()> work) override;

  private:
    struct Waiting {
        LoopTimers* owner = nullptr;
        std::uint64_t number = 0;
        std::function<void()> work;
        EventSource source;
    };
    static int due(sd_event_source* source, std::uint64_t usec, void* data);

    sd_event* const loop_;
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, Waiting> waiting_;
};

} // namespace mpapi::rpc
