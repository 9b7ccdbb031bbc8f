// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The TCP connections and connected UDP sockets that this host has from an address, and their end
// (sock_diag(7), SOCK_DESTROY; needs CAP_NET_ADMIN and a kernel with CONFIG_INET_DIAG_DESTROY).
// Sockets that listen stay: they serve again when the address is back.
#pragma once

#include "common/result.hpp"
#include "failover/address/ip.hpp"

#include <cstdint>
#include <vector>

namespace mpapi::failover {

struct Connection {
    std::uint16_t local_port = 0;
    Ip peer;
    std::uint16_t peer_port = 0;

    auto operator<=>(const Connection&) const = default;
};

// Destroys them, and tells of the TCP ones: who takes the address may send their peers a tickle.
// A kernel that cannot destroy is an error, after as many as there were.
Result<std::vector<Connection>> destroy_connections(const Ip& ip);

} // namespace mpapi::failover
