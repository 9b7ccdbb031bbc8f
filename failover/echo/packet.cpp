// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/echo/packet.hpp"

#include <algorithm>

namespace mpapi::failover::echo {

namespace {

constexpr std::uint8_t kIcmpRequest = 8, kIcmpReply = 0;         // RFC 792
constexpr std::uint8_t kIcmpv6Request = 128, kIcmpv6Reply = 129; // RFC 4443

// RFC 1071.
std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

// RFC 791 3.1: the header's length in words; empty where there is no whole header.
std::span<const std::uint8_t> after_ip_header(std::span<const std::uint8_t> packet) {
    constexpr std::size_t least = 20;
    if (packet.size() < least || packet[0] >> 4 != 4) return {};
    const std::size_t length = std::size_t{4} * (packet[0] & 0x0f);
    if (length < least || length > packet.size()) return {};
    return packet.subspan(length);
}

} // namespace

std::vector<std::uint8_t> request(Protocol protocol, std::uint32_t identifier_and_sequence,
                                  std::span<const std::uint8_t> data) {
    const std::uint8_t type = protocol == Protocol::Icmp ? kIcmpRequest : kIcmpv6Request;
    std::vector<std::uint8_t> packet{type, 0, 0, 0};
    for (const int shift : {24, 16, 8, 0})
        packet.push_back(static_cast<std::uint8_t>(identifier_and_sequence >> shift));
    packet.insert(packet.end(), data.begin(), data.end());
    if (protocol == Protocol::Icmp) {
        const std::uint16_t sum = checksum(packet);
        packet[2] = static_cast<std::uint8_t>(sum >> 8);
        packet[3] = static_cast<std::uint8_t>(sum);
    }
    return packet;
}

bool answers(Protocol protocol, std::span<const std::uint8_t> request,
             std::span<const std::uint8_t> packet) {
    const auto icmp = protocol == Protocol::Icmp ? after_ip_header(packet) : packet;
    if (icmp.size() < kHeaderSize || icmp.size() != request.size()) return false;
    // The kernel checks the sum of ICMPv6, and leaves that of ICMP to us.
    if (protocol == Protocol::Icmp && checksum(icmp) != 0) return false;
    return icmp[0] == (protocol == Protocol::Icmp ? kIcmpReply : kIcmpv6Reply) && icmp[1] == 0 &&
           std::equal(icmp.begin() + 4, icmp.end(), request.begin() + 4);
}

bool quotes(std::span<const std::uint8_t> request, std::span<const std::uint8_t> returned) {
    if (returned.size() < kHeaderSize || request.size() < kHeaderSize) return false;
    return returned[0] == request[0] && returned[1] == request[1] &&
           std::equal(request.begin() + 4, request.begin() + kHeaderSize, returned.begin() + 4);
}

} // namespace mpapi::failover::echo
