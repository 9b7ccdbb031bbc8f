// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/core/defence.hpp"

namespace mpapi::failover {

Defence::Answer Defence::met(const Claim& claim, const HardwareAddress& own, Time now) {
    if (claim.marked && claim.from < own) return Answer::GiveUp;
    if (!claim.marked && policy_ == Policy::Never) return Answer::GiveUp;
    const bool again = until_ && now < *until_;
    if (again && !claim.marked && policy_ == Policy::Once) return Answer::GiveUp;
    if (again) {
        unanswered_ = true;
        return Answer::Nothing;
    }
    until_ = now + kDefendInterval;
    unanswered_ = false;
    return Answer::Announce;
}

Defence::Answer Defence::due(Time now) {
    if (!until_ || now < *until_) return Answer::Nothing;
    if (unanswered_) {
        unanswered_ = false;
        until_ = now + kDefendInterval;
        return Answer::Announce;
    }
    until_.reset();
    return Answer::Nothing;
}

void Defence::forget() {
    until_.reset();
    unanswered_ = false;
}

} // namespace mpapi::failover
