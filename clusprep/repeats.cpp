// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/repeats.hpp"

namespace mpapi::clusprep {

bool Repeats::write(const std::string& kind, const std::string& whose, Time now) {
    std::pair key(kind, whose);
    if (counts_.size() >= limits_.kept && !counts_.contains(key)) key.second.clear();
    return ++counts_.try_emplace(std::move(key), Count{now}).first->second.lines <= limits_.written;
}

std::vector<Repeats::Sum> Repeats::take(Time now) {
    std::vector<Sum> sums;
    for (auto count = counts_.begin(); count != counts_.end();) {
        if (now - count->second.begun < limits_.period) {
            ++count;
            continue;
        }
        if (count->second.lines > limits_.written)
            sums.push_back(
                {count->first.first, count->first.second, count->second.lines - limits_.written});
        count = counts_.erase(count);
    }
    return sums;
}

} // namespace mpapi::clusprep
