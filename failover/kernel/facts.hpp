// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel says of an interface and of an address on one (rtnetlink(7)), and the pure
// functions that read it from a message.
#pragma once

#include "failover/address/hardware.hpp"
#include "failover/address/ip.hpp"
#include "failover/core/managed.hpp"

#include <cstdint>
#include <optional>
#include <string>

struct nlmsghdr;

namespace mpapi::failover {

struct LinkFacts {
    int index = 0;
    std::string name;
    unsigned flags = 0;         // IFF_*
    unsigned hardware_type = 0; // ARPHRD_*
    HardwareAddress address, broadcast;
    bool forwards_v6 = false;          // conf.forwarding: a router
    bool promotes_secondaries = false; // conf.promote_secondaries, IPv4
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

// Nothing for a message that is of another kind, or cut.
std::optional<LinkFacts> read_link(nlmsghdr* message);
std::optional<AddressFacts> read_address(nlmsghdr* message);

} // namespace mpapi::failover
