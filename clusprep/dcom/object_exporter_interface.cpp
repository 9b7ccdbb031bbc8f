// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/object_exporter_interface.hpp"

#include "clusprep/dcom/activation_messages.hpp"
#include "clusprep/dcom/answering.hpp"
#include "clusprep/dcom/object_exporter_messages.hpp"

#include <utility>

namespace mpapi::dcom {

namespace {

// Both ResolveOxid, whose answers differ in the version only.
template <typename Method>
typename Method::Out resolve(const Exporter& exporter, const ResolveOxidIn& in) {
    typename Method::Out out;
    const ResolverError error = in.oxid != exporter.oxid()  ? ResolverError::InvalidOxid
                                : !speaks_tcp(in.protocols) ? ResolverError::NoProtocols
                                                            : ResolverError::Ok;
    out.error = static_cast<std::uint32_t>(error);
    if (error != ResolverError::Ok) return out;
    out.bindings = to_structure(exporter.exporter_bindings());
    out.remote_unknown = exporter.remote_unknown();
    out.authentication_hint = kAuthenticationHint;
    return out;
}

SimplePing::Out simple_ping(Exporter& exporter, const SimplePing::In& in) {
    const Time now = exporter.now();
    const auto error = exporter.pings().simple_ping(
        in.set, now, [&](Oid oid) { exporter.objects().touch(oid, now); });
    return {static_cast<std::uint32_t>(error)};
}

ComplexPing::Out complex_ping(Exporter& exporter, const ComplexPing::In& in) {
    const Time now = exporter.now();
    const auto oids = [](const auto& array) {
        return array ? std::span<const Oid>(*array) : std::span<const Oid>();
    };
    ComplexPing::Out out;
    out.set = in.set;
    const auto error = exporter.pings().complex_ping(
        {in.set, in.sequence, oids(in.add), oids(in.remove)}, now,
        [&](Oid oid) { return exporter.objects().owner(oid); },
        [&](Oid oid) { exporter.objects().touch(oid, now); }, out.set);
    out.error = static_cast<std::uint32_t>(error);
    return out;
}

} // namespace

rpc::SyntaxId ObjectExporterInterface::id() const {
    return {kObjectExporterId, 0, 0};
}

void ObjectExporterInterface::call(rpc::Call call, rpc::Reply reply) {
    switch (call.opnum) {
    case ResolveOxid::opnum:
        return answer<ResolveOxid>(call, std::move(reply), [&](const auto& in) {
            return resolve<ResolveOxid>(exporter_, in);
        });
    case SimplePing::opnum:
        return answer<SimplePing>(call, std::move(reply),
                                  [&](const auto& in) { return simple_ping(exporter_, in); });
    case ComplexPing::opnum:
        return answer<ComplexPing>(call, std::move(reply),
                                   [&](const auto& in) { return complex_ping(exporter_, in); });
    case ServerAlive::opnum:
        return answer<ServerAlive>(call, std::move(reply),
                                   [](const auto&) { return ServerAlive::Out{}; });
    case ResolveOxid2::opnum:
        return answer<ResolveOxid2>(call, std::move(reply), [&](const auto& in) {
            return resolve<ResolveOxid2>(exporter_, in);
        });
    case ServerAlive2::opnum:
        return answer<ServerAlive2>(call, std::move(reply), [&](const auto&) {
            ServerAlive2::Out out;
            out.bindings = to_structure(exporter_.resolver_bindings());
            return out;
        });
    default:
        reply.fault(rpc::fault::operation_range);
    }
}

} // namespace mpapi::dcom
