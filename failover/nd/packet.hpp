// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Neighbour solicitations and advertisements (RFC 4861 4.3, 4.4), as duplicate address detection
// (RFC 4862 5.4, RFC 7527) and a move to another link-layer address (RFC 4861 7.2.6) use them.
//
// Two packets are sent, both with the hop limit 255, which no router lets through.
//   solicitation   from the unspecified address to the solicited-node address of the one wanted,
//                  with a nonce (RFC 7527 4.1), so that one that the network loops back is known
//   advertisement  unsolicited, from the address itself to all nodes: Override set, Solicited not,
//                  Router as this host forwards, with the target's link-layer address; and an
//                  option of an experimental type (RFC 4727 5.1.3) with the mark of claim.hpp
//
// What is received is checked as RFC 4861 7.1 wants. An advertisement is a claim on its target. A
// solicitation from the unspecified address is a wish for its target; one from another address only
// asks for a neighbour, and says nothing.
#pragma once

#include "failover/claim.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mpapi::failover::nd {

inline constexpr std::uint8_t kSolicitation = 135, kAdvertisement = 136;

// Whole IPv6 packets with their checksums.
std::vector<std::uint8_t> solicitation(const Ip& wanted, const Nonce& nonce);
std::vector<std::uint8_t> advertisement(const Ip& ours, const HardwareAddress& own, bool router);

// `bytes`: an IPv6 packet; `from`: who sent the frame, for a claim that does not say it itself.
// Nothing for what is malformed; `claim` is nothing where no address is claimed.
struct Heard {
    std::optional<Claim> claim;
};
std::optional<Heard> parse(std::span<const std::uint8_t> bytes, const HardwareAddress& from);

// ff02::1:ffXX:XXXX (RFC 4291 2.7.1).
Ip solicited_node(const Ip& address);
Ip all_nodes();
// The Ethernet address of an IPv6 multicast group (RFC 2464 7).
HardwareAddress ethernet_group(const Ip& group);

} // namespace mpapi::failover::nd
