// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One of two arrays of 5 000 units has trouble: its target port groups change places (10 000 groups
// are told), then its four ports are lost and return (40 000 paths are told, each time). Until a
// client has heard of the last of them, and what another client notices of it.
#include "bench/pinger.hpp"

#include <string>
#include <unordered_set>

using namespace mpapi;
using namespace mpapi::bench;

namespace {

struct Story {
    std::vector<std::pair<const char*, const char*>> calls; // verb and port, if it wants one
    const char* interface;
    std::size_t objects;
};

const Story kFailsOver{{{"ArrayFailsOver", nullptr}}, kGroup, 10'000};
const Story kLost{{{"PortLost", "A0"}, {"PortLost", "A1"}, {"PortLost", "B0"}, {"PortLost", "B1"}},
                  kPath,
                  40'000};
const Story kReturns{{{"PortRestored", "A0"},
                      {"PortRestored", "A1"},
                      {"PortRestored", "B0"},
                      {"PortRestored", "B1"}},
                     kPath,
                     40'000};

struct Heard {
    std::unordered_set<std::string> objects;
    std::size_t signals = 0;
};

struct Runs {
    std::vector<double> seconds, daemon_cpu, bus_cpu, longest_ping, signals;
};

int on_signal(sd_bus_message* message, void* data, sd_bus_error*) {
    auto& heard = *static_cast<Heard*>(data);
    ++heard.signals;
    heard.objects.insert(sd_bus_message_get_path(message));
    return 0;
}

void tell(const PrivateBus& bus, const San& san, const Story& story, Runs& runs) {
    const Bus client = bus.connect();
    Heard heard;
    const BusSlot slot = hear_changes(client.get(), story.interface, on_signal, &heard);
    Pinger pinger(bus);
    const double daemon_before = cpu_seconds(san.process());
    const double bus_before = cpu_seconds(bus.process());
    const auto began = Clock::now();
    for (const auto& [verb, port] : story.calls) {
        const int r = port ? sd_bus_call_method_async(client.get(), nullptr, kName, kSanRoot, kSan,
                                                      verb, nullptr, nullptr, "ss", "left", port)
                           : sd_bus_call_method_async(client.get(), nullptr, kName, kSanRoot, kSan,
                                                      verb, nullptr, nullptr, "su", "left", 0u);
        if (r < 0) fail(verb, -r);
    }
    await(client.get(), "the last signal", std::chrono::seconds(60),
          [&] { return heard.objects.size() == story.objects; });
    runs.seconds.push_back(milliseconds(Clock::now() - began) / 1000);
    runs.daemon_cpu.push_back(cpu_seconds(san.process()) - daemon_before);
    runs.bus_cpu.push_back(cpu_seconds(bus.process()) - bus_before);
    runs.longest_ping.push_back(pinger.take_longest());
    runs.signals.push_back(static_cast<double>(heard.signals));
    ping(client.get()); // it was not dropped
}

void report(const std::string& what, const Runs& runs) {
    print({"10 000 x 8: " + what + ", last signal", median(runs.seconds), "s", 1,
           "longest " + text(percentile(runs.seconds, 1)) + "; CPU: daemon " +
               text(median(runs.daemon_cpu)) + " s, dbus-daemon " + text(median(runs.bus_cpu)) +
               " s; signals: " + text(percentile(runs.signals, 1)) + "; no client dropped"});
    print({"the same: another client's longest call meanwhile", median(runs.longest_ping), "ms",
           std::nullopt, "longest of all runs: " + text(percentile(runs.longest_ping, 1))});
}

} // namespace

int main() {
    const PrivateBus bus;
    const San san(bus, {.refresh = false});
    Runs fails_over, lost, returns;
    for (int n = 0; n < 5; ++n) {
        tell(bus, san, kFailsOver, fails_over);
        tell(bus, san, kLost, lost);
        tell(bus, san, kReturns, returns);
    }
    report("an array's 10 000 groups change places", fails_over);
    report("an array's 40 000 paths are lost", lost);
    report("an array's 40 000 paths return", returns);
}
