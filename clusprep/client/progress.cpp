// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/progress.hpp"

#include "clusprep/client/report.hpp"
#include "common/text/printable.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace mpapi::client {
namespace {

constexpr std::uint64_t second_us = 1'000'000;

std::uint64_t now() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

} // namespace

Status Progress::begins(const std::string& node, const std::string& method) {
    if (interrupt_.signal() != 0) return Error{"interrupted", "", ""};
    node_ = printable(node);
    method_ = method;
    if (!shown_) return Done{};
    begun_ = now(); // the loop's own clock stands still between its turns
    sd_event_source* timer = nullptr;
    // Only shown: a call is made without it as well.
    if (sd_event_add_time(loop_, &timer, CLOCK_MONOTONIC, begun_ + second_us, 0, second, this) >= 0)
        timer_.reset(timer);
    return Done{};
}

int Progress::second(sd_event_source* timer, std::uint64_t when, void* userdata) {
    auto& self = *static_cast<Progress*>(userdata);
    const std::uint64_t seconds = (when - self.begun_) / second_us;
    std::fprintf(stderr, "\r\x1b[K%s: %s: %llu s", self.node_.c_str(), self.method_.c_str(),
                 static_cast<unsigned long long>(seconds));
    std::fflush(stderr);
    self.written_ = true;
    sd_event_source_set_time(timer, when + second_us);
    sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
    return 0;
}

void Progress::ended() {
    timer_.reset();
    method_.clear();
    wipe();
}

void Progress::wipe() {
    if (written_) std::fputs("\r\x1b[K", stderr);
    written_ = false;
}

} // namespace mpapi::client
