// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/attempts.hpp"

#include <algorithm>

namespace mpapi::rpc {

Attempts::Time Attempts::turn(const Records& records, const std::string& key, Time now) const {
    const auto found = records.find(key);
    if (found == records.end() || now - found->second.last > limits_.forgotten) return now;
    return std::max(now, found->second.turn);
}

Attempts::Time Attempts::turn_of_address(const std::string& address, Time now) const {
    return turn(addresses_, address, now);
}

Attempts::Time Attempts::turn_of_account(const std::string& account, Time now) const {
    return turn(accounts_, account, now);
}

void Attempts::make_room(Records& records, Time now) const {
    if (records.size() < limits_.kept) return;
    std::erase_if(records,
                  [&](const auto& entry) { return now - entry.second.last > limits_.forgotten; });
    if (records.size() < limits_.kept) return;
    records.erase(
        std::min_element(records.begin(), records.end(), [](const auto& a, const auto& b) {
            return a.second.last < b.second.last;
        }));
}

unsigned Attempts::count(Records& records, const std::string& key, Time now, unsigned free,
                         std::chrono::milliseconds most) {
    if (!records.contains(key)) make_room(records, now);
    Record& record = records[key];
    if (now - record.last > limits_.forgotten) record = {};
    record.last = now;
    ++record.failures;
    if (record.failures > free) {
        const unsigned doublings = std::min(record.failures - free - 1, 20u);
        const auto wait = std::min(limits_.first * (1 << doublings), most);
        record.turn = std::max(record.turn, now) + wait;
    }
    return record.failures;
}

Attempts::Failures Attempts::failed(const std::string& address, const std::string& account,
                                    Time now) {
    const Failures failures{
        count(addresses_, address, now, limits_.address_free, limits_.address_most),
        count(accounts_, account, now, limits_.account_free, limits_.account_most)};
    // Waits add up for an address that guesses. For an account they must not: failures come from
    // anywhere, many at once, and its owner waits for all of them.
    auto& turn = accounts_[account].turn;
    turn = std::min(turn, now + limits_.account_most);
    return failures;
}

void Attempts::succeeded(const std::string& account) {
    accounts_.erase(account);
}

} // namespace mpapi::rpc
