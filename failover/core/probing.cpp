// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/core/probing.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::failover {

namespace {

Ms random_up_to(Ms most, const Draw& draw) {
    return most.count() > 0 ? Ms(draw(static_cast<std::uint32_t>(most.count()) + 1)) : Ms(0);
}

} // namespace

Probing::Probing(const ProbeTimes& times, Time now, Time earliest, Draw draw)
  : times_(times)
  , draw_(std::move(draw))
  , next_(std::max(now + random_up_to(times.wait_most, draw_), earliest)) {}

Probing::Step Probing::due(Time now) {
    if (now < next_) return Step::Wait;
    if (sent_ == times_.count) return Step::Free;
    ++sent_;
    next_ = now +
            (sent_ < times_.count
                 ? times_.apart_least + random_up_to(times_.apart_most - times_.apart_least, draw_)
                 : times_.after);
    return Step::Probe;
}

bool Probing::conflicts(const Claim& claim, const HardwareAddress& own,
                        const std::optional<Nonce>& sent) {
    if (claim.kind == Claim::Kind::Use) return true;
    // RFC 7527 4.2: the network gave our own back.
    if (sent && claim.nonce == sent) return false;
    return !claim.marked || claim.from < own;
}

} // namespace mpapi::failover
