// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/traffic.hpp"

#include "clusprep/node/network/adapters.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mpapi::node::firewall {

namespace {

using csvp::AddressFamily;

std::string text(const Need& need) {
    switch (need.protocol) {
    case Protocol::Tcp:
        return "TCP port " + std::to_string(need.port);
    case Protocol::Udp:
        return "UDP port " + std::to_string(need.port);
    case Protocol::Echo:
        break;
    }
    return "ICMP echo";
}

bool link_local(const csvp::IpAddress& address) {
    const auto& b = address.bytes;
    return address.family == AddressFamily::V4 ? b[0] == 169 && b[1] == 254
                                               : b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
}

bool is_private(const csvp::IpAddress& address) {
    const auto& b = address.bytes;
    if (address.family == AddressFamily::V6) return (b[0] & 0xfe) == 0xfc;
    return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168);
}

} // namespace

std::vector<Need> needs(const std::vector<std::uint16_t>& ports) {
    std::vector<Need> all{
        {Group::Server, Protocol::Tcp, 3343},    {Group::Server, Protocol::Udp, 3343},
        {Group::Management, Protocol::Tcp, 135}, {Group::Common, Protocol::Echo, 0},
        {Group::Common, Protocol::Tcp, 445},
    };
    for (const std::uint16_t port : ports)
        all.push_back({Group::Management, Protocol::Tcp, port});
    return all;
}

std::vector<Packet> packets(const csvp::Adapter& adapter, const std::vector<Need>& needs) {
    std::vector<Packet> all;
    for (const Need& need : needs) {
        for (const csvp::AdapterAddress& each : adapter.addresses)
            all.push_back({adapter.name, each, each.address, need.protocol, need.port});
        if (adapter.addresses.empty())
            all.push_back({adapter.name, {}, {}, need.protocol, need.port});
    }
    return all;
}

csvp::NetworkProfile profile_of(const csvp::Adapter& adapter, const std::string& zone) {
    constexpr std::array<std::string_view, 4> inside{"trusted", "home", "work", "internal"};
    constexpr std::array<std::string_view, 5> outside{"public", "external", "dmz", "block", "drop"};
    if (std::find(inside.begin(), inside.end(), zone) != inside.end())
        return csvp::NetworkProfile::Private;
    if (std::find(outside.begin(), outside.end(), zone) != outside.end())
        return csvp::NetworkProfile::Public;
    bool any = false;
    for (const csvp::AdapterAddress& each : adapter.addresses) {
        if (link_local(each.address)) continue;
        if (!is_private(each.address)) return csvp::NetworkProfile::Public;
        any = true;
    }
    return any ? csvp::NetworkProfile::Private : csvp::NetworkProfile::Public;
}

csvp::AdapterFirewall sum_up(const csvp::Adapter& adapter, const std::string& zone,
                             const std::vector<Need>& needs, std::span<const Judgement> judgements,
                             const std::function<void(const std::string&)>& note) {
    csvp::AdapterFirewall found;
    found.adapter = adapter.ids[0];
    found.profile = profile_of(adapter, zone);
    found.server = found.management = found.common = true;
    const std::size_t of_each = std::max<std::size_t>(adapter.addresses.size(), 1);
    for (std::size_t i = 0; i < needs.size(); ++i) {
        const auto of_need = judgements.subspan(i * of_each, of_each);
        const auto refused = std::find_if(of_need.begin(), of_need.end(),
                                          [](const Judgement& each) { return !each.allowed; });
        if (refused == of_need.end()) continue;
        note("firewall: " + text(needs[i]) + " is not let in on " + adapter.name + ": " +
             refused->reason);
        switch (needs[i].group) {
        case Group::Server:
            found.server = false;
            break;
        case Group::Management:
            found.management = false;
            break;
        case Group::Common:
            found.common = false;
            break;
        }
    }
    return found;
}

csvp::HostFirewall whole_host(const std::vector<csvp::Adapter>& adapters,
                              const std::vector<csvp::AdapterFirewall>& firewalls) {
    bool any = false;
    csvp::HostFirewall all{true, true};
    for (std::size_t i = 0; i < adapters.size() && i < firewalls.size(); ++i) {
        const csvp::Adapter& adapter = adapters[i];
        if (adapter.type == kLoopback || adapter.type == kTunnel || adapter.oper_status != 1 ||
            adapter.addresses.empty())
            continue;
        any = true;
        all.server = all.server && firewalls[i].server;
        all.management = all.management && firewalls[i].management;
    }
    return any ? all : csvp::HostFirewall{};
}

} // namespace mpapi::node::firewall
