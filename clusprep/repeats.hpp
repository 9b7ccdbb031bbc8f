// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lines of which somebody else decides how many there are: the first few of a kind that somebody
// causes are written, the others of that minute counted. Else a stranger fills the journal, and
// its own limit leaves out the lines that matter.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::clusprep {

class Repeats {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Limits {
        unsigned written = 10; // of a kind and of one
        std::chrono::seconds period{60};
        std::size_t kept = 1024; // who is beyond them is counted together
    };
    explicit Repeats(const Limits& limits)
      : limits_(limits) {}

    // Whether a line of this kind about this one is to be written.
    bool write(const std::string& kind, const std::string& whose, Time now);

    struct Sum {
        std::string kind, whose; // nobody in particular where it is empty
        unsigned left_out = 0;
    };
    // What was left out, of those whose period is over by now.
    std::vector<Sum> take(Time now);

  private:
    struct Count {
        Time begun;
        unsigned lines = 0;
    };
    const Limits limits_;
    std::map<std::pair<std::string, std::string>, Count> counts_;
};

} // namespace mpapi::clusprep
