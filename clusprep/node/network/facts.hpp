// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel says of the network of this machine, before anything is made of it. Plain values.
#pragma once

#include "clusprep/interfaces/network.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace mpapi::node {

struct LinkFacts {
    int index = 0;
    std::string name;
    std::string alias;          // given by an administrator; may be empty
    std::string kind;           // IFLA_INFO_KIND: "vlan", "veth"; empty for a physical one
    std::string driver;         // as ethtool -i; may be empty
    std::string bus;            // "0000:00:03.0"; may be empty
    bool wireless = false;      // IEEE 802.11
    unsigned flags = 0;         // IFF_*
    unsigned hardware_type = 0; // ARPHRD_*
    std::uint8_t operstate = 0; // IF_OPER_*
    std::vector<std::uint8_t> address;

    bool operator==(const LinkFacts&) const = default;
};

struct AddressFacts {
    int link = 0;
    csvp::AdapterAddress address;
    unsigned flags = 0; // IFA_F_*

    bool operator==(const AddressFacts&) const = default;
};

// Of a default route in the main table.
struct GatewayFacts {
    int link = 0;
    csvp::IpAddress address;

    bool operator==(const GatewayFacts&) const = default;
};

struct NetworkFacts {
    std::vector<LinkFacts> links; // by index
    std::vector<AddressFacts> addresses;
    std::vector<GatewayFacts> gateways;
};

} // namespace mpapi::node
