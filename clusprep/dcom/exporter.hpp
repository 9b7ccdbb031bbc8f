// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One object exporter and the object resolver beside it (MS-DCOM 3.1.1, 3.1.2): what all the
// interfaces of this folder work on. It has one OXID, which changes with each start: references of
// an earlier run are thereby refused and never taken for new ones.
//
// Deviations. Only what MS-CSVP needs is offered: no class objects, no persistent objects, no
// callbacks into the client, no marshaling of references by reference. An object is used by the
// account that activated it and by no other (object_table.hpp); DCOM itself would let a client hand
// it on to somebody else.
#pragma once

#include "clusprep/dcom/activation_properties.hpp"
#include "clusprep/dcom/dual_string_array.hpp"
#include "clusprep/dcom/object.hpp"
#include "clusprep/dcom/object_table.hpp"
#include "clusprep/dcom/ping_sets.hpp"
#include "clusprep/dcom/status.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace mpapi::dcom {

// References that an activation gives on each interface; a client asks for more before it hands
// them on, and releases them together.
constexpr std::uint32_t kFirstReferences = 5;

// Told what an administrator wants to know. Called from within calls: it must not call back.
class Observer {
  public:
    virtual ~Observer() = default;
    virtual void activated(const Caller& caller, const ndr::Guid& clsid, Oid oid) = 0;
    // `result` is what the client is told, `reason` is for us; empty when the result says it.
    virtual void activation_refused(const Caller& caller, const ndr::Guid& clsid, HResult result,
                                    const std::string& reason) = 0;
    // A newer client asks for what came after us, say IClusterStorage3.
    virtual void interface_refused(const Caller& caller, const ndr::Guid& iid) = 0;
    // Not on the allow-list; `what` names the interface.
    virtual void caller_refused(const Caller& caller, const std::string& what) = 0;
    // On the allow-list, but the object is another's; answered as if there were none.
    virtual void object_refused(const Caller& caller, const KnownObject& object) = 0;
    virtual void ended(const KnownObject& object, Ending why) = 0;
};

struct ExporterSettings {
    ObjectLimits objects;
    PingLimits pings;
    std::uint16_t resolver_port = 135; // told in bindings only when it is another
};

class Exporter {
  public:
    using Clock = std::function<Time()>;
    using Allowed = std::function<bool(const rpc::Principal&)>;

    // `allowed` and `observer` outlive it.
    Exporter(const ExporterSettings& settings, Random random, Clock clock, Later later,
             Allowed allowed, Observer& observer);

    // Before the first call. The factory outlives the exporter.
    void add_class(const ndr::Guid& clsid, ObjectFactory& factory);
    // Of all classes, each once, with its name.
    std::map<ndr::Guid, std::string> interfaces() const;

    // Where we are reached: IP addresses and host names, in the order in which clients should try
    // them, and the port of the exporter. May change at any time.
    void set_addresses(const std::vector<std::string>& hosts, std::uint16_t exporter_port);
    const DualStringArray& exporter_bindings() const noexcept { return exporter_bindings_; }
    const DualStringArray& resolver_bindings() const noexcept { return resolver_bindings_; }

    Oxid oxid() const noexcept { return oxid_; }
    // The IPID at which IRemUnknown lives.
    const ndr::Guid& remote_unknown() const noexcept { return remote_unknown_; }

    struct Made {
        HResult result = kClassNotRegistered;
        std::vector<ActivationReply::Interface> interfaces; // as asked; empty when none was made
    };
    Made activate(const ndr::Guid& clsid, std::span<const ndr::Guid> iids,
                  std::span<const std::uint16_t> protocols, const Caller& caller);
    // Said to the observer, and given back.
    HResult refuse(const Caller& caller, const ndr::Guid& clsid, HResult result,
                   const std::string& reason = {});

    // A standard reference to an interface of ours.
    StandardReference reference(Oid oid, const ndr::Guid& ipid, std::uint32_t references) const;

    // Whether the caller may go on; told to the observer if not.
    bool allows(const Caller& caller, const char* what);

    // Ends what nobody pinged. To be called every few seconds.
    void expire();

    ObjectTable& objects() noexcept { return objects_; }
    PingSets& pings() noexcept { return pings_; }
    Observer& observer() noexcept { return observer_; }
    Time now() const { return clock_(); }

  private:
    Random random_;
    Clock clock_;
    Allowed allowed_;
    Observer& observer_;
    std::uint16_t resolver_port_;
    std::map<ndr::Guid, ObjectFactory*> classes_;
    PingSets pings_;
    ObjectTable objects_;
    Oxid oxid_ = 0;
    ndr::Guid remote_unknown_;
    DualStringArray exporter_bindings_;
    DualStringArray resolver_bindings_;
};

// Whether a client that speaks these protocols can speak to us; none named means any.
bool speaks_tcp(std::span<const std::uint16_t> protocols);

} // namespace mpapi::dcom
