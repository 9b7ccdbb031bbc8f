// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A histogram of how long it took from a cause (an event of the kernel, the answer of a device)
// until its signal was handed to the bus.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mpapi::publish {

class Latency {
  public:
    // Upper bounds in microseconds; one more bucket takes what is above the last.
    static constexpr std::array<std::uint32_t, 15> kBounds{
        100,    250,     500,     1'000,   2'500,     5'000,     10'000,    25'000,
        50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

    void record(std::chrono::steady_clock::duration duration) {
        const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
        const std::uint64_t value = usec > 0 ? static_cast<std::uint64_t>(usec) : 0;
        std::size_t at = 0;
        while (at < kBounds.size() && value > kBounds[at])
            ++at;
        ++counts[at];
        ++count;
        sum_usec += value;
    }

    std::array<std::uint64_t, kBounds.size() + 1> counts{};
    std::uint64_t count = 0;
    std::uint64_t sum_usec = 0;
};

} // namespace mpapi::publish
