// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The interfaces that mail is exchanged on, as values. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::discovery {

// An address of ours and the network that it is in.
struct Network {
    std::uint32_t address = 0;
    unsigned prefix = 32;

    bool operator==(const Network&) const = default;

    std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
    // Of all hosts of the network. In one of two hosts (RFC 3021), or of one, there is none: 0.
    std::uint32_t broadcast() const { return prefix >= 31 ? 0 : address | ~mask(); }
    // Whether it is a host of the network: neither its number nor all of its hosts.
    bool has_host(std::uint32_t host) const;
};

struct Interface {
    int index = 0;
    std::string name;
    bool usable = false; // up, with a carrier, able to broadcast
    bool loopback = false;
    std::vector<Network> networks;

    bool operator==(const Interface&) const = default;
};

using Interfaces = std::vector<Interface>;

// Whether the name is like one of the patterns (fnmatch(3): "eth*"); no patterns: every name.
bool is_wanted(const std::string& name, const std::vector<std::string>& patterns);

// Those that mail is exchanged on: wanted, usable, with a network that has a broadcast address.
Interfaces choose(const Interfaces& all, const std::vector<std::string>& patterns);

// Where a packet came in. `index`: as the kernel told it, 0 where it is not known. What we send
// ourselves comes back on the loopback interface: that is the interface whose address it has.
// nullptr where there is none.
const Interface* interface_of(const Interfaces& chosen, int index, std::uint32_t from);

// Whether the sender is a host of one of the interface's networks.
bool is_neighbour(const Interface& interface, std::uint32_t host);

} // namespace mpapi::discovery
