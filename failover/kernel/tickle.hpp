// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A tickle: an acknowledgement of nothing, sent to the peer of a TCP connection that ended with the
// node that had the address before. The peer answers with what it expects (RFC 9293 3.10.7.4), to
// which this host, which knows no such connection, answers with a reset: so that the peer connects
// anew at once, and does not wait for a timeout.
#pragma once

#include "common/result.hpp"
#include "failover/address/ip.hpp"
#include "failover/kernel/connections.hpp"

#include <array>
#include <cstdint>

namespace mpapi::failover {

// The TCP header with its checksum (RFC 9293 3.1).
std::array<std::uint8_t, 20> tickle_segment(const Ip& ip, const Connection& connection);

// The address must be on this host. Needs CAP_NET_RAW.
Status send_tickle(const Ip& ip, const Connection& connection);

} // namespace mpapi::failover
