// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/object_table.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mpapi::dcom {

namespace {

bool has(const ObjectFactory& factory, const ndr::Guid& iid) {
    const auto known = factory.interfaces();
    return iid == kUnknownIid || std::find(known.begin(), known.end(), iid) != known.end();
}

// One account may have been authenticated by different mechanisms, which have different names for
// it: then it is known by its SID.
bool is_same_account(const rpc::Principal& a, const rpc::Principal& b) {
    if (a.name == b.name) return true;
    return !a.groups.empty() && !b.groups.empty() && a.groups.front() == b.groups.front() &&
           a.groups.front().starts_with("S-1-5-21-");
}

std::size_t count_of(const std::unordered_map<std::string, std::size_t>& counts,
                     const std::string& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

void count_one_less(std::unordered_map<std::string, std::size_t>& counts, const std::string& key) {
    const auto found = counts.find(key);
    if (--found->second == 0) counts.erase(found);
}

} // namespace

std::size_t GuidHash::operator()(const ndr::Guid& guid) const noexcept {
    std::uint64_t half = 0;
    std::memcpy(&half, guid.data4.data(), sizeof half);
    return static_cast<std::size_t>(half ^ guid.data1);
}

ObjectTable::ObjectTable(const ObjectLimits& limits, Random random, Later later,
                         ObjectEvents events)
  : limits_(limits)
  , random_(std::move(random))
  , later_(std::move(later))
  , events_(std::move(events))
  , self_(std::make_shared<ObjectTable*>(this)) {}

ObjectTable::~ObjectTable() {
    self_.reset();
}

ndr::Guid ObjectTable::new_ipid() {
    for (;;) {
        std::array<std::uint8_t, 16> bytes{};
        random_(bytes);
        const ndr::Guid ipid = ndr::guid_from_bytes(bytes);
        if (!ipid.is_nil() && !handed_.contains(ipid)) return ipid;
    }
}

ObjectTable::Interface ObjectTable::hand_out(Oid oid, Entry& entry, const ndr::Guid& iid,
                                             std::uint32_t references) {
    if (!has(*entry.factory, iid)) return {};
    auto known = entry.ipids.find(iid);
    if (known == entry.ipids.end()) {
        known = entry.ipids.emplace(iid, new_ipid()).first;
        handed_[known->second] = {oid, iid, {}};
    }
    handed_[known->second].references.open += references;
    return {kOk, known->second};
}

const std::string* ObjectTable::owner(Oid oid) const {
    const auto object = objects_.find(oid);
    return object == objects_.end() ? nullptr : &object->second.client.name;
}

// What was handed out to this caller.
ObjectTable::HandedOut::iterator ObjectTable::find(const ndr::Guid& ipid, const Caller& caller) {
    const auto handed = handed_.find(ipid);
    if (handed == handed_.end()) return handed;
    const Entry& entry = objects_.at(handed->second.oid);
    if (is_same_account(entry.client, caller.principal)) return handed;
    events_.used_by_another(caller, {handed->second.oid, entry.clsid, entry.client.name});
    return handed_.end();
}

std::optional<Error> ObjectTable::full(const Caller& caller) const {
    const auto reached = [&](const std::string& who, std::size_t limit) {
        return Error{"activate", "",
                     "the limit of " + std::to_string(limit) + " objects of " + who +
                         " is reached"};
    };
    if (size() >= limits_.objects) return reached("all clients", limits_.objects);
    if (count_of(per_client_, caller.principal.name) >= limits_.objects_per_client)
        return reached("this client", limits_.objects_per_client);
    if (count_of(per_network_, caller.peer.network) >= limits_.objects_per_address)
        return reached("this address", limits_.objects_per_address);
    return std::nullopt;
}

ObjectTable::Interfaces ObjectTable::activate(const ndr::Guid& clsid, ObjectFactory& factory,
                                              const Caller& caller, std::span<const ndr::Guid> iids,
                                              std::uint32_t references, Time now) {
    Interfaces result;
    const auto count =
        std::count_if(iids.begin(), iids.end(), [&](const auto& iid) { return has(factory, iid); });
    if (count == 0) {
        result.each.resize(iids.size());
        return result;
    }
    const auto refused = [&](Error error) {
        result.result = kOutOfMemory;
        result.error = std::move(error);
        return result;
    };
    if (auto reached = full(caller)) return refused(*std::move(reached));
    auto object = factory.create(caller);
    if (!object) return refused(std::move(object).error());
    Oid oid = 0;
    while (oid == 0 || objects_.contains(oid) || ending_.contains(oid)) {
        std::uint8_t bytes[sizeof oid];
        random_(bytes);
        std::memcpy(&oid, bytes, sizeof oid);
    }
    ++per_client_[caller.principal.name];
    ++per_network_[caller.peer.network];
    Entry& entry = objects_
                       .emplace(oid, Entry{*std::move(object),
                                           &factory,
                                           clsid,
                                           caller.principal,
                                           caller.peer.network,
                                           {},
                                           now})
                       .first->second;
    result.oid = oid;
    for (const auto& iid : iids)
        result.each.push_back(hand_out(oid, entry, iid, references));
    result.result = static_cast<std::size_t>(count) == iids.size() ? kOk : kNotAllInterfaces;
    return result;
}

ObjectTable::Interfaces ObjectTable::query(const ndr::Guid& ipid, std::span<const ndr::Guid> iids,
                                           std::uint32_t references, const Caller& caller,
                                           Time now) {
    Interfaces result;
    const auto handed = find(ipid, caller);
    if (handed == handed_.end()) {
        result.result = kInvalidObject;
        return result;
    }
    result.oid = handed->second.oid;
    Entry& entry = objects_.at(result.oid);
    entry.heard = now;
    std::size_t found = 0;
    for (const auto& iid : iids) {
        result.each.push_back(hand_out(result.oid, entry, iid, references));
        if (result.each.back().result == kOk) ++found;
    }
    result.result = found == iids.size() ? kOk : found > 0 ? kFalse : kNoInterface;
    return result;
}

HResult ObjectTable::add_references(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure,
                                    const Caller& caller, Time now) {
    const auto handed = find(ipid, caller);
    if (handed == handed_.end()) return kInvalidObject;
    handed->second.references.open += open;
    handed->second.references.secure += secure;
    objects_.at(handed->second.oid).heard = now;
    return kOk;
}

HResult ObjectTable::release(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure,
                             const Caller& caller, Time now) {
    const auto handed = find(ipid, caller);
    if (handed == handed_.end()) return kInvalidObject;
    const auto object = objects_.find(handed->second.oid);
    References& references = handed->second.references;
    references.open -= std::min<std::uint64_t>(references.open, open);
    references.secure -= std::min<std::uint64_t>(references.secure, secure);
    object->second.heard = now;
    // An interface without references is no longer handed out (MS-DCOM 3.1.1.5.6.1.3).
    if (references.none()) {
        object->second.ipids.erase(handed->second.iid);
        handed_.erase(handed);
    }
    const bool held =
        std::any_of(object->second.ipids.begin(), object->second.ipids.end(),
                    [&](const auto& other) { return !handed_.at(other.second).references.none(); });
    if (!held) end(object, Ending::Released);
    return kOk;
}

Object* ObjectTable::find(const ndr::Guid& ipid, const ndr::Guid& iid, const Caller& caller,
                          Time now) {
    const auto handed = find(ipid, caller);
    if (handed == handed_.end() || handed->second.iid != iid) return nullptr;
    Entry& entry = objects_.at(handed->second.oid);
    entry.heard = now;
    return entry.object.get();
}

void ObjectTable::touch(Oid oid, Time now) {
    if (const auto object = objects_.find(oid); object != objects_.end())
        object->second.heard = now;
}

void ObjectTable::expire(Time now) {
    std::vector<Oid> silent;
    for (const auto& [oid, entry] : objects_)
        if (now - entry.heard >= kPingPatience) silent.push_back(oid);
    for (const Oid oid : silent)
        end(objects_.find(oid), Ending::Silent);
}

void ObjectTable::end(Objects::iterator object, Ending why) {
    const Oid oid = object->first;
    for (const auto& [iid, ipid] : object->second.ipids)
        handed_.erase(ipid);
    ending_.insert(objects_.extract(object));
    const Entry& entry = ending_.at(oid);
    events_.ended({oid, entry.clsid, entry.client.name}, why);
    entry.object->rundown([self = std::weak_ptr(self_), later = later_, oid] {
        later([self, oid] {
            if (const auto table = self.lock()) (*table)->destroy(oid);
        });
    });
}

void ObjectTable::destroy(Oid oid) {
    const auto object = ending_.find(oid);
    if (object == ending_.end()) return; // told twice
    count_one_less(per_client_, object->second.client.name);
    count_one_less(per_network_, object->second.network);
    ending_.erase(object);
    if (all_ended_ && size() == 0) std::exchange(all_ended_, nullptr)();
}

void ObjectTable::end_all(std::function<void()> done) {
    if (size() == 0) return done();
    all_ended_ = std::move(done);
    while (!objects_.empty())
        end(objects_.begin(), Ending::Stopped);
}

} // namespace mpapi::dcom
