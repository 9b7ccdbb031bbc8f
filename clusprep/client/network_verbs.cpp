// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/verbs.hpp"

#include "clusprep/client/disk_text.hpp"
#include "clusprep/interfaces/adapter_list.hpp"
#include "clusprep/interfaces/ip_text.hpp"
#include "common/text/utf16.hpp"

#include <array>

namespace mpapi::client {
namespace {

constexpr std::uint16_t family_v4 = 2;        // AF_INET
constexpr std::uint16_t family_v6 = 0x17;     // AF_INET6 of Windows
constexpr std::uint32_t echo_timeout = 1'000; // ms, the most (MS-CSVP 3.4.4.2)

std::string status_name(std::uint32_t status) {
    static constexpr std::array names = {"0",       "up",      "down",       "testing",
                                         "unknown", "dormant", "notPresent", "lowerLayerDown"};
    return status < names.size() ? names[status] : std::to_string(status);
}

std::string type_name(std::uint32_t type) {
    switch (type) {
    case 6:
        return "ethernet";
    case 24:
        return "loopback";
    case 131:
        return "tunnel";
    default:
        return std::to_string(type);
    }
}

std::vector<std::string> texts(const std::vector<csvp::IpAddress>& addresses) {
    std::vector<std::string> made;
    made.reserve(addresses.size());
    for (const csvp::IpAddress& address : addresses)
        made.push_back(csvp::text(address));
    return made;
}

// Each address with the length of its prefix, where the node told one.
std::vector<std::string> with_prefixes(const csvp::AdapterRecord& adapter) {
    std::vector<std::string> made;
    for (const csvp::IpAddress& address : adapter.addresses) {
        std::string text = csvp::text(address);
        for (const csvp::AdapterAddress& prefix : adapter.prefixes) {
            if (prefix.address != address) continue;
            text += "/" + std::to_string(prefix.prefix_length);
            break;
        }
        made.push_back(std::move(text));
    }
    return made;
}

std::string profile_name(csvp::NetworkProfile profile) {
    switch (profile) {
    case csvp::NetworkProfile::Public:
        return "public";
    case csvp::NetworkProfile::Private:
        return "private";
    case csvp::NetworkProfile::DomainAuthenticated:
        return "domainAuthenticated";
    }
    return std::to_string(static_cast<std::uint16_t>(profile));
}

Cell allowed(std::int8_t yes) {
    return {yes != 0, {}, yes != 0 ? Tone::Good : Tone::Bad};
}

Value text_or_none(const std::string& text) {
    return text.empty() ? Value() : Value(text);
}

} // namespace

Outcome<Report> network_initialize(Context& context) {
    const auto out = context.server.initialize();
    if (!out) return out.failure();
    const std::string version =
        std::to_string(out->major_version) + "." + std::to_string(out->minor_version);
    return Report{
        {{"majorVersion", "", std::uint64_t{out->major_version}, {}},
         {"minorVersion", "", std::uint64_t{out->minor_version}, {}},
         {"", "System version", version, {}},
         {"clusprepVersion", "ClusPrep version", std::uint64_t{out->clusprep_version}, {}},
         {"udpPort", "UDP port", std::uint64_t{out->port}, {}}},
        {}};
}

Outcome<Report> network_adapters(Context& context) {
    using Method = csvp::GetIpConfigSerialized;
    auto& server = context.server;
    if (const auto ready = server.initialize(); !ready) return ready.failure();
    Method::In in;
    in.apply_cluster_filter = context.command.all ? 0 : 1;
    const auto out = server.call<csvp::ClusterNetwork2, Method>(in);
    if (!out) return out.failure();
    const auto list = csvp::decode_adapter_list(out->data.bytes());
    if (!list) return server.failure(Failure::Kind::Garbled, Method::name, list.error());
    List adapters{"adapters",
                  {{"friendlyName", "ADAPTER"},
                   {"name", ""},
                   {"description", ""},
                   {"type", "TYPE"},
                   {"tunnelType", ""},
                   {"status", "STATUS"},
                   {"physicalAddress", "PHYSICAL ADDRESS"},
                   {"addresses", "ADDRESSES"},
                   {"gateways", "GATEWAYS"},
                   {"dhcp", "DHCP"},
                   {"internal", ""},
                   {"cluster", ""},
                   {"guids", ""},
                   {"", "GUID"}}, // by which 'firewall' names it
                  {},
                  "no adapters"};
    for (std::size_t i = 0; i < list->adapters.size(); ++i) {
        const csvp::AdapterRecord& adapter = list->adapters[i];
        const auto first = list->guids.begin() + static_cast<std::ptrdiff_t>(2 * i);
        adapters.rows.push_back({{adapter.friendly_name, {}},
                                 {adapter.name, {}},
                                 {adapter.description, {}},
                                 {type_name(adapter.type), {}},
                                 {std::uint64_t{adapter.tunnel_type}, {}},
                                 {status_name(adapter.oper_status),
                                  {},
                                  adapter.oper_status == 1 ? Tone::Good : Tone::Bad},
                                 {text_or_none(adapter.physical_address), {}},
                                 {with_prefixes(adapter), {}},
                                 {texts(adapter.gateways), {}},
                                 {adapter.dhcp_enabled != 0, {}},
                                 {adapter.internal_network != 0, {}},
                                 {adapter.cluster_adapter != 0, {}},
                                 {std::vector<std::string>(first, first + 2), {}},
                                 {*first, {}}});
    }
    return Report{{{"serverName", "Server", list->server_name, {}}}, {std::move(adapters)}};
}

Outcome<Report> network_ping(Context& context) {
    auto& server = context.server;
    const Command& command = context.command;
    const bool v4 = command.source.find(':') == std::string::npos;
    for (const std::string& address : {command.source, command.destination})
        if (auto read = csvp::parse_address(v4 ? csvp::AddressFamily::V4 : csvp::AddressFamily::V6,
                                            to_utf16(address));
            !read)
            return Failure{
                Failure::Kind::Local, "", "", 0, {"read address", address, read.error().reason}};
    if (const auto ready = server.initialize(); !ready) return ready.failure();
    csvp::SendRTMessage::In in;
    in.source = ndr::Bstr(to_utf16(command.source));
    in.destination = ndr::Bstr(to_utf16(command.destination));
    in.family = v4 ? family_v4 : family_v6;
    in.timeout = echo_timeout;
    const auto out = server.call<csvp::ClusterNetwork2, csvp::SendRTMessage>(in);
    if (!out) return out.failure();
    return Report{{{"source", "Source", command.source, {}},
                   {"destination", "Destination", command.destination, {}},
                   {"elapsedMilliseconds", "Elapsed", std::uint64_t{out->elapsed},
                    std::to_string(out->elapsed) + " ms", Tone::Good}},
                  {}};
}

Outcome<Report> network_firewall(Context& context) {
    auto& server = context.server;
    if (const auto ready = server.initialize(); !ready) return ready.failure();
    const auto out = server.call<csvp::ClusterNetwork2, csvp::QueryFirewallConfiguration>({});
    if (!out) return out.failure();
    const bool nodes = out->server_rules_enabled != 0;
    const bool management = out->management_rules_enabled != 0;
    Report report{{{"serverRules", "Node to node", nodes, nodes ? "allowed" : "not allowed",
                    nodes ? Tone::Good : Tone::Bad},
                   {"managementRules", "Management", management,
                    management ? "allowed" : "not allowed", management ? Tone::Good : Tone::Bad}},
                  {}};
    report.yes = nodes && management;
    return report;
}

Outcome<Report> network_cleanup(Context& context) {
    auto& server = context.server;
    if (const auto ready = server.initialize(); !ready) return ready.failure();
    if (const auto cleaned = server.clean_up_network(); !cleaned) return cleaned.failure();
    return Report{{{"", "State", std::string("cleaned up"), {}, Tone::Good}}, {}};
}

Outcome<Report> firewall(Context& context) {
    auto& server = context.server;
    using csvp::ClusterFirewall;
    const auto count = server.call<ClusterFirewall, csvp::InitializeAdapterConfiguration>({});
    if (!count) return count.failure();
    List adapters{"adapters",
                  {{"adapter", "ADAPTER"},
                   {"profile", "PROFILE"},
                   {"serverRules", "NODE TO NODE"},
                   {"managementRules", "MANAGEMENT"},
                   {"commonRules", "COMMON"}},
                  {},
                  "no adapters"};
    for (std::uint32_t index = 0; index < count->adapters; ++index) {
        const auto out =
            server.call<ClusterFirewall, csvp::GetNextAdapterFirewallConfiguration>({index});
        if (!out) return out.failure();
        adapters.rows.push_back({{out->adapter.text(), {}},
                                 {profile_name(out->profile), {}},
                                 allowed(out->server_rules_enabled),
                                 allowed(out->management_rules_enabled),
                                 allowed(out->common_rules_enabled)});
    }
    return Report{{}, {std::move(adapters)}};
}

} // namespace mpapi::client
