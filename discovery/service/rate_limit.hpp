// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How often each source is answered. A source that is not known has its whole burst, so forgetting
// one is never to its harm: who has asked least lately is forgotten when the table is full, and a
// flood from made-up addresses takes nothing from an honest asker. Memory is bounded by the table.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

namespace mpapi::discovery {

class RateLimit {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Limits {
        unsigned per_second = 5; // of one source, over time; at least 1
        unsigned burst = 10;     // at once; at least 1
        std::size_t sources = 4096;
    };

    explicit RateLimit(const Limits& limits)
      : limits_(limits) {}

    bool admit(std::uint32_t source, Time now);
    std::size_t known() const { return places_.size(); }

  private:
    // The generic cell rate algorithm: when the source would be where it had never asked.
    struct Entry {
        std::uint32_t source = 0;
        Time even{};
    };

    const Limits limits_;
    std::list<Entry> entries_; // who asked last comes first
    std::unordered_map<std::uint32_t, std::list<Entry>::iterator> places_;
};

} // namespace mpapi::discovery
