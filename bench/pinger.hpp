// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether the daemon's loop stands still: calls one after the other from a thread of its own, the
// longest of which is kept.
#pragma once

#include "bench/san.hpp"

#include <atomic>
#include <thread>

namespace mpapi::bench {

class Pinger {
  public:
    explicit Pinger(const PrivateBus& bus)
      : client_(bus.connect())
      , thread_([this] { run(); }) {}
    ~Pinger() {
        stop_ = true;
        thread_.join();
    }
    Pinger(const Pinger&) = delete;
    Pinger& operator=(const Pinger&) = delete;

    // Milliseconds of the longest call that ended since it was asked last.
    double take_longest() {
        return std::chrono::duration<double, std::milli>(Clock::duration(longest_.exchange(0)))
            .count();
    }

  private:
    void run() {
        while (!stop_) {
            const auto began = Clock::now();
            ping(client_.get());
            const auto took = (Clock::now() - began).count();
            auto longest = longest_.load();
            while (took > longest && !longest_.compare_exchange_weak(longest, took)) {
            }
        }
    }

    Bus client_;
    std::atomic<Clock::rep> longest_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

} // namespace mpapi::bench
