// SPDX-License-Identifier: LGPL-2.1-or-later
//
// When an address is announced: the first time at once, then spread, then each refresh time.
// RFC 5227 2.3 for IPv4; for IPv6 RFC 4861 7.2.6: three times at most in a row, a second apart at
// least. Knows no packets and no clock.
#pragma once

#include "failover/core/profile.hpp"

#include <optional>

namespace mpapi::failover {

class Announcing {
  public:
    Announcing(AnnounceTimes times, int family)
      : times_(std::move(times))
      , family_(family) {}

    // From the first one on.
    void begin(Time now);
    // Whether to announce at `now`. Late ones are not made up for.
    bool due(Time now);
    // Whether all but the refreshing is done.
    bool settled() const { return left_ == 0; }
    std::optional<Time> next() const { return next_; }

  private:
    Ms gap() const;

    AnnounceTimes times_;
    int family_;
    unsigned left_ = 0;
    unsigned sent_ = 0;
    std::optional<Time> next_;
};

} // namespace mpapi::failover
