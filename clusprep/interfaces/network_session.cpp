// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/network_session.hpp"

#include "clusprep/interfaces/adapter_list.hpp"
#include "clusprep/interfaces/ip_text.hpp"

#include <algorithm>

namespace mpapi::csvp {

namespace {

constexpr std::uint16_t default_port = 3343;          // 3.4.4.1
constexpr std::uint32_t clusprep_version = 3;         // product note 5
constexpr std::uint32_t round_trip_time_limit = 1000; // ms, 3.4.4.2

constexpr std::uint16_t windows_inet = 2, windows_inet6 = 0x17;

} // namespace

void NetworkSession::on(SendRTMessage, const SendRTMessage::In& in,
                        const Responder<SendRTMessage>& respond) {
    if (!initialized_) return respond(Hresult::InvalidServerState);
    if (in.family != windows_inet && in.family != windows_inet6)
        return respond(Hresult::InvalidParameter);
    const auto family = in.family == windows_inet ? AddressFamily::V4 : AddressFamily::V6;
    const auto source = parse_address(family, in.source.text());
    if (!source) return respond(Failure{Hresult::InvalidParameter, source.error()});
    const auto destination = parse_address(family, in.destination.text());
    if (!destination) return respond(Failure{Hresult::InvalidParameter, destination.error()});
    // 0, which waits for nothing, is what clients send that know the parameter as unused (product
    // note 10).
    const std::uint32_t limit =
        in.timeout == 0 ? round_trip_time_limit : std::min(in.timeout, round_trip_time_limit);
    machine_.node().network().echo(*source, *destination, std::chrono::milliseconds(limit),
                                   [respond](Outcome<std::chrono::milliseconds> time) {
                                       if (!time) return respond(time.failure());
                                       auto out = respond.out();
                                       out.elapsed = static_cast<std::uint32_t>(time->count());
                                       respond(out);
                                   });
}

void NetworkSession::on(InitializeNode, InitializeNode::In in,
                        const Responder<InitializeNode>& respond) {
    initialized_ = true;
    const Versions versions = machine_.node().host().versions();
    auto out = respond.out();
    out.port = in.port != 0 ? in.port : default_port;
    out.major_version = versions.major;
    out.minor_version = versions.minor;
    out.clusprep_version = clusprep_version;
    respond(out);
}

void NetworkSession::on(GetIpConfigSerialized, GetIpConfigSerialized::In in,
                        const Responder<GetIpConfigSerialized>& respond) {
    const bool filter = in.apply_cluster_filter != 0;
    machine_.node().network().adapters(
        [&machine = machine_, filter, respond](Outcome<std::vector<Adapter>> adapters) {
            if (!adapters) return respond(adapters.failure());
            machine.node().host().full_name(
                [filter, adapters = std::move(*adapters), respond](Outcome<std::string> name) {
                    if (!name) return respond(name.failure());
                    auto bytes = encode_adapter_list(describe_adapters(*name, adapters, filter));
                    if (!bytes) return respond(Failure{Hresult::Failed, bytes.error()});
                    auto out = respond.out();
                    out.size = static_cast<std::int32_t>(bytes->size());
                    out.data = ndr::SafeArrayOfBytes(std::move(*bytes));
                    respond(out);
                });
        });
}

void NetworkSession::on(CleanupNode, NoParameters, const Responder<CleanupNode>& respond) {
    if (!initialized_) return respond(Hresult::InvalidServerState);
    initialized_ = false;
    respond(Hresult::Ok);
}

void NetworkSession::on(QueryFirewallConfiguration, NoParameters,
                        const Responder<QueryFirewallConfiguration>& respond) {
    machine_.node().network().host_firewall([respond](Outcome<HostFirewall> firewall) {
        if (!firewall) return respond(firewall.failure());
        auto out = respond.out();
        out.server_rules_enabled = firewall->server ? 1 : 0;
        out.management_rules_enabled = firewall->management ? 1 : 0;
        respond(out);
    });
}

} // namespace mpapi::csvp
