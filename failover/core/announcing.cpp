// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/core/announcing.hpp"

#include <algorithm>

namespace mpapi::failover {

void Announcing::begin(Time now) {
    left_ = std::max(times_.count, 1u);
    if (family_ == AF_INET6) left_ = std::min(left_, kMaxNeighborAdvertisement);
    sent_ = 0;
    next_ = now;
}

Ms Announcing::gap() const {
    Ms gap{2000}; // RFC 5227 1.1: ANNOUNCE_INTERVAL
    if (!times_.apart.empty())
        gap = times_.apart[std::min<std::size_t>(sent_ - 1, times_.apart.size() - 1)];
    return family_ == AF_INET6 ? std::max(gap, kRetransTimer) : gap;
}

bool Announcing::due(Time now) {
    if (!next_ || now < *next_) return false;
    if (left_ > 0) {
        --left_;
        ++sent_;
    }
    if (left_ > 0)
        next_ = now + gap();
    else if (times_.refresh.count() > 0)
        next_ = now + times_.refresh;
    else
        next_.reset();
    return true;
}

} // namespace mpapi::failover
