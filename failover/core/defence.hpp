// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is done when another host uses an address that is ours (RFC 5227 2.4), by policy. Used for
// IPv6 as well, whose RFCs say nothing of it. Knows no packets and no clock.
//
// Two deviations. A rival that runs this software too is met without regard to the policy: the
// higher hardware address gives up at once, the lower one defends, so that exactly one keeps the
// address. And where conflicts of the last DEFEND_INTERVAL were left without an answer, as the RFC
// wants, there is one more announcement at its end: else caches that the rival turned to itself
// would stay so.
#pragma once

#include "failover/claim.hpp"
#include "failover/core/profile.hpp"

#include <optional>

namespace mpapi::failover {

class Defence {
  public:
    enum class Answer { Nothing, Announce, GiveUp };

    explicit Defence(Policy policy)
      : policy_(policy) {}

    void set_policy(Policy policy) { policy_ = policy; }
    Policy policy() const { return policy_; }

    // The claim is one to use our address, by another host.
    Answer met(const Claim& claim, const HardwareAddress& own, Time now);
    // Whether there was a conflict within the last DEFEND_INTERVAL.
    bool under_way() const { return until_.has_value(); }
    // The end of that, when it is to be asked again.
    std::optional<Time> next() const { return until_; }
    Answer due(Time now);
    void forget();

  private:
    Policy policy_;
    std::optional<Time> until_; // DEFEND_INTERVAL after the last announcement in defence
    bool unanswered_ = false;
};

} // namespace mpapi::failover
