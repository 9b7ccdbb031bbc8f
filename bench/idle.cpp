// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How often the daemon wakes while nothing happens. It has no watchdog here, so the right number
// is none.
#include "bench/san.hpp"

#include <thread>

using namespace mpapi::bench;

int main() {
    const PrivateBus bus;
    const San san(bus, {.refresh = false});
    // What the start has left behind is over then: the last is a deadline of 5 s for its commands.
    std::this_thread::sleep_for(std::chrono::seconds(6));
    const auto switches = voluntary_switches(san.process());
    const auto cpu = cpu_seconds(san.process());
    std::this_thread::sleep_for(std::chrono::seconds(30));
    print(
        {"10 000 x 8: wake-ups in 30 s idle, refresh off",
         static_cast<double>(voluntary_switches(san.process()) - switches), "", 0,
         "of all threads; CPU " + text(cpu_seconds(san.process()) - cpu) + " s; watchdog not set"});
}
