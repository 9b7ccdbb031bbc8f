// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/timers.hpp"

#include "common/system/clock.hpp"

#include <ctime>

namespace mpapi::rpc {

void LoopTimers::at(Time when, std::function<void()> work) {
    const std::uint64_t number = next_++;
    Waiting& waiting = waiting_[number];
    waiting = {this, number, std::move(work), {}};
    sd_event_source* source = nullptr;
    if (sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, to_usec(when), 1000, due, &waiting) <
        0) {
        auto now = std::move(waiting.work);
        waiting_.erase(number);
        return now();
    }
    waiting.source.reset(source);
}

int LoopTimers::due(sd_event_source*, std::uint64_t, void* data) {
    auto* const waiting = static_cast<Waiting*>(data);
    const auto work = std::move(waiting->work);
    waiting->owner->waiting_.erase(waiting->number);
    work(); // may destroy the timers
    return 0;
}

} // namespace mpapi::rpc
