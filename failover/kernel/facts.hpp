// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel says of an interface, of an address on one and of a default route through one
// (rtnetlink(7)), and the pure functions that read it from a message.
#pragma once

#include "failover/address/hardware.hpp"
#include "failover/address/ip.hpp"
#include "failover/core/managed.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct nlmsghdr;

namespace mpapi::failover {

struct LinkFacts {
    int index = 0;
    std::string name;
    std::string alias;          // given by an administrator; may be empty
    std::string kind;           // of a virtual one: "vlan", "veth"
    unsigned flags = 0;         // IFF_*
    unsigned hardware_type = 0; // ARPHRD_*
    std::uint8_t operstate = 0; // IF_OPER_*
    HardwareAddress address, broadcast;
    bool forwards_v6 = false;          // conf.forwarding: a router
    bool promotes_secondaries = false; // conf.promote_secondaries, IPv4
    int master = 0;                    // the bridge, bond or VRF that it is in
    bool port = false;                 // of a bridge, a bond or the like, which has the addresses
    // A message, not a state: neighbours are to be told anew (IFLA_EVENT: bonding failover, or
    // whoever is below was moved).
    bool notify_peers = false;

    LinkState state() const;
    bool operator==(const LinkFacts&) const = default;
};

// IFA_PROTO of our addresses; none that rt_addrprotos of iproute2 knows.
inline constexpr std::uint8_t kAddressProtocol = 0x96;

struct AddressFacts {
    int link = 0;
    Prefixed address;
    unsigned flags = 0; // IFA_F_*
    bool ours = false;  // put there by this program (IFA_PROTO, Linux 5.18)

    bool operator==(const AddressFacts&) const = default;
};

// Whether an interface forwards IPv6: a router does.
struct ForwardingFacts {
    int link = 0;
    bool forwards_v6 = false;

    bool operator==(const ForwardingFacts&) const = default;
};

struct GatewayFacts {
    int link = 0;
    Ip address;

    bool operator==(const GatewayFacts&) const = default;
};

// Nothing for a message that is of another kind, or cut.
std::optional<LinkFacts> read_link(nlmsghdr* message);
std::optional<AddressFacts> read_address(nlmsghdr* message);
std::optional<ForwardingFacts> read_forwarding(nlmsghdr* message);
// Where packets to anywhere go, by the main table; several for a route with several next hops.
std::vector<GatewayFacts> read_default_gateways(nlmsghdr* message);

} // namespace mpapi::failover
