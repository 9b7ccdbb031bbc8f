// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A network interface as org.mpapi.Network1.Adapters tells of it, made of what the kernel says.
// Pure.
//
// - Physical ones and virtual ones alike, also a member of a bond or a bridge, which has no
// address.
// - Its type is IANA's, by how it speaks: a bond, a VLAN and a bridge speak Ethernet (6). What
//   carries packets in packets is a tunnel (131), Ethernet inside or not, with IANA's tunnel type.
// - Its status is RFC 2863's. One whose driver keeps no state ("unknown") is up when it runs.
// - DHCP counts as used where an IPv4 address has a lifetime that is not put there by ipfailoverd;
//   IPv6 addresses have one by router advertisements too. An adapter that waits for its first lease
//   is not seen to use DHCP.
// - Addresses that are not in use yet (tentative) or never will be (duplicate) are left out.
#pragma once

#include "failover/adapters/facts.hpp"

#include <string>
#include <vector>

namespace mpapi::failover::adapters {

struct Adapter {
    unsigned index = 0;
    std::string name;
    std::string alias, kind, driver, bus; // each may be empty
    std::uint32_t type = 1;               // IANAifType
    std::uint32_t tunnel_type = 0;        // IANAtunnelType; 0: none
    HardwareAddress hardware_address;     // empty: it has none
    const char* status = "unknown";       // ifOperStatus, in words
    std::vector<Prefixed> addresses;
    std::vector<Ip> gateways; // of default routes, each once
    bool dhcp = false;
};

// In the order of the links.
std::vector<Adapter> make(const Facts& facts);

} // namespace mpapi::failover::adapters
