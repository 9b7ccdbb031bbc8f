// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Address conflict detection before an address is used (RFC 5227 2.1.1; RFC 4862 5.4 for IPv6):
// when to probe, and what a claim that is heard meanwhile means. Knows no packets and no clock.
//
// Deviation: where two nodes that run this software probe for one address at the same time, RFC
// 5227 has both give up; here the one with the lower hardware address goes on. The other hears of
// it by its probes, or by its announcement.
#pragma once

#include "failover/claim.hpp"
#include "failover/core/profile.hpp"

#include <functional>
#include <optional>

namespace mpapi::failover {

// A random number below a bound that is greater than zero.
using Draw = std::function<std::uint32_t(std::uint32_t bound)>;

class Probing {
  public:
    enum class Step { Wait, Probe, Free };

    // Begins at `now`; never before `earliest` (RATE_LIMIT_INTERVAL).
    Probing(const ProbeTimes& times, Time now, Time earliest, Draw draw);

    // What to do at `now`. After Probe there is another due().
    Step due(Time now);
    // The probe leaves so much later: all that follows does too.
    void put_off(std::chrono::nanoseconds time) { next_ += time; }
    Time next() const { return next_; }

    // Whether the claim, which is for this address, ends the probing in a conflict. `own` is our
    // address on that link; `sent` the nonce of our last solicitation.
    static bool conflicts(const Claim& claim, const HardwareAddress& own,
                          const std::optional<Nonce>& sent);

  private:
    ProbeTimes times_;
    Draw draw_;
    unsigned sent_ = 0;
    Time next_;
};

} // namespace mpapi::failover
