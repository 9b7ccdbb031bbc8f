// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/peer_address.hpp"

#include <algorithm>
#include <utility>

#include <arpa/inet.h>

namespace mpapi::rpc {

namespace {

std::string network_of(const std::string& address) {
    in6_addr bytes{};
    if (::inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address;
    std::fill(bytes.s6_addr + 8, bytes.s6_addr + 16, std::uint8_t{0});
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET6, &bytes, text, sizeof text);
    return std::string(text) + "/64";
}

} // namespace

PeerAddress::PeerAddress(std::string address_, std::uint16_t port_)
  : address(std::move(address_))
  , network(network_of(address))
  , port(port_) {}

std::string PeerAddress::text() const {
    if (port == 0) return address;
    const bool is_v6 = address.find(':') != std::string::npos;
    return (is_v6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

} // namespace mpapi::rpc
