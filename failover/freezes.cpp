// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/freezes.hpp"

namespace mpapi::failover {

namespace {

// Late by more than two beats, the process was not running (CLOCK_BOOTTIME goes on in the
// machine's sleep). Microseconds.
constexpr std::uint64_t kBeat = 1'000'000, kFrozen = 3'000'000;

} // namespace

Status Freezes::watch() {
    if (heart_) return Done{};
    int r = sd_event_now(loop_, CLOCK_BOOTTIME, &last_);
    sd_event_source* source = nullptr;
    if (r >= 0)
        r = sd_event_add_time_relative(loop_, &source, CLOCK_BOOTTIME, kBeat, kBeat / 4, beat,
                                       this);
    if (r < 0) return Error{"watch for", "freezes", "", -r};
    heart_.reset(source);
    return Done{};
}

int Freezes::beat(sd_event_source* source, std::uint64_t, void* userdata) {
    Freezes& self = *static_cast<Freezes*>(userdata);
    std::uint64_t time = 0;
    if (sd_event_now(self.loop_, CLOCK_BOOTTIME, &time) < 0) return 0;
    const bool frozen = time - self.last_ > kFrozen;
    self.last_ = time;
    sd_event_source_set_time(source, time + kBeat);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    if (!frozen) return 0;
    ++self.count_;
    self.thawed_();
    return 0;
}

} // namespace mpapi::failover
