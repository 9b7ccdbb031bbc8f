// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The Address Resolution Protocol (RFC 826) for IPv4, as address conflict detection uses it
// (RFC 5227).
//
// Four packets are sent. All go to the link's broadcast address.
//   probe                  request; sender address zero, so that nobody's cache is touched
//                          (RFC 5227 2.1.1; Windows NT probed with the address itself)
//   announcement, request  sender and target address ours; target hardware address zero
//   announcement, reply    the same as a reply, for switches and hosts that take only those. Its
//                          target hardware address is that of the sender: Linux takes a reply for
//                          gratuitous only so (net/ipv4/arp.c, arp_is_garp).
//   defence                an announcement (RFC 5227 2.4)
//
// What is received is a claim on the sender's address, or, when that is zero, a wish for the
// target's.
#pragma once

#include "failover/claim.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mpapi::failover::arp {

enum class Operation : std::uint16_t { Request = 1, Reply = 2 };

struct Packet {
    std::uint16_t hardware_type = 1; // ARPHRD_*
    Operation operation = Operation::Request;
    HardwareAddress sender, target; // of one length
    Ip sender_ip, target_ip;
    bool marked = false; // behind the packet stands kMark

    bool operator==(const Packet&) const = default;
};

std::vector<std::uint8_t> encode(const Packet& packet);

// `bytes`: what follows the link's header, padding included. Nothing for what is no ARP for IPv4 by
// a request or a reply, or is cut.
std::optional<Packet> parse(std::span<const std::uint8_t> bytes);

std::optional<Claim> claim_of(const Packet& packet);

Packet probe(const Ip& wanted, const HardwareAddress& own, std::uint16_t hardware_type);
Packet announcement(const Ip& ours, const HardwareAddress& own, std::uint16_t hardware_type,
                    Operation form);

} // namespace mpapi::failover::arp
