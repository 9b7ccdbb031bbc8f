// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/endpoint_map_interface.hpp"

#include "clusprep/dcom/answering.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

namespace mpapi::dcom {

namespace {

constexpr std::uint32_t kMostAnswers = 500; // whatever the client has room for

enum Inquiry : std::uint32_t { All = 0, ByInterface = 1, ByObject = 2, ByBoth = 3 };
enum VersionOption : std::uint32_t { AllVersions = 1, Compatible, Exact, MajorOnly, UpTo };

TowerOctets octets(const Tower& tower) {
    TowerOctets result;
    result.octets = build_tower(tower);
    result.length = static_cast<std::uint32_t>(result.octets.size());
    return result;
}

// C706 appendix O, ept_lookup's vers_option.
bool version_matches(const rpc::SyntaxId& ours, const InterfaceId& asked, std::uint32_t option) {
    switch (option) {
    case AllVersions:
        return true;
    case Compatible:
        return ours.major == asked.major && ours.minor >= asked.minor;
    case Exact:
        return ours.major == asked.major && ours.minor == asked.minor;
    case MajorOnly:
        return ours.major == asked.major;
    case UpTo:
        return ours.major < asked.major || (ours.major == asked.major && ours.minor <= asked.minor);
    default:
        return false;
    }
}

// Our entries have no object, so whoever asks for one by its UUID gets none.
bool matches(const rpc::SyntaxId& ours, const EptLookup::In& in) {
    if (in.inquiry > ByBoth) return false;
    if ((in.inquiry == ByObject || in.inquiry == ByBoth) && in.object && !in.object->is_nil())
        return false;
    if (in.inquiry != ByInterface && in.inquiry != ByBoth) return true;
    return in.interface && ours.uuid == in.interface->uuid &&
           version_matches(ours, *in.interface, in.version_option);
}

bool matches(const rpc::SyntaxId& ours, const Tower& asked) {
    return ours.uuid == asked.interface.uuid && ours.major == asked.interface.major &&
           ours.minor >= asked.interface.minor && asked.transfer == rpc::ndr_syntax;
}

} // namespace

EndpointMapInterface::EndpointMapInterface(const Random& random) {
    std::array<std::uint8_t, 16> bytes{};
    random(bytes);
    mark_ = ndr::guid_from_bytes(bytes);
    set({}, {});
}

void EndpointMapInterface::set(std::vector<Endpoint> endpoints,
                               const std::vector<std::string>& hosts) {
    endpoints_ = std::move(endpoints);
    addresses_.clear();
    for (const auto& host : hosts) {
        std::array<std::uint8_t, 4> address{};
        if (::inet_pton(AF_INET, host.c_str(), address.data()) == 1) addresses_.push_back(address);
    }
    if (addresses_.empty()) addresses_.emplace_back();
}

rpc::SyntaxId EndpointMapInterface::id() const {
    return {kEndpointMapId, 3, 0};
}

template <typename Wanted>
EndpointMapInterface::Found EndpointMapInterface::collect(const LookupHandle& from,
                                                          std::uint32_t most, Wanted wanted) const {
    Found found;
    std::size_t position = 0;
    if (from != LookupHandle{}) {
        ndr::Guid expected = mark_;
        expected.data1 = from.uuid.data1;
        if (from.attributes != 0 || from.uuid != expected) {
            found.status = kInvalidContext;
            return found;
        }
        position = from.uuid.data1;
    }
    std::size_t at = 0;
    for (const auto& endpoint : endpoints_) {
        if (!wanted(endpoint.interface)) continue;
        for (const auto& address : addresses_) {
            if (at++ < position) continue;
            if (found.towers.size() >= std::min(most, kMostAnswers)) {
                found.next.uuid = mark_;
                found.next.uuid.data1 = static_cast<std::uint32_t>(at - 1);
                return found;
            }
            found.towers.push_back({endpoint.interface, rpc::ndr_syntax, endpoint.port, address});
        }
    }
    if (found.towers.empty()) found.status = kEndpointNotRegistered;
    return found;
}

EptLookup::Out EndpointMapInterface::lookup(const EptLookup::In& in) const {
    const Found found =
        collect(in.handle, in.most, [&](const auto& ours) { return matches(ours, in); });
    EptLookup::Out out;
    out.handle = found.next;
    out.most.count = in.most;
    out.count = static_cast<std::uint32_t>(found.towers.size());
    for (const auto& tower : found.towers) {
        out.entries.emplace_back();
        out.entries.back().tower = octets(tower);
    }
    out.status = found.status;
    return out;
}

EptMap::Out EndpointMapInterface::map(const EptMap::In& in) const {
    EptMap::Out out;
    out.most.count = in.most;
    out.status = kEndpointNotRegistered;
    if (!in.tower) return out;
    // What is no tower of ncacn_ip_tcp asks for what is not registered.
    const auto asked = parse_tower(in.tower->octets);
    if (!asked) return out;
    const Found found =
        collect(in.handle, in.most, [&](const auto& ours) { return matches(ours, *asked); });
    out.handle = found.next;
    out.count = static_cast<std::uint32_t>(found.towers.size());
    for (const auto& tower : found.towers)
        out.towers.emplace_back(octets(tower));
    out.status = found.status;
    return out;
}

void EndpointMapInterface::call(rpc::Call call, rpc::Reply reply) {
    switch (call.opnum) {
    case EptLookup::opnum:
        return answer<EptLookup>(call, std::move(reply),
                                 [&](const auto& in) { return lookup(in); });
    case EptMap::opnum:
        return answer<EptMap>(call, std::move(reply), [&](const auto& in) { return map(in); });
    case EptLookupHandleFree::opnum:
        return answer<EptLookupHandleFree>(call, std::move(reply),
                                           [](const auto&) { return EptLookupHandleFree::Out{}; });
    case 0: // ept_insert, ept_delete, ept_mgmt_delete: registrations are not taken
    case 1:
    case 6:
        return reply.fault(rpc::fault::access_denied);
    default:
        reply.fault(rpc::fault::operation_range);
    }
}

} // namespace mpapi::dcom
