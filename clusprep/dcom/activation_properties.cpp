// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/activation_properties.hpp"

#include "clusprep/dcom/object_exporter_messages.hpp"
#include "clusprep/dcom/packed.hpp"
#include "clusprep/rpc/ndr/type_serialization.hpp"

#include <string>
#include <utility>
#include <variant>

namespace mpapi::dcom {

namespace {

// {000001xx-0000-0000-C000-000000000046}, {0000033x-…}
constexpr ndr::Guid system_guid(std::uint32_t number) {
    return {number, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
}
constexpr ndr::Guid kPropertiesInIid = system_guid(0x1a2);
constexpr ndr::Guid kPropertiesOutIid = system_guid(0x1a3);
constexpr ndr::Guid kPropertiesInClass = system_guid(0x338);
constexpr ndr::Guid kPropertiesOutClass = system_guid(0x339);
constexpr ndr::Guid kInstantiationInfo = system_guid(0x1ab);
constexpr ndr::Guid kActivationContextInfo = system_guid(0x1a5);
constexpr ndr::Guid kServerLocation = system_guid(0x1a4);
constexpr ndr::Guid kScmRequestInfo = system_guid(0x1aa);
constexpr ndr::Guid kPropsOutInfo = system_guid(0x339);
constexpr ndr::Guid kScmReplyInfo = system_guid(0x1b6);

constexpr std::uint32_t kDifferentMachine = 2; // MSHCTX_DIFFERENTMACHINE
constexpr std::uint32_t kRemoteServer = 0x10;  // CLSCTX_REMOTE_SERVER
constexpr std::uint32_t kImpersonate = 3;      // RPC_C_IMP_LEVEL_IMPERSONATE

// MS-DCOM 2.2.22.1
struct CustomHeader {
    std::uint32_t total_size = 0;  // of this and all properties
    std::uint32_t header_size = 0; // of this, the serialization's own headers included
    std::uint32_t reserved = 0;
    std::uint32_t destination = kDifferentMachine;
    std::uint32_t count = 0;
    ndr::Guid class_info;
    std::optional<std::vector<ndr::Guid>> classes;
    std::optional<std::vector<std::uint32_t>> sizes;
    std::optional<std::uint32_t> reserved_pointer;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("totalSize", self.total_size);
        v("headerSize", self.header_size);
        v("dwReserved", self.reserved);
        v("destCtx", self.destination);
        v.range("cIfs", self.count, 1u, kMostProperties);
        v("classInfoClsid", self.class_info);
        v.unique_conformant("pclsid", self.classes, self.count);
        v.unique_conformant("pSizes", self.sizes, self.count);
        v("pdwReserved", self.reserved_pointer);
    }
};

// MS-DCOM 2.2.22.2.1
struct InstantiationInfo {
    ndr::Guid clsid;
    std::uint32_t context = kRemoteServer;
    std::uint32_t flags = 0;
    std::int32_t is_surrogate = 0;
    std::uint32_t count = 0;
    std::uint32_t instance_flag = 0;
    std::optional<std::vector<ndr::Guid>> iids;
    std::uint32_t this_size = 0;
    ComVersion version;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("classId", self.clsid);
        v("classCtx", self.context);
        v("actvflags", self.flags);
        v("fIsSurrogate", self.is_surrogate);
        v.range("cIID", self.count, 1u, kMostInterfaces);
        v("instFlag", self.instance_flag);
        v.unique_conformant("pIID", self.iids, self.count);
        v("thisSize", self.this_size);
        v("clientCOMVersion", self.version);
    }
};

// MS-DCOM 2.2.22.2.4
struct RemoteRequest {
    std::uint32_t impersonation = kImpersonate;
    std::uint16_t count = 0;
    std::optional<std::vector<std::uint16_t>> protocols;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("ClientImpLevel", self.impersonation);
        v("cRequestedProtseqs", self.count);
        v.unique_conformant("pRequestedProtseqs", self.protocols, self.count);
    }
};
struct ScmRequestInfo {
    std::optional<std::uint32_t> reserved;
    std::optional<RemoteRequest> request;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("pdwReserved", self.reserved);
        v("remoteRequest", self.request);
    }
};

