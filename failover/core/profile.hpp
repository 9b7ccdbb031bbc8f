// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How an address is taken: how long is asked before it is used, how often it is announced, and what
// is done when somebody else uses it. Plain values.
#pragma once

#include "failover/address/ip.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::failover {

using Ms = std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;

// RFC 5227 1.1
inline constexpr Ms kDefendInterval{10'000};
inline constexpr Ms kRateLimitInterval{60'000};
inline constexpr unsigned kMaxConflicts = 10;
// After an address was taken: longer than a frame is under way.
inline constexpr Ms kFirstMoment{100};
// RFC 4861 10: RetransTimer, MAX_NEIGHBOR_ADVERTISEMENT
inline constexpr Ms kRetransTimer{1000};
inline constexpr unsigned kMaxNeighborAdvertisement = 3;

enum class Profile {
    Rfc5227, // IPv4: RFC 5227 2.1.1, 4 to 7 seconds; IPv6: RFC 4862 5.4, 1 to 2 seconds
    Fast,    // 0.3 s at most: for networks whose hosts answer within a tenth of a second
    None     // whoever decides knows that the address is free
};

// The times of one run of conflict detection.
struct ProbeTimes {
    Ms wait_most{0}; // before the first probe: a random part of this
    unsigned count = 0;
    Ms apart_least{0}, apart_most{0};
    Ms after{0}; // the last probe, until the address is taken for free

    static ProbeTimes of(Profile profile, int family);
};

enum class Forms { Both, Request, Reply }; // of ARP announcements

struct AnnounceTimes {
    unsigned count = 4;
    std::vector<Ms> apart{Ms(1000), Ms(1000), Ms(2000)}; // the last one repeats
    Ms refresh{0}; // once more each such time, for as long as it is online; 0: no more

    bool operator==(const AnnounceTimes&) const = default;
};

enum class Policy {
    Always, // keep it: RFC 5227 2.4 (c)
    Once,   // give it up at the second conflict within DEFEND_INTERVAL: 2.4 (b)
    Never   // give it up at once: 2.4 (a)
};

struct Wish {
    Profile profile = Profile::Fast;
    AnnounceTimes announce;
    Forms forms = Forms::Both;
    Policy policy = Policy::Once;

    bool operator==(const Wish&) const = default;
};

std::string_view name_of(Profile profile);
std::string_view name_of(Forms forms);
std::string_view name_of(Policy policy);
std::optional<Profile> profile_named(std::string_view name);
std::optional<Forms> forms_named(std::string_view name);
std::optional<Policy> policy_named(std::string_view name);

} // namespace mpapi::failover
