// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The adapters of MS-CSVP 2.2.12 from what the kernel says. Pure.
//
// - An adapter is a network interface of Linux: physical ones and virtual ones alike, also a member
//   of a bond or a bridge, which has no address. None is a cluster adapter.
// - Its type is IANA's, by how it speaks: a bond, a VLAN and a bridge speak Ethernet (6). What
//   carries packets in packets is a tunnel (131), Ethernet inside or not, with IANA's tunnel type.
// - Its status is RFC 2863's. One whose driver keeps no state ("unknown") is up when it runs.
// - DHCP counts as enabled where an IPv4 address has a lifetime; IPv6 addresses have one by router
//   advertisements too. An adapter that waits for its first lease is not seen to use DHCP.
// - It suits as a private network when it is up, has an address, and no default route.
// - Addresses that are not in use yet (tentative) or never will be (duplicate) are left out.
#pragma once

#include "clusprep/node/network/facts.hpp"
#include "common/result.hpp"

#include <functional>
#include <string>
#include <vector>

namespace mpapi::node {

inline constexpr std::uint32_t kLoopback = 24, kTunnel = 131; // IANAifType

// The number, 0 or 1, of the adapter with this name.
using AdapterId = std::function<Result<ndr::Guid>(const std::string& name, unsigned number)>;

// Made of the machine's id and the name: the same after a reboot, and no clue to the machine's id.
Result<ndr::Guid> adapter_id(const std::string& name, unsigned number);

// In the order of the links.
Result<std::vector<csvp::Adapter>> adapters(const NetworkFacts& facts, const AdapterId& id);

} // namespace mpapi::node
