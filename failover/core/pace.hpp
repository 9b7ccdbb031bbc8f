// SPDX-License-Identifier: LGPL-2.1-or-later
//
// So many frames a second on one interface, with a burst at first: hundreds of addresses that come
// online at once must not overrun the queues of switches. A token bucket; knows no clock.
#pragma once

#include "failover/core/profile.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace mpapi::failover {

class Pace {
  public:
    Pace(unsigned per_second, unsigned burst)
      : apart_(std::chrono::nanoseconds(1'000'000'000 / std::max(per_second, 1u)))
      , burst_(apart_ * (std::max(burst, 1u) - 1)) {}

    // When the next may leave, after so many that wait already: `now`, or later.
    Time next(Time now, std::size_t before = 0) const {
        return std::max(now, full_ + apart_ * static_cast<std::int64_t>(before) - burst_);
    }
    // One leaves now.
    void leave(Time now) { full_ = std::max(full_, now) + apart_; }

  private:
    std::chrono::nanoseconds apart_, burst_;
    Time full_{}; // when everything that left is paid for
};

} // namespace mpapi::failover
