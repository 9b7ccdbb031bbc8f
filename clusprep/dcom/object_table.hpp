// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The object exporter's tables (MS-DCOM 3.1.1.1): which objects live (OID), which of their
// interfaces were handed out (IPID), how many references clients hold, and when each object was
// last heard of.
//
// An object ends when its last reference is released, or when nothing was heard of it for three
// ping periods: neither a ping of a set that holds it nor a call (MS-DCOM 3.1.1.5.6.1.1, "last ORPC
// invocation time"). A lost connection ends nothing: pings may come over any. An object that ends
// is no longer found from then on; it is run down (object.hpp) and destroyed after that, always
// from `later` and so never within one of its own functions.
//
// An object is its client's, who activated it: MS-CSVP 3.1.1 keeps state for each session, and an
// IPID stands in clear in each request. To anybody else there is no such interface, and the
// attempt is told. So private references (MS-DCOM 2.2.20) are of one principal too; only the sum
// with the public ones matters. A release of more than there is counts as a release of all.
//
// IPIDs and OIDs are random: a client finds out about no object that was not given to it. Times are
// the caller's. Not thread-safe; nothing is called back but Objects, `later` and `events`.
#pragma once

#include "clusprep/dcom/object.hpp"
#include "clusprep/dcom/ping_sets.hpp"
#include "clusprep/dcom/status.hpp"
#include "clusprep/rpc/ndr/guid.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpapi::dcom {

struct ObjectLimits {
    std::size_t objects = 4096;
    // Of one principal, and of all that were activated from one network; those being run down
    // included.
    std::size_t objects_per_client = 2048;
    std::size_t objects_per_address = 512;
};

// An object as an administrator knows it.
struct KnownObject {
    Oid oid = 0;
    ndr::Guid clsid;
    std::string client; // who activated it
};

// Why an object ended.
enum class Ending {
    Released, // by its client
    Silent,   // nothing was heard of its client for kPingPatience
    Stopped,  // we end
};

struct ObjectEvents {
    std::function<void(const KnownObject&, Ending)> ended; // it is no longer found
    // Not by its client.
    std::function<void(const Caller&, const KnownObject&)> used_by_another;
};

// Calls the function a little later from the loop, in the order given.
using Later = std::function<void(std::function<void()>)>;

// IUnknown, which every object has.
inline constexpr ndr::Guid kUnknownIid = {0, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};

struct GuidHash {
    std::size_t operator()(const ndr::Guid& guid) const noexcept;
};

class ObjectTable {
  public:
    ObjectTable(const ObjectLimits& limits, Random random, Later later, ObjectEvents events);
    ~ObjectTable();
    ObjectTable(const ObjectTable&) = delete;
    ObjectTable& operator=(const ObjectTable&) = delete;

    struct Interface {
        HResult result = kNoInterface;
        ndr::Guid ipid; // nil where the result is a failure
    };
    struct Interfaces {
        HResult result = kNoInterface; // of all
        Oid oid = 0;
        std::vector<Interface> each; // as asked; empty when `result` is of none of them
        std::optional<Error> error;  // why there is no object, for the log
    };

    // Makes an object of the class with `references` public references on each interface that is
    // asked for and that it has. With none of them no object is made. kOk, kNotAllInterfaces,
    // kNoInterface or kOutOfMemory.
    Interfaces activate(const ndr::Guid& clsid, ObjectFactory& factory, const Caller& caller,
                        std::span<const ndr::Guid> iids, std::uint32_t references, Time now);

    // In all of the following an interface of another client's object is none.

    // More interfaces of the object behind an interface (MS-DCOM 3.1.1.5.6.1.1). kOk, kFalse,
    // kNoInterface, or kInvalidObject when there is no such interface.
    Interfaces query(const ndr::Guid& ipid, std::span<const ndr::Guid> iids,
                     std::uint32_t references, const Caller& caller, Time now);

    // kOk or kInvalidObject.
    HResult add_references(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure,
                           const Caller& caller, Time now);
    HResult release(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure,
                    const Caller& caller, Time now);

    // The object to call by this interface; nullptr when there is no such interface, or it is
    // another one than `iid`. Counts as a sign of life.
    Object* find(const ndr::Guid& ipid, const ndr::Guid& iid, const Caller& caller, Time now);

    bool contains(Oid oid) const { return objects_.contains(oid); }
    // The name of its client; null where there is no such object.
    const std::string* owner(Oid oid) const;
    void touch(Oid oid, Time now); // pinged
    void expire(Time now);

    // Ends all objects; `done` when the last one is destroyed, or at once.
    void end_all(std::function<void()> done);

    std::size_t size() const noexcept { return objects_.size() + ending_.size(); }

  private:
    struct References {
        std::uint64_t open = 0, secure = 0;
        bool none() const noexcept { return open == 0 && secure == 0; }
    };
    struct Handed {
        Oid oid = 0;
        ndr::Guid iid;
        References references;
    };
    struct Entry {
        std::unique_ptr<Object> object;
        const ObjectFactory* factory = nullptr;
        ndr::Guid clsid;
        rpc::Principal client;
        std::string network;
        std::map<ndr::Guid, ndr::Guid> ipids; // by IID
        Time heard{};
    };
    using Objects = std::unordered_map<Oid, Entry>;
    using HandedOut = std::unordered_map<ndr::Guid, Handed, GuidHash>;
    using Counts = std::unordered_map<std::string, std::size_t>;

    Interface hand_out(Oid oid, Entry& entry, const ndr::Guid& iid, std::uint32_t references);
    HandedOut::iterator find(const ndr::Guid& ipid, const Caller& caller);
    std::optional<Error> full(const Caller& caller) const;
    void end(Objects::iterator object, Ending why);
    void destroy(Oid oid);
    ndr::Guid new_ipid();

    ObjectLimits limits_;
    Random random_;
    Later later_;
    ObjectEvents events_;
    Objects objects_;
    Objects ending_;
    HandedOut handed_; // by IPID
    Counts per_client_;
    Counts per_network_;
    std::function<void()> all_ended_;
    // Expires with the table: what `later` and rundown() call back may come after it.
    std::shared_ptr<ObjectTable*> self_;
};

} // namespace mpapi::dcom
