// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a cluster's node has to let in (the groups of rules of MS-CSVP 3.12.4.2), and the profile of
// an adapter (2.2.14). Pure.
//
// - server, "Failover Clusters": TCP and UDP 3343
// - management, "Failover Cluster Manager": TCP 135 and the ports on which our objects are served
// - common, "Failover Cluster Common": ICMP echo, TCP 445
#pragma once

#include "clusprep/interfaces/network.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace mpapi::node::firewall {

enum class Group : std::uint8_t { Server, Management, Common };
enum class Protocol : std::uint8_t { Tcp, Udp, Echo };

struct Need {
    Group group = Group::Server;
    Protocol protocol = Protocol::Tcp;
    std::uint16_t port = 0; // not for Echo
};

// What org.mpapi.Network1.Firewall judges.
struct Packet {
    std::string adapter;
    csvp::AdapterAddress source; // any of this network
    csvp::IpAddress destination;
    Protocol protocol = Protocol::Tcp;
    std::uint16_t port = 0;
};

struct Judgement {
    bool allowed = false;
    std::string reason; // why not
};

// `ports`: where our objects are served.
std::vector<Need> needs(const std::vector<std::uint16_t>& ports);

// For each need: from the network of each of the adapter's addresses to that address; without an
// address, from anywhere over IPv4.
std::vector<Packet> packets(const csvp::Adapter& adapter, const std::vector<Need>& needs);

// `zone`: firewalld's; empty where it does not run or has none. A zone that is not one of its
// standard ones says nothing, and then Private is one whose addresses are all private (RFC 1918,
// RFC 4193), link-local ones apart.
csvp::NetworkProfile profile_of(const csvp::Adapter& adapter, const std::string& zone);

// By the judgements of its packets(). The reason why a need is not met goes to `note`, with the
// adapter's name.
csvp::AdapterFirewall sum_up(const csvp::Adapter& adapter, const std::string& zone,
                             const std::vector<Need>& needs, std::span<const Judgement> judgements,
                             const std::function<void(const std::string&)>& note);

// Of those that a cluster uses: up, with an address (ports of a bridge or a bond have none), and
// neither loopback nor tunnel. Without one, no.
csvp::HostFirewall whole_host(const std::vector<csvp::Adapter>& adapters,
                              const std::vector<csvp::AdapterFirewall>& firewalls);

} // namespace mpapi::node::firewall
