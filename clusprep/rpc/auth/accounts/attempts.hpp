// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How long the next attempt to log on has to wait, by the failures that were counted for the
// address it comes from and for the account it is for. Times are the caller's; no attempt is made
// to tell an account that exists from one that does not.
//
// Attempts are not answered late but made late: while one fails, all others of the same address
// wait for their turn, so opening many connections tries no more passwords than opening one. The
// turn of an account is never further away than `account_most`, however many fail at once, for
// whoever guesses would else keep its owner out.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace mpapi::rpc {

class Attempts {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Limits {
        unsigned address_free = 5; // failures that cost nothing
        unsigned account_free = 5;
        std::chrono::milliseconds first{250};           // doubled with each further failure
        std::chrono::milliseconds address_most{30'000}; // for each failure
        std::chrono::milliseconds account_most{2'000};  // for all of them
        std::chrono::minutes forgotten{15};             // after the last failure
        std::size_t kept = 4096; // addresses, and accounts; the oldest go first
    };

    Attempts()
      : Attempts(Limits{}) {}
    explicit Attempts(const Limits& limits)
      : limits_(limits) {}

    // When an attempt may be made; `now` or earlier: at once.
    Time turn_of_address(const std::string& address, Time now) const;
    Time turn_of_account(const std::string& account, Time now) const;

    struct Failures {
        unsigned address = 0, account = 0; // this one included
    };
    Failures failed(const std::string& address, const std::string& account, Time now);
    // The account's failures are forgotten, the address's are not: an account of one's own must
    // not help to guess another's.
    void succeeded(const std::string& account);

  private:
    struct Record {
        unsigned failures = 0;
        Time last, turn;
    };
    using Records = std::unordered_map<std::string, Record>;

    Time turn(const Records& records, const std::string& key, Time now) const;
    unsigned count(Records& records, const std::string& key, Time now, unsigned free,
                   std::chrono::milliseconds most);
    void make_room(Records& records, Time now) const;

    const Limits limits_;
    Records addresses_, accounts_;
};

} // namespace mpapi::rpc
