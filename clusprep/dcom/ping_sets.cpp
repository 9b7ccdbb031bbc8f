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

// The one that was not pinged for longest, of this client or of anybody. False: none is empty.
bool PingSets::drop_empty(const std::string* client) {
    auto oldest = sets_.end();
    for (auto set = sets_.begin(); set != sets_.end(); ++set) {
        if (!set->second.oids.empty() || (client && set->second.client != *client)) continue;
        if (oldest == sets_.end() || set->second.pinged < oldest->second.pinged) oldest = set;
    }
    if (oldest == sets_.end()) return false;
    drop(oldest);
    return true;
}

PingSets::Sets::iterator PingSets::make(const std::string& client, std::uint16_t sequence,
                                        Time now) {
    const auto own = per_client_.find(client);
    if (own != per_client_.end() && own->second >= limits_.sets_per_client && !drop_empty(&client))
        return sets_.end();
    if (sets_.size() >= limits_.sets && !drop_empty(nullptr)) return sets_.end();
    SetId id = 0;
    while (id == 0 || sets_.contains(id)) {
        std::uint8_t bytes[sizeof id];
        random_(bytes);
        std::memcpy(&id, bytes, sizeof id);
    }
    ++per_client_[client];
    return sets_.emplace(id, Set{{}, client, now, sequence}).first;
}

PingSets::Sets::iterator PingSets::drop(Sets::iterator set) {
    const auto count = per_client_.find(set->second.client);
    if (--count->second == 0) per_client_.erase(count);
    return sets_.erase(set);
}

ResolverError PingSets::complex_ping(const Change& change, Time now, const Owner& owner,
                                     const Touch& touch, SetId& id) {
    Sets::iterator set = sets_.find(change.set);
    bool apply = true;
    if (change.set == 0) {
        const std::string* client = nullptr;
        for (const Oid oid : change.add)
            if (!client) client = owner(oid);
        if (!client) return ResolverError::InvalidOid;
        set = make(*client, change.sequence, now);
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
            if (!owner(oid)) {
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
