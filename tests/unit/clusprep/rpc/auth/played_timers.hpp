// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Time that passes when a test says so.
#pragma once

#include "clusprep/rpc/auth/accounts/timers.hpp"

namespace mpapi::rpc::test {

class PlayedTimers final : public Timers {
  public:
    Time now() const override { return now_; }
    void at(Time when, std::function<void()> work) override { due_.emplace(when, std::move(work)); }

    void pass(std::chrono::milliseconds time) {
        const Time end = now_ + time;
        while (!due_.empty() && due_.begin()->first <= end) {
            now_ = std::max(now_, due_.begin()->first);
            const auto work = std::move(due_.begin()->second);
            due_.erase(due_.begin());
            work();
        }
        now_ = end;
    }
    std::size_t waiting() const { return due_.size(); }

  private:
    Time now_{std::chrono::hours(1000)};
    std::multimap<Time, std::function<void()>> due_;
};

} // namespace mpapi::rpc::test
