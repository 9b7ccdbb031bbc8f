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
// Private references are counted for each principal and public ones together, as MS-DCOM 2.2.20
// says; only the sum matters. A release of more than there is counts as a release of all.
//
// IPIDs and OIDs are random: a client finds out about no object that was not given to it. Times are
// the caller's. Not thread-safe; nothing is called back but Objects and `later`.
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
    std::size_t objects_per_client = 64;    // of one principal, those being run down included
    std::size_t holders_per_interface = 64; // principals with private references
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
    // `ended` is told of each OID that is no longer found.
    ObjectTable(const ObjectLimits& limits, Random random, Later later,
                std::function<void(Oid)> ended);
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
    Interfaces activate(ObjectFactory& factory, const Caller& caller,
                        std::span<const ndr::Guid> iids, std::uint32_t references, Time now);

    // More interfaces of the object behind an interface (MS-DCOM 3.1.1.5.6.1.1). kOk, kFalse,
    // kNoInterface, or kInvalidObject when there is no such interface.
    Interfaces query(const ndr::Guid& ipid, std::span<const ndr::Guid> iids,
                     std::uint32_t references, Time now);

    HResult add_references(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure,
                           const std::string& holder, Time now);
    HResult release(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure,
                    const std::string& holder, Time now);

    // The object to call by this interface; nullptr when there is no such interface, or it is
    // another one than `iid`. Counts as a sign of life.
    Object* find(const ndr::Guid& ipid, const ndr::Guid& iid, Time now);

    bool contains(Oid oid) const { return objects_.contains(oid); }
    void touch(Oid oid, Time now); // pinged
    void expire(Time now);

    // Ends all objects; `done` when the last one is destroyed, or at once.
    void end_all(std::function<void()> done);

    std::size_t size() const noexcept { return objects_.size() + ending_.size(); }

  private:
    struct References {
        std::uint64_t open = 0;
        std::map<std::string, std::uint64_t> secure;
        bool none() const noexcept { return open == 0 && secure.empty(); }
    };
    struct Handed {
        Oid oid = 0;
        ndr::Guid iid;
        References references;
    };
    struct Entry {
        std::unique_ptr<Object> object;
        const ObjectFactory* factory = nullptr;
        std::string client;
        std::map<ndr::Guid, ndr::Guid> ipids; // by IID
        Time heard{};
    };
    using Objects = std::unordered_map<Oid, Entry>;

    Interface hand_out(Oid oid, Entry& entry, const ndr::Guid& iid, std::uint32_t references);
    void end(Objects::iterator object);
    void destroy(Oid oid);
    ndr::Guid new_ipid();

    ObjectLimits limits_;
    Random random_;
    Later later_;
    std::function<void(Oid)> ended_;
    Objects objects_;
    Objects ending_;
    std::unordered_map<ndr::Guid, Handed, GuidHash> handed_; // by IPID
    std::unordered_map<std::string, std::size_t> per_client_;
    std::function<void()> all_ended_;
    // Expires with the table: what `later` and rundown() call back may come after it.
    std::shared_ptr<ObjectTable*> self_;
};

} // namespace mpapi::dcom