// MS-DCOM 2.2.22.2.5: sent by our client, for servers demand it; it says nothing.
struct ActivationContextInfo {
    std::int32_t client_ok = 0;
    std::int32_t reserved1 = 0;
    std::uint32_t reserved2 = 0;
    std::uint32_t reserved3 = 0;
    std::optional<InterfacePointer> client;
    std::optional<InterfacePointer> prototype;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("clientOK", self.client_ok);
        v("bReserved1", self.reserved1);
        v("dwReserved1", self.reserved2);
        v("dwReserved2", self.reserved3);
        v("pIFDClientCtx", self.client);
        v("pIFDPrototypeCtx", self.prototype);
    }
};

// MS-DCOM 2.2.22.2.6: the same.
struct LocationInfo {
    std::optional<std::u16string> machine;
    std::uint32_t process = 0;
    std::uint32_t apartment = 0;
    std::uint32_t context = 0;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("machineName", self.machine);
        v("processId", self.process);
        v("apartmentId", self.apartment);
        v("contextId", self.context);
    }
};

// MS-DCOM 2.2.22.2.9
struct PropsOutInfo {
    std::uint32_t count = 0;
    std::optional<std::vector<ndr::Guid>> iids;
    std::optional<std::vector<std::uint32_t>> results;
    std::optional<std::vector<std::optional<InterfacePointer>>> interfaces;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v.range("cIfs", self.count, 1u, kMostInterfaces);
        v.unique_conformant("piid", self.iids, self.count);
        v.unique_conformant("phresults", self.results, self.count);
        v.unique_conformant("ppIntfData", self.interfaces, self.count);
    }
};

// MS-DCOM 2.2.22.2.8
struct RemoteReply {
    std::uint64_t oxid = 0;
    std::optional<DualStringStructure> bindings;
    ndr::Guid remote_unknown;
    std::uint32_t authentication_hint = 0;
    ComVersion version;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("Oxid", self.oxid);
        v("pdsaOxidBindings", self.bindings);
        v("ipidRemUnknown", self.remote_unknown);
        v("authnHint", self.authentication_hint);
        v("serverVersion", self.version);
    }
};
struct ScmReplyInfo {
    std::optional<std::uint32_t> reserved;
    std::optional<RemoteReply> reply;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("pdwReserved", self.reserved);
        v("remoteReply", self.reply);
    }
};

Error malformed(std::string reason) {
    return {"read activation properties", "", std::move(reason)};
}

struct Property {
    ndr::Guid id;
    std::vector<std::uint8_t> bytes;
};

template <typename T>
Status add(std::vector<Property>& properties, const ndr::Guid& id, const T& value) {
    auto bytes = ndr::serialize(value);
    if (!bytes) return std::move(bytes).error();
    properties.push_back({id, *std::move(bytes)});
    return Done{};
}

// The whole OBJREF around the properties.
Result<std::vector<std::uint8_t>> wrap(const std::vector<Property>& properties,
                                       const ndr::Guid& iid, const ndr::Guid& clsid) {
    CustomHeader header;
    header.count = static_cast<std::uint32_t>(properties.size());
    header.classes.emplace();
    header.sizes.emplace();
    std::size_t total = 0;
    for (const auto& property : properties) {
        header.classes->push_back(property.id);
        header.sizes->push_back(static_cast<std::uint32_t>(property.bytes.size()));
        total += property.bytes.size();
    }
    // Once to learn its length, once to say it.
    auto bytes = ndr::serialize(header);
    if (!bytes) return std::move(bytes).error();
    header.header_size = static_cast<std::uint32_t>(bytes->size());
    header.total_size = static_cast<std::uint32_t>(bytes->size() + total);
    bytes = ndr::serialize(header);
    if (!bytes) return std::move(bytes).error();

    PackedWriter blob;
    blob.u32(header.total_size);
    blob.u32(0);
    blob.bytes(*bytes);
    for (const auto& property : properties)
        blob.bytes(property.bytes);
    return build_object_reference({iid, CustomObject{clsid, std::move(blob).take()}});
}

