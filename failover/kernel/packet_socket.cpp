// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/packet_socket.hpp"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mpapi::failover {

namespace {

// sockaddr_ll has room for eight bytes of address; longer ones go on behind it.
struct LongAddress {
    sockaddr_ll head{};
    std::uint8_t rest[HardwareAddress::kLongest - sizeof head.sll_addr]{};
};
constexpr int kRoom = 1 << 20; // for what is received, in bytes
constexpr std::size_t kAddressAt = offsetof(sockaddr_ll, sll_addr);

} // namespace

Result<PacketSocket> PacketSocket::open(int link, std::uint16_t protocol,
                                        std::span<const sock_filter> filter) {
    // Without a protocol it receives nothing until it is bound.
    Fd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return Error{"open", "packet socket", "", errno};
    PacketSocket socket(std::move(fd), link, protocol);
    if (auto set = socket.set_filter(filter); !set) return set.error();
    const int on = 1;
    if (::setsockopt(socket.fd(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0)
        return Error{"set up", "packet socket", "", errno};
    // A storm about one address is not to drop the answer about another.
    (void)::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof kRoom);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(protocol);
    address.sll_ifindex = link;
    if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return Error{"bind", "packet socket", "", errno};
    return socket;
}

Status PacketSocket::set_filter(std::span<const sock_filter> filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()),
                             const_cast<sock_filter*>(filter.data())};
    const auto attach = [&] {
        return ::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
    };
    if (attach()) return Done{};
    if (errno != ENOMEM) return Error{"attach filter to", "packet socket", "", errno};
    // The program of before takes of the same room, for as long as it is there.
    const int unused = 0;
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    (void)attach();
    return Done{};
}

Status PacketSocket::send(const HardwareAddress& to, std::span<const std::uint8_t> bytes) {
    LongAddress address;
    address.head.sll_family = AF_PACKET;
    address.head.sll_protocol = htons(protocol_);
    address.head.sll_ifindex = link_;
    address.head.sll_halen = static_cast<unsigned char>(to.size());
    std::memcpy(reinterpret_cast<std::uint8_t*>(&address) + kAddressAt, to.bytes().data(),
                to.size());
    const auto size = static_cast<socklen_t>(std::max(sizeof address.head, kAddressAt + to.size()));
    if (::sendto(fd_.get(), bytes.data(), bytes.size(), 0,
                 reinterpret_cast<const sockaddr*>(&address), size) < 0)
        return Error{"send on", "packet socket", "", errno};
    return Done{};
}

Result<std::optional<PacketSocket::Received>>
PacketSocket::receive(std::span<std::uint8_t> buffer) {
    LongAddress address;
    socklen_t size = sizeof address;
    ssize_t got = 0;
    do
        got = ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0,
                         reinterpret_cast<sockaddr*>(&address), &size);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) return std::optional<Received>();
    if (got < 0) return Error{"receive from", "packet socket", "", errno};
    Received received;
    received.bytes = buffer.first(static_cast<std::size_t>(got));
    const std::size_t length =
        std::min<std::size_t>(address.head.sll_halen, size > kAddressAt ? size - kAddressAt : 0);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&address) + kAddressAt;
    received.from = HardwareAddress::of({bytes, length}).value_or(HardwareAddress());
    // A socket on an interface gets what was received through it, also when it is of a VLAN above
    // it, which may have a network of the same addresses. Without an interface for that VLAN it
    // looks like a frame to another host (net/core/dev.c, __netif_receive_skb_core).
    received.elsewhere =
        address.head.sll_ifindex != link_ || address.head.sll_pkttype == PACKET_OTHERHOST;
    return std::optional(received);
}

Result<Fd> join_group(int link, std::span<const std::uint8_t> group) {
    Fd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error{"open", "socket of a multicast group", "", errno};
    ipv6_mreq request{};
    if (group.size() != sizeof request.ipv6mr_multiaddr)
        return Error{"join", "multicast group", "", EINVAL};
    std::memcpy(&request.ipv6mr_multiaddr, group.data(), group.size());
    request.ipv6mr_interface = static_cast<unsigned>(link);
    if (::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) < 0)
        return Error{"join", "multicast group", "", errno};
    return fd;
}

} // namespace mpapi::failover
