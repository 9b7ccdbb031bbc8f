// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/tickle.hpp"

#include "common/system/handle.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace mpapi::failover {

namespace {

constexpr std::uint8_t kAck = 0x10;

std::pair<sockaddr_in6, socklen_t> name_of(const Ip& ip) {
    sockaddr_in6 v6{};
    if (!ip.v4()) {
        v6.sin6_family = AF_INET6;
        std::memcpy(&v6.sin6_addr, ip.octets.data(), ip.size());
        return {v6, sizeof v6};
    }
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, ip.octets.data(), ip.size());
    std::memcpy(&v6, &v4, sizeof v4);
    return {v6, sizeof v4};
}

} // namespace

std::array<std::uint8_t, 20> tickle_segment(const Ip& ip, const Connection& connection) {
    std::array<std::uint8_t, 20> segment{};
    const auto put16 = [&](std::size_t at, std::uint32_t value) {
        segment[at] = static_cast<std::uint8_t>(value >> 8);
        segment[at + 1] = static_cast<std::uint8_t>(value);
    };
    put16(0, connection.local_port);
    put16(2, connection.peer_port);
    segment[12] = 5 << 4; // words of header
    segment[13] = kAck;   // sequence and acknowledgement number are zero
    put16(14, 1024);      // window
    std::uint32_t sum = IPPROTO_TCP + static_cast<std::uint32_t>(segment.size());
    const auto add = [&sum](std::span<const std::uint8_t> bytes) {
        for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
            sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    };
    add(ip.bytes());
    add(connection.peer.bytes());
    add(segment);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    put16(16, ~sum & 0xffff);
    return segment;
}

Status send_tickle(const Ip& ip, const Connection& connection) {
    const auto failed = [&](const char* action) {
        return Error{action, "tickle from " + ip.text(), "", errno};
    };
    if (ip.family != connection.peer.family)
        return Error{"send", "tickle from " + ip.text(), "the peer is of another family", EINVAL};
    const Fd fd(::socket(ip.family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
    if (!fd) return failed("open socket for");
    const auto [own, own_size] = name_of(ip);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), own_size) < 0)
        return failed("bind socket for");
    const auto segment = tickle_segment(ip, connection);
    const auto [peer, peer_size] = name_of(connection.peer);
    if (::sendto(fd.get(), segment.data(), segment.size(), 0,
                 reinterpret_cast<const sockaddr*>(&peer), peer_size) < 0)
        return failed("send");
    return Done{};
}

} // namespace mpapi::failover
