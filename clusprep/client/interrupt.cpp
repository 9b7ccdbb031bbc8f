// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/interrupt.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <sys/signalfd.h>

namespace mpapi::client {
namespace {

constexpr std::array numbers = {SIGINT, SIGTERM, SIGHUP};

sigset_t all() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : numbers)
        sigaddset(&set, number);
    return set;
}

} // namespace

Result<std::unique_ptr<Interrupt>> Interrupt::watch(sd_event* loop) {
    const sigset_t set = all();
    if (sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return Error{"block", "signals", "", errno};
    std::unique_ptr<Interrupt> made(new Interrupt(loop));
    for (const int number : numbers) {
        sd_event_source* source = nullptr;
        if (const int r = sd_event_add_signal(loop, &source, number, arrived, made.get()); r < 0)
            return Error{"watch", "signals", "", -r};
        made->sources_.emplace_back(source);
    }
    return made;
}

int Interrupt::arrived(sd_event_source*, const signalfd_siginfo* info, void* userdata) {
    auto& self = *static_cast<Interrupt*>(userdata);
    self.signal_ = static_cast<int>(info->ssi_signo);
    for (const EventSource& source : self.sources_)
        sd_event_source_set_enabled(source.get(), SD_EVENT_OFF);
    const sigset_t set = all();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    if (self.told_) self.told_();
    return 0;
}

Status Interrupt::wait(std::chrono::milliseconds limit) {
    const auto over = [](sd_event_source*, std::uint64_t, void* data) {
        static_cast<Interrupt*>(data)->wake();
        return 0;
    };
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
    sd_event_source* timer = nullptr;
    if (const int r = sd_event_add_time_relative(loop_, &timer, CLOCK_MONOTONIC,
                                                 static_cast<std::uint64_t>(usec), 0, over, this);
        r < 0)
        return Error{"make", "timer", "", -r};
    const EventSource owned(timer);
    while (signal_ == 0 && !awake_)
        if (const int r = sd_event_run(loop_, UINT64_MAX); r < 0)
            return Error{"run", "event loop", "", -r};
    awake_ = false;
    return Done{};
}

} // namespace mpapi::client
