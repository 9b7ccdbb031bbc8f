// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Ping sets (MS-DCOM 3.1.2.1, 3.1.2.5.1.2 and .3): a client names the objects that it uses once
// and then keeps them all alive with one short message each 120 s. This is the bookkeeping only:
// which objects a set holds, when it was last heard of, who may have how many. What a ping does to
// an object is the object table's business.
//
// Pings need no authentication (they reach the object resolver, whose interface has no level), and
// come from a resolver that speaks for all clients of its machine. So it is not asked who makes a
// set but what for: a set is made for an object that exists, whose number is random and known to
// its client alone, and counts as that client's. A stranger can make none. MS-DCOM 3.1.2.5.1.3
// would have one made for nothing, too; that is answered with OR_INVALID_OID here. A set that holds
// nothing any more stays for its client to add to, and gives way when there is no other room. A
// set's number is random, so that none can be found by trying. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mpapi::dcom {

using Time = std::chrono::steady_clock::time_point;
using Oid = std::uint64_t;
using Oxid = std::uint64_t;
using SetId = std::uint64_t;

// Fills with unpredictable bytes.
using Random = std::function<void(std::span<std::uint8_t>)>;

// MS-DCOM 3.1.2.2: a client pings each 120 s, and after three periods without one it is gone.
constexpr std::chrono::seconds kPingPeriod{120};
constexpr int kMissedPings = 3;
constexpr std::chrono::seconds kPingPatience = kPingPeriod * kMissedPings;

struct PingLimits {
    std::size_t sets = 4096;
    std::size_t sets_per_client = 1024;
    std::size_t oids_per_set = 1024;
};

// Answers of the object resolver (MS-DCOM 3.1.2.5.1; Win32 error codes).
enum class ResolverError : std::uint32_t {
    Ok = 0,
    OutOfMemory = 14,   // ERROR_OUTOFMEMORY: a limit is reached
    InvalidOxid = 1910, // OR_INVALID_OXID
    InvalidOid = 1911,  // OR_INVALID_OID
    InvalidSet = 1912,  // OR_INVALID_SET
    NoProtocols = 1703, // RPC_S_PROTSEQ_NOT_SUPPORTED: none of the client's is ours
};

class PingSets {
  public:
    PingSets(const PingLimits& limits, Random random);

    // Told for each object of a set that is pinged, and for each that is added.
    using Touch = std::function<void(Oid)>;
    // Whose object it is; null: there is none.
    using Owner = std::function<const std::string*(Oid)>;

    // InvalidSet where there is none, as MS-DCOM 3.1.2.5.1.2 demands: a client whose set is gone
    // has to make another, or its objects die unnoticed. (smbtorture's SimplePing pings a number
    // that was never given out, and calls that answer a failure.)
    ResolverError simple_ping(SetId set, Time now, const Touch& touch);

    struct Change {
        SetId set = 0; // 0: make one
        std::uint16_t sequence = 0;
        std::span<const Oid> add, remove;
    };
    // Adds, removes and pings. `set` is given back as it is to be answered: the new number, or the
    // one that was asked for. A message older than the last one of the set changes nothing
    // (MS-DCOM 3.1.2.5.1.3: the transport might deliver late) and yet is a ping. OIDs that do not
    // exist are left out and answered with InvalidOid, after everything else was done.
    ResolverError complex_ping(const Change& change, Time now, const Owner& owner,
                               const Touch& touch, SetId& set);

    // An object is gone: no set holds it any more.
    void forget(Oid oid);

    // Drops the sets that were not pinged for kPingPatience.
    void expire(Time now);

    std::size_t size() const noexcept { return sets_.size(); }

  private:
    struct Set {
        std::unordered_set<Oid> oids;
        std::string client; // whose first object was
        Time pinged{};
        std::uint16_t sequence = 0;
    };

    using Sets = std::unordered_map<SetId, Set>;
    Sets::iterator make(const std::string& client, std::uint16_t sequence, Time now);
    Sets::iterator drop(Sets::iterator set);
    bool drop_empty(const std::string* client);

    PingLimits limits_;
    Random random_;
    Sets sets_;
    std::unordered_map<std::string, std::size_t> per_client_;
};

} // namespace mpapi::dcom
