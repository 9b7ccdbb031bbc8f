// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ICMP echo (RFC 792) and ICMPv6 echo (RFC 4443 4.1, 4.2): one request, and whether what arrived is
// its reply. A raw socket sees everybody's replies, and anybody on the network can send some: a
// reply is ours when identifier, sequence number and all data are those that we drew.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::failover::echo {

enum class Protocol { Icmp, Icmpv6 };

constexpr std::size_t kHeaderSize = 8;

// Type, code, checksum, identifier, sequence number, data. The checksum of ICMPv6 covers addresses
// too: the kernel fills it in.
std::vector<std::uint8_t> request(Protocol protocol, std::uint32_t identifier_and_sequence,
                                  std::span<const std::uint8_t> data);

// `packet`: as a raw socket delivers it, for ICMP with the IP header, for ICMPv6 without.
bool answers(Protocol protocol, std::span<const std::uint8_t> request,
             std::span<const std::uint8_t> packet);

// `returned`: what the sender of an ICMP error quotes of the packet it is about, from the ICMP
// header on; it may be cut after eight bytes (RFC 792).
bool quotes(std::span<const std::uint8_t> request, std::span<const std::uint8_t> returned);

} // namespace mpapi::failover::echo
