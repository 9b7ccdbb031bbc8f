// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is done when another host uses an address that is ours (RFC 5227 2.4), by policy. Used for
// IPv6 as well, whose RFCs say nothing of it. Knows no packets and no clock.
//
// Deviations. A rival that runs this software too is met without regard to the policy: the higher
// hardware address gives up at once, the lower one defends, so that exactly one keeps the address.
// But in the first moment after the address was taken it may be a late word of the node that has
// just given it back: the rival is asked by probes, which its kernel answers while it has the
// address. Where it does, we give up; where nobody answers, we announce, for the late word turned
// neighbours away. Of two that took it at one moment only the higher one asks, and the other has
// it, and answers. Where those answers are lost both announce again, and the moment is over.
//
// And where conflicts of the last DEFEND_INTERVAL were left without an answer, as the RFC wants,
// there is one more announcement at its end: else caches that the rival turned to itself would stay
// so.
#pragma once

#include "failover/claim.hpp"
#include "failover/core/probing.hpp"
#include "failover/core/profile.hpp"

#include <optional>

namespace mpapi::failover {

class Defence {
  public:
    enum class Answer { Nothing, Announce, Ask, GiveUp };

    explicit Defence(Policy policy)
      : policy_(policy) {}

    void set_policy(Policy policy) { policy_ = policy; }
    Policy policy() const { return policy_; }

    // The address was taken.
    void begin(Time now);
    // The claim is one to use our address, by another host.
    Answer met(const Claim& claim, const HardwareAddress& own, Time now);
    // The probe of Ask leaves so much later.
    void put_off(std::chrono::nanoseconds time) {
        if (question_) question_->probing.put_off(time);
    }
    // Whether the answer to one is waited for.
    bool asking() const { return question_.has_value(); }
    // Whether it is, or there was a conflict within the last DEFEND_INTERVAL.
    bool under_way() const { return asking() || until_; }
    // When due() is to be called.
    std::optional<Time> next() const;
    Answer due(Time now);
    void forget();

  private:
    struct Question {
        HardwareAddress about;
        Probing probing;
    };

    Answer announce(Time now);

    Policy policy_;
    Time taken_{};
    std::optional<Question> question_;
    std::optional<Time> until_; // DEFEND_INTERVAL after the last announcement in defence
    bool unanswered_ = false;
};

} // namespace mpapi::failover