struct Enclosed {
    ndr::Guid id;
    std::span<const std::uint8_t> bytes;
};

// The properties within the data of a custom OBJREF, which must outlive them.
Result<std::vector<Enclosed>> unwrap(std::span<const std::uint8_t> data) {
    PackedReader reader(data);
    const std::uint32_t size = reader.u32();
    reader.u32();
    const auto blob = reader.bytes(size);
    if (reader.is_short()) return malformed("shorter than their own size");
    // headerSize tells where the properties begin; it is the third number of the header, behind
    // the two of the serialization's, and says how much is the header's.
    PackedReader peek(blob);
    peek.bytes(20);
    const std::uint32_t header_size = peek.u32();
    if (peek.is_short() || header_size > blob.size())
        return malformed("the header is longer than the whole");
    const auto header = ndr::deserialize<CustomHeader>(blob.first(header_size));
    if (!header) return header.error();
    if (!header->classes || !header->sizes) return malformed("the header names no properties");
    std::vector<Enclosed> properties;
    auto rest = blob.subspan(header_size);
    for (std::size_t i = 0; i < header->count; ++i) {
        const std::size_t length = (*header->sizes)[i];
        if (length > rest.size()) return malformed("a property ends beyond the whole");
        properties.push_back({(*header->classes)[i], rest.first(length)});
        rest = rest.subspan(length);
    }
    return properties;
}

// The property of that kind; an error when it is malformed or there twice.
template <typename T>
Result<std::optional<T>> find(const std::vector<Enclosed>& properties, const ndr::Guid& id) {
    std::optional<T> found;
    for (const auto& property : properties) {
        if (property.id != id) continue;
        if (found) return malformed("the property " + id.text() + " is there twice");
        auto value = ndr::deserialize<T>(property.bytes);
        if (!value) return std::move(value).error();
        found = *std::move(value);
    }
    return found;
}

Result<CustomObject> custom_object(std::span<const std::uint8_t> bytes, const ndr::Guid& iid) {
    auto reference = parse_object_reference(bytes);
    if (!reference) return std::move(reference).error();
    auto* custom = std::get_if<CustomObject>(&reference->object);
    if (custom == nullptr || reference->iid != iid)
        return malformed("not in a reference of their kind");
    return std::move(*custom);
}

} // namespace

Result<std::vector<std::uint8_t>> build_activation_request(const ActivationRequest& request) {
    std::vector<Property> properties;
    InstantiationInfo instantiation;
    instantiation.clsid = request.clsid;
    instantiation.version = request.version;
    instantiation.count = static_cast<std::uint32_t>(request.iids.size());
    instantiation.iids = request.iids;
    // thisSize is that of the property.
    const auto once = ndr::serialize(instantiation);
    if (!once) return once.error();
    instantiation.this_size = static_cast<std::uint32_t>(once->size());
    if (auto added = add(properties, kInstantiationInfo, instantiation); !added)
        return std::move(added).error();
    if (auto added = add(properties, kActivationContextInfo, ActivationContextInfo{}); !added)
        return std::move(added).error();
    if (auto added = add(properties, kServerLocation, LocationInfo{}); !added)
        return std::move(added).error();
    ScmRequestInfo scm;
    scm.request.emplace();
    scm.request->count = static_cast<std::uint16_t>(request.protocols.size());
    scm.request->protocols = request.protocols;
    if (auto added = add(properties, kScmRequestInfo, scm); !added) return std::move(added).error();
    return wrap(properties, kPropertiesInIid, kPropertiesInClass);
}

