// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/cleanup/loop_timers.hpp"

#include "common/system/handle.hpp"

#include <algorithm>

namespace mpapi::node {

namespace {

struct Timer {
    std::function<void()> then;
    EventSource source;
};

int expired(sd_event_source*, std::uint64_t, void* userdata) {
    // What is called may drop the timer.
    const auto then = std::move(static_cast<Timer*>(userdata)->then);
    then();
    return 0;
}

} // namespace

Timers::Handle LoopTimers::after(std::chrono::microseconds time, std::function<void()> then) {
    auto timer = std::make_shared<Timer>();
    timer->then = std::move(then);
    sd_event_source* source = nullptr;
    const auto usec = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
    // Fails for want of memory only, and then nothing else works either.
    if (sd_event_add_time_relative(loop_, &source, CLOCK_BOOTTIME, usec, 10'000, expired,
                                   timer.get()) >= 0)
        timer->source.reset(source);
    return timer;
}

} // namespace mpapi::node
