// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A path fails: from the call that makes it fail to the signal at the same client. The call itself
// goes over the bus, and so does the signal: two hops through dbus-daemon are in the figure.
#include "bench/san.hpp"

using namespace mpapi;
using namespace mpapi::bench;

namespace {

constexpr unsigned kTimes = 1'000;

double from_call_to_signal(sd_bus* bus, const char* verb, unsigned& heard) {
    const unsigned before = heard;
    const auto began = Clock::now();
    // No answer is waited for: the signal may come first.
    const int r = sd_bus_call_method_async(bus, nullptr, kName, kSanRoot, kSan, verb, nullptr,
                                           nullptr, "s", "sda");
    if (r < 0) fail(verb, -r);
    await(bus, verb, std::chrono::seconds(30), [&] { return heard != before; });
    return milliseconds(Clock::now() - began);
}

} // namespace

int main() {
    const PrivateBus bus;
    const San san(bus, {.refresh = false});
    const Bus client = bus.connect();
    unsigned heard = 0;
    const BusSlot slot = hear_changes(
        client.get(), kPath,
        [](sd_bus_message*, void* data, sd_bus_error*) {
            ++*static_cast<unsigned*>(data);
            return 0;
        },
        &heard);
    std::vector<double> lost, restored;
    for (unsigned n = 0; n < kTimes; ++n) {
        lost.push_back(from_call_to_signal(client.get(), "PathLost", heard));
        restored.push_back(from_call_to_signal(client.get(), "PathRestored", heard));
    }
    if (heard != 2 * kTimes)
        fail("each change is told once, but " + std::to_string(heard) + " signals came");
    print({"10 000 x 8: a path fails to signal at a client, p99 of 1 000", percentile(lost, 0.99),
           "ms", 5,
           "p50 " + text(median(lost)) + ", longest " + text(percentile(lost, 1)) +
               "; a path returns: p99 " + text(percentile(restored, 0.99))});
}