Result<ActivationRequest> parse_activation_request(std::span<const std::uint8_t> bytes) {
    const auto object = custom_object(bytes, kPropertiesInIid);
    if (!object) return object.error();
    const auto properties = unwrap(object->data);
    if (!properties) return properties.error();
    auto instantiation = find<InstantiationInfo>(*properties, kInstantiationInfo);
    if (!instantiation) return std::move(instantiation).error();
    if (!*instantiation || !(*instantiation)->iids)
        return malformed("they do not say what to make");
    auto scm = find<ScmRequestInfo>(*properties, kScmRequestInfo);
    if (!scm) return std::move(scm).error();
    ActivationRequest request;
    request.clsid = (*instantiation)->clsid;
    request.version = (*instantiation)->version;
    request.iids = *std::move((*instantiation)->iids);
    if (*scm && (*scm)->request && (*scm)->request->protocols)
        request.protocols = *std::move((*scm)->request->protocols);
    return request;
}

Result<std::vector<std::uint8_t>> build_activation_reply(const ActivationReply& reply) {
    std::vector<Property> properties;
    PropsOutInfo out;
    out.count = static_cast<std::uint32_t>(reply.interfaces.size());
    out.iids.emplace();
    out.results.emplace();
    out.interfaces.emplace();
    for (const auto& interface : reply.interfaces) {
        out.iids->push_back(interface.iid);
        out.results->push_back(interface.result);
        out.interfaces->emplace_back();
        if (interface.object)
            out.interfaces->back() =
                interface_pointer(build_object_reference({interface.iid, *interface.object}));
    }
    if (auto added = add(properties, kPropsOutInfo, out); !added) return std::move(added).error();
    ScmReplyInfo scm;
    scm.reply = RemoteReply{reply.oxid, to_structure(reply.bindings), reply.remote_unknown,
                            reply.authentication_hint, reply.version};
    if (auto added = add(properties, kScmReplyInfo, scm); !added) return std::move(added).error();
    return wrap(properties, kPropertiesOutIid, kPropertiesOutClass);
}

Result<ActivationReply> parse_activation_reply(std::span<const std::uint8_t> bytes) {
    const auto object = custom_object(bytes, kPropertiesOutIid);
    if (!object) return object.error();
    const auto properties = unwrap(object->data);
    if (!properties) return properties.error();
    const auto out = find<PropsOutInfo>(*properties, kPropsOutInfo);
    if (!out) return out.error();
    const auto scm = find<ScmReplyInfo>(*properties, kScmReplyInfo);
    if (!scm) return scm.error();
    if (!*out || !(*out)->iids || !(*out)->results || !(*out)->interfaces || !*scm ||
        !(*scm)->reply || !(*scm)->reply->bindings)
        return malformed("the reply does not say what was made or where it is");
    ActivationReply reply;
    for (std::size_t i = 0; i < (*out)->count; ++i) {
        ActivationReply::Interface interface {
            (*(*out)->iids)[i], (*(*out)->results)[i], std::nullopt
        };
        if (const auto& pointer = (*(*out)->interfaces)[i]) {
            auto reference = parse_object_reference(pointer->data);
            if (!reference) return std::move(reference).error();
            auto* standard = std::get_if<StandardObject>(&reference->object);
            if (standard == nullptr) return malformed("an interface is no standard reference");
            interface.object = std::move(*standard);
        }
        reply.interfaces.push_back(std::move(interface));
    }
    const RemoteReply& remote = *(*scm)->reply;
    auto bindings = from_structure(*remote.bindings);
    if (!bindings) return std::move(bindings).error();
    reply.bindings = *std::move(bindings);
    reply.oxid = remote.oxid;
    reply.remote_unknown = remote.remote_unknown;
    reply.authentication_hint = remote.authentication_hint;
    reply.version = remote.version;
    return reply;
}

} // namespace mpapi::dcom
