// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/core/defence.hpp"

#include <algorithm>

namespace mpapi::failover {

namespace {

// Twice, for of an IPv6 address that is new its host hears nothing yet.
constexpr ProbeTimes kQuestion{Ms(0), 2, Ms(50), Ms(50), Ms(50)};

} // namespace

void Defence::begin(Time now) {
    forget();
    taken_ = now;
}

Defence::Answer Defence::met(const Claim& claim, const HardwareAddress& own, Time now) {
    // Whatever it said before, only an answer is of now.
    if (question_ && question_->about == claim.from)
        return claim.answer ? Answer::GiveUp : Answer::Nothing;
    if (claim.marked && claim.from < own) {
        if (question_ || now - taken_ >= kFirstMoment) return Answer::GiveUp;
        question_ = {claim.from, Probing(kQuestion, now, now, nullptr)}; // nothing to draw
        return due(now);
    }
    if (!claim.marked && policy_ == Policy::Never) return Answer::GiveUp;
    const bool again = until_ && now < *until_;
    if (again && !claim.marked && policy_ == Policy::Once) return Answer::GiveUp;
    return announce(now);
}

Defence::Answer Defence::announce(Time now) {
    if (until_ && now < *until_) {
        unanswered_ = true;
        return Answer::Nothing;
    }
    until_ = now + kDefendInterval;
    unanswered_ = false;
    return Answer::Announce;
}

std::optional<Time> Defence::next() const {
    if (!question_) return until_;
    const Time answered = question_->probing.next();
    return until_ ? std::min(*until_, answered) : answered;
}

Defence::Answer Defence::due(Time now) {
    if (question_) {
        const Probing::Step step = question_->probing.due(now);
        if (step == Probing::Step::Probe) return Answer::Ask;
        if (step == Probing::Step::Free) {
            question_.reset();
            return announce(now);
        }
    }
    if (!until_ || now < *until_) return Answer::Nothing;
    const bool unanswered = unanswered_;
    until_.reset();
    return unanswered ? announce(now) : Answer::Nothing;
}

void Defence::forget() {
    question_.reset();
    until_.reset();
    unanswered_ = false;
}

} // namespace mpapi::failover
