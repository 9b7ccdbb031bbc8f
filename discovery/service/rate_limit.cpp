// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/rate_limit.hpp"

#include <algorithm>

namespace mpapi::discovery {

bool RateLimit::admit(std::uint32_t source, Time now) {
    const auto each = Time::duration(std::chrono::seconds(1)) / limits_.per_second;
    const auto found = places_.find(source);
    if (found == places_.end()) {
        if (entries_.size() >= limits_.sources) { // the last one's place is used again
            places_.erase(entries_.back().source);
            entries_.splice(entries_.begin(), entries_, std::prev(entries_.end()));
        } else {
            entries_.emplace_front();
        }
        entries_.front() = {source, now + each};
        places_.emplace(source, entries_.begin());
        return true;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    Entry& entry = entries_.front();
    const Time even = std::max(entry.even, now);
    if (even + each - now > each * limits_.burst) return false;
    entry.even = even + each;
    return true;
}

} // namespace mpapi::discovery
