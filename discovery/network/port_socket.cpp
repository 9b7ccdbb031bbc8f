// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/port_socket.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mpapi::discovery {

namespace {

constexpr unsigned kAtOneTurn = 64; // packets; a flood does not hold up the loop
// What is longer is cut off, as the length in its header may be too: none of ours is.
constexpr std::size_t kRoom = kLargestDatagram + 1;
constexpr int kMostLeft = 4096;  // packets, in a buffer that nobody reads
constexpr int kBuffer = 1 << 20; // bytes, for the answers to one broadcast; the kernel caps it

struct Slot {
    sockaddr_in from{};
    iovec data{};
    std::array<std::uint8_t, kRoom> packet{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> control{};
};

bool set(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

int interface_in(msghdr& message) {
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level != IPPROTO_IP || each->cmsg_type != IP_PKTINFO) continue;
        in_pktinfo info{};
        std::memcpy(&info, CMSG_DATA(each), sizeof info);
        return info.ipi_ifindex;
    }
    return 0;
}

} // namespace

Result<Fd> PortSocket::bind(std::uint16_t port) {
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return Error{"open", "UDP socket", "", errno};
    if (port != 0 && !set(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1))
        return Error{"set up", "UDP socket", "", errno};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return Error{"bind", "UDP port " + std::to_string(port), "", errno};
    set(socket.get(), SOL_SOCKET, SO_RCVBUF, kBuffer); // less is enough for less
    return socket;
}

PortSocket::PortSocket(Fd socket, Received received)
  : socket_(std::move(socket))
  , received_(std::move(received)) {}

Result<std::unique_ptr<PortSocket>> PortSocket::take(sd_event* loop, Fd socket, Received received) {
    const int fd = socket.get();
    if (!set(fd, SOL_SOCKET, SO_BROADCAST, 1) || !set(fd, IPPROTO_IP, IP_PKTINFO, 1))
        return Error{"set up", "UDP socket", "", errno};
    std::unique_ptr<PortSocket> self(new PortSocket(std::move(socket), std::move(received)));
    sd_event_source* source = nullptr;
    const int r = sd_event_add_io(loop, &source, fd, EPOLLIN, readable, self.get());
    if (r < 0) return Error{"wait for", "UDP socket", "", -r};
    self->readable_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return self;
}

void PortSocket::listen(bool wanted) {
    std::array<char, 1> rest{};
    for (int i = 0; wanted && stopped_ && i < kMostLeft; ++i)
        if (::recv(socket_.get(), rest.data(), rest.size(), MSG_DONTWAIT) < 0) break;
    stopped_ = !wanted;
    sd_event_source_set_enabled(readable_.get(), wanted ? SD_EVENT_ON : SD_EVENT_OFF);
}

int PortSocket::readable(sd_event_source*, int fd, std::uint32_t, void* userdata) {
    auto& self = *static_cast<PortSocket*>(userdata);
    static thread_local std::array<Slot, kAtOneTurn> slots;
    std::array<mmsghdr, kAtOneTurn> messages{};
    for (unsigned i = 0; i < kAtOneTurn; ++i) {
        Slot& slot = slots[i];
        slot.data = {slot.packet.data(), slot.packet.size()};
        msghdr& header = messages[i].msg_hdr;
        header.msg_name = &slot.from;
        header.msg_namelen = sizeof slot.from;
        header.msg_iov = &slot.data;
        header.msg_iovlen = 1;
        header.msg_control = slot.control.data();
        header.msg_controllen = slot.control.size();
    }
    // An error that is queued (ICMP about what we sent) is taken off by this, and the rest comes.
    const int got = ::recvmmsg(fd, messages.data(), kAtOneTurn, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < got; ++i) {
        const auto at = static_cast<std::size_t>(i);
        Slot& slot = slots[at];
        if (messages[at].msg_hdr.msg_namelen < sizeof(sockaddr_in) ||
            slot.from.sin_family != AF_INET)
            continue;
        const std::size_t size = std::min<std::size_t>(messages[at].msg_len, kRoom);
        self.received_({ntohl(slot.from.sin_addr.s_addr), interface_in(messages[at].msg_hdr),
                        OctetView(slot.packet).first(size)});
    }
    return 0;
}

Status PortSocket::send(OctetView packet, std::uint32_t to, std::uint16_t port, int interface,
                        std::uint32_t from) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(to);
    iovec data{const_cast<std::uint8_t*>(packet.data()), packet.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> control{};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (interface != 0 || from != 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
        in_pktinfo info{};
        info.ipi_ifindex = interface;
        info.ipi_spec_dst.s_addr = htonl(from);
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
    }
    if (::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return Error{"send", "NetBIOS datagram", "", errno};
    return Done{};
}

} // namespace mpapi::discovery
