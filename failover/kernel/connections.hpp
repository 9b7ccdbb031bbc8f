// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The TCP connections and connected UDP sockets that this host has from an address, and their end
// (sock_diag(7), SOCK_DESTROY; needs CAP_NET_ADMIN and a kernel with CONFIG_INET_DIAG_DESTROY).
// Sockets that listen stay: they serve again when the address is back.
#pragma once

#include "common/result.hpp"
#include "failover/address/ip.hpp"

#include <linux/inet_diag.h>

#include <cstdint>
#include <vector>

namespace mpapi::failover {

struct Connection {
    std::uint16_t local_port = 0;
    Ip peer;
    std::uint16_t peer_port = 0;

    auto operator<=>(const Connection&) const = default;
};

struct OpenSocket {
    std::uint8_t protocol = 0; // IPPROTO_*
    inet_diag_msg told{};      // by the kernel
};

// Those from any of these addresses. Takes milliseconds: the kernel looks at its whole table, which
// is as large as the machine's memory wants it.
Result<std::vector<OpenSocket>> sockets_of(const std::vector<Ip>& addresses);
// Destroys them, and tells of the TCP ones: who takes the address may send their peers a tickle.
// One that has ended is well; a kernel that cannot destroy is an error, after as many as there
// were.
Result<std::vector<Connection>> destroy(const std::vector<OpenSocket>& sockets);

} // namespace mpapi::failover
