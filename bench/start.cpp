// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How long until everything is published, and what it occupies then: medians of some starts.
#include "bench/san.hpp"

using namespace mpapi::bench;

namespace {

struct Start {
    double seconds = 0;
    double cpu = 0;
    double megabytes = 0;
};

Start start(unsigned units, unsigned times) {
    std::vector<double> seconds, cpu, megabytes;
    for (unsigned n = 0; n < times; ++n) {
        const PrivateBus bus;
        const San san(bus, {.units = units});
        cpu.push_back(cpu_seconds(san.process()));
        seconds.push_back(milliseconds(san.start_time()) / 1000);
        megabytes.push_back(resident_megabytes(san.process()));
    }
    return {median(seconds), median(cpu), median(megabytes)};
}

} // namespace

int main() {
    const Start small = start(1'000, 3);
    const Start large = start(10'000, 5);
    print({"10 000 x 8: start to everything published", large.seconds, "s", 2,
           text(large.cpu) + " s of CPU; 1 000 x 8: " + text(small.seconds) + " s"});
    print({"10 000 x 8: resident memory", large.megabytes, "MB", 150, ""});
    print({"resident memory, 1 000 to 10 000 units", large.megabytes / small.megabytes, "fold", 11,
           "1 000 x 8: " + text(small.megabytes) + " MB"});
}
