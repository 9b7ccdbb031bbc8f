// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/loop_end.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace mpapi::bus {

Status end_on_signals(sd_event* loop) {
    for (const int number : {SIGTERM, SIGINT}) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, number);
        if (sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return Error{"block", "signal", "", errno};
        // Without a handler the loop ends.
        if (const int r = sd_event_add_signal(loop, nullptr, number, nullptr, nullptr); r < 0)
            return Error{"watch", "signal", "", -r};
    }
    return Done{};
}

Status end_without_bus(sd_bus* bus, sd_event* loop) {
    const auto lost = [](sd_bus_message*, void* userdata, sd_bus_error*) {
        return sd_event_exit(static_cast<sd_event*>(userdata), EXIT_FAILURE);
    };
    const int r = sd_bus_match_signal_async(bus, nullptr, "org.freedesktop.DBus.Local", nullptr,
                                            "org.freedesktop.DBus.Local", "Disconnected", lost,
                                            nullptr, loop);
    if (r < 0) return Error{"watch", "system bus", "", -r};
    return Done{};
}

} // namespace mpapi::bus
