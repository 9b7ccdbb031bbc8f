// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Ping sets (MS-DCOM 3.1.2.1, 3.1.2.5.1.2 and .3): a client names the objects that it uses once
// and then keeps them all alive with one short message each 120 s. This is the bookkeeping only:
// which objects a set holds, when it was last heard of, who may have how many. What a ping does to
// an object is the object table's business.
//
// Pings need no authentication (they reach the object resolver, whose interface has no level), so
// nothing here may grow without a bound: sets are capped in total and per address, and a set's
// number is random, so that one cannot be found by trying. Not thread-safe.
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
    std::size_t sets_per_address = 64;
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
    // Whether there is such an object.
    using Exists = std::function<bool(Oid)>;

    // InvalidSet where there is none, as MS-DCOM 3.1.2.5.1.2 demands: a client whose set is gone
    // has to make another, or its objects die unnoticed. (smbtorture's SimplePing pings a number
    // that was never given out, and calls that answer a failure.)
    ResolverError simple_ping(SetId set, Time now, const Touch& touch);

    struct Change {
        SetId set = 0; // 0: make one
        std::uint16_t sequence = 0;
        std::span<const Oid> add, remove;
        const std::string& address; // of the client, counted against the limit
    };
    // Adds, removes and pings. `set` is given back as it is to be answered: the new number, or the
    // one that was asked for. A message older than the last one of the set changes nothing
    // (MS-DCOM 3.1.2.5.1.3: the transport might deliver late) and yet is a ping. OIDs that do not
    // exist are left out and answered with InvalidOid, after everything else was done.
    ResolverError complex_ping(const Change& change, Time now, const Exists& exists,
                               const Touch& touch, SetId& set);

    // An object is gone: no set holds it any more.
    void forget(Oid oid);

    // Drops the sets that were not pinged for kPingPatience.
    void expire(Time now);

    std::size_t size() const noexcept { return sets_.size(); }

  private:
    struct Set {
        std::unordered_set<Oid> oids;
        std::string address;
        Time pinged{};
        std::uint16_t sequence = 0;
    };

    using Sets = std::unordered_map<SetId, Set>;
    Sets::iterator make(const std::string& address, std::uint16_t sequence, Time now);
    Sets::iterator drop(Sets::iterator set);

    PingLimits limits_;
    Random random_;
    Sets sets_;
    std::unordered_map<std::string, std::size_t> per_address_;
};

} // namespace mpapi::dcom
