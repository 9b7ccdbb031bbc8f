// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Counts what became of packets, and says what goes into the journal of it: one line for each kind
// and minute, for it is others who decide how many packets there are.
#pragma once

#include "discovery/service/outcome.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mpapi::discovery {

class Tally {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kQuiet{60};

    // The line to write, if one is due: `about` (who, and what), and how many of that kind were
    // left out since the last one. What is as it should be, and what is not for us, has no line.
    std::optional<std::string> note(Outcome outcome, const std::string& about, Time now);
    // Whether a line would be due: what it is about need not be put into words before.
    bool due(Outcome outcome, Time now) const;

    std::uint64_t count(Outcome outcome) const { return at(outcome).count; }

  private:
    struct Kind {
        std::uint64_t count = 0;
        std::uint64_t left_out = 0;
        std::optional<Time> written;
    };
    Kind& at(Outcome outcome) { return kinds_[static_cast<std::size_t>(outcome)]; }
    const Kind& at(Outcome outcome) const { return kinds_[static_cast<std::size_t>(outcome)]; }

    std::array<Kind, kOutcomes> kinds_;
};

} // namespace mpapi::discovery
