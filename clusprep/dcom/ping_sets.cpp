// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/ping_sets.hpp"

#include <cstring>
#include <utility>

namespace mpapi::dcom {

namespace {

// Sequence numbers wrap (MS-DCOM 3.1.2.5.1.3): older means less than half the circle behind.
bool is_older(std::uint16_t sequence, std::uint16_t than) {
    return static_cast<std::uint16_t>(than - sequence) < 0x8000 && sequence != than;
}

} // namespace

PingSets::PingSets(const PingLimits& limits, Random random)
  : limits_(limits)
  , random_(std::move(random)) {}

ResolverError PingSets::simple_ping(SetId id, Time now, const Touch& touch) {
    const auto set = sets_.find(id);
    if (set == sets_.end()) return ResolverError::InvalidSet;
    set->second.pinged = now;
    for (const Oid oid : set->second.oids)
        touch(oid);
    return ResolverError::Ok;
}

PingSets::Sets::iterator PingSets::make(const std::string& address, std::uint16_t sequence,
                                        Time now) {
    if (sets_.size() >= limits_.sets) return sets_.end();
    std::size_t& count = per_address_[address];
    if (count >= limits_.sets_per_address) return sets_.end();
    SetId id = 0;
    while (id == 0 || sets_.contains(id)) {
        std::uint8_t bytes[sizeof id];
        random_(bytes);
        std::memcpy(&id, bytes, sizeof id);
    }
    ++count;
    return sets_.emplace(id, Set{{}, address, now, sequence}).first;
}

PingSets::Sets::iterator PingSets::drop(Sets::iterator set) {
    const auto count = per_address_.find(set->second.address);
    if (--count->second == 0) per_address_.erase(count);
    return sets_.erase(set);
}

ResolverError PingSets::complex_ping(const Change& change, Time now, const Exists& exists,
                                     const Touch& touch, SetId& id) {
    Sets::iterator set = sets_.find(change.set);
    bool apply = true;
    if (change.set == 0) {
        set = make(change.address, change.sequence, now);
        if (set == sets_.end()) return ResolverError::OutOfMemory;
    } else if (set == sets_.end()) {
        return ResolverError::InvalidSet;
    } else if (is_older(change.sequence, set->second.sequence)) {
        apply = false;
    }
    Set& found = set->second;
    ResolverError result = ResolverError::Ok;
    if (apply) {
        found.sequence = change.sequence;
        for (const Oid oid : change.remove)
            found.oids.erase(oid);
        for (const Oid oid : change.add) {
            if (!exists(oid)) {
                result = ResolverError::InvalidOid;
            } else if (found.oids.size() < limits_.oids_per_set) {
                found.oids.insert(oid);
            } else if (!found.oids.contains(oid)) {
                result = ResolverError::OutOfMemory;
            }
        }
    }
    found.pinged = now;
    for (const Oid oid : found.oids)
        touch(oid);
    id = set->first;
    return result;
}

void PingSets::forget(Oid oid) {
    for (auto& [id, set] : sets_)
        set.oids.erase(oid);
}

void PingSets::expire(Time now) {
    for (auto set = sets_.begin(); set != sets_.end();) {
        if (now - set->second.pinged >= kPingPatience)
            set = drop(set);
        else
            ++set;
    }
}

} // namespace mpapi::dcom
