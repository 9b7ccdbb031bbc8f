// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a peer comes from: for the log its address and port, for limits its network.
//
// Limits are counted by the network: an IPv4 address by itself, of IPv6 the 64 bits that a site
// gives to a link (RFC 4291 2.5.1), for whoever has one address of a link has all 2^64 of them.
#pragma once

#include <cstdint>
#include <string>

namespace mpapi::rpc {

struct PeerAddress {
    PeerAddress() = default;
    // "192.0.2.1", "2001:db8::1", or anything else, which is its own network.
    PeerAddress(std::string address_, std::uint16_t port_ = 0);
    PeerAddress(const char* address_, std::uint16_t port_ = 0)
      : PeerAddress(std::string(address_), port_) {}

    // "192.0.2.1:49152", "[2001:db8::1]:49152"; without the port where there is none.
    std::string text() const;

    std::string address;
    std::string network; // "192.0.2.1", "2001:db8::/64"
    std::uint16_t port = 0;
};

} // namespace mpapi::rpc
