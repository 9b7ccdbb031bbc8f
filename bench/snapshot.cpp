// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The first GetSnapshot, one after each change and again with nothing changed, and what another
// client notices of it: the longest of its calls meanwhile, beside the longest while nobody wants a
// snapshot.
#include "bench/pinger.hpp"

using namespace mpapi;
using namespace mpapi::bench;

namespace {

constexpr unsigned kTimes = 50;

double get_snapshot(sd_bus* bus) {
    const auto began = Clock::now();
    call(bus, kRoot, kManager, "GetSnapshot", "");
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
    auto change = [&, lose = true]() mutable {
        const unsigned before = heard;
        cause(client.get(), lose ? "PathLost" : "PathRestored", "sda");
        lose = !lose;
        await(client.get(), "a change", std::chrono::seconds(30), [&] { return heard != before; });
    };

    // Nothing can be copied into this one.
    const double whole = get_snapshot(client.get());

    std::vector<double> first, second, longest, without;
    for (unsigned n = 0; n < kTimes; ++n) {
        change();
        first.push_back(get_snapshot(client.get()));
        second.push_back(get_snapshot(client.get()));
    }
    {
        Pinger pinger(bus);
        for (unsigned n = 0; n < kTimes; ++n) {
            change();
            (void)pinger.take_longest();
            const auto began = Clock::now();
            get_snapshot(client.get());
            const auto took = Clock::now() - began;
            longest.push_back(pinger.take_longest());
            // For as long again, with nothing to do but to answer the pings.
            while (Clock::now() - began < 2 * took)
                ping(client.get());
            without.push_back(pinger.take_longest());
        }
    }
    print({"10 000 x 8: the first GetSnapshot", whole, "ms", 20, "one call"});
    print({"10 000 x 8: GetSnapshot after a change", median(first), "ms", 20,
           "longest of 50: " + text(percentile(first, 1))});
    print({"10 000 x 8: GetSnapshot, nothing changed", median(second), "ms", 1,
           "longest of 50: " + text(percentile(second, 1))});
    print({"10 000 x 8: another client's longest call during GetSnapshot", median(longest), "ms", 2,
           "longest of 50: " + text(percentile(longest, 1)) + "; without GetSnapshot: " +
               text(median(without)) + ", longest " + text(percentile(without, 1))});
    print({"10 000 x 8: resident memory after them", resident_megabytes(san.process()), "MB", 150,
           ""});
}
