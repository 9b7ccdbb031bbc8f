// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/echo/echoes.hpp"

#include "common/system/clock.hpp"
#include "common/system/handle.hpp"
#include "failover/echo/packet.hpp"

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <vector>

namespace mpapi::failover {

namespace {

constexpr std::size_t kMostAtOneTurn = 64; // packets; a flood does not hold up the loop

Status draw_from_kernel(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"draw", "random bytes", "", errno};
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return Done{};
}

template <typename T>
bool set(int fd, int level, int name, const T& value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// Only replies, and ICMP errors about what we sent.
bool restrict_to_replies(int fd, int family) {
    if (family == AF_INET) {
        const icmp_filter filter{~(1u << ICMP_ECHOREPLY)};
        return set(fd, SOL_RAW, ICMP_FILTER, filter) && set(fd, SOL_IP, IP_RECVERR, 1);
    }
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    return set(fd, IPPROTO_ICMPV6, ICMP6_FILTER, filter) && set(fd, SOL_IPV6, IPV6_RECVERR, 1);
}

// The errno of the next queued error; 0 when it is about another packet, -1 when there is none.
int next_error(int fd, std::span<const std::uint8_t> request) {
    std::array<std::uint8_t, echo::kHeaderSize> quoted{};
    alignas(cmsghdr) std::array<char, 512> control{};
    iovec data{quoted.data(), quoted.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (got < 0) return -1;
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        const bool error = (each->cmsg_level == SOL_IP && each->cmsg_type == IP_RECVERR) ||
                           (each->cmsg_level == SOL_IPV6 && each->cmsg_type == IPV6_RECVERR);
        if (!error || each->cmsg_len < CMSG_LEN(sizeof(sock_extended_err))) continue;
        sock_extended_err what{};
        std::memcpy(&what, CMSG_DATA(each), sizeof what);
        const auto size = static_cast<std::size_t>(got);
        if (what.ee_origin == SO_EE_ORIGIN_LOCAL ||
            echo::quotes(request, std::span(quoted).first(size)))
            return static_cast<int>(what.ee_errno);
    }
    return 0;
}

} // namespace

struct Echoes::Echo {
    Echoes& owner;
    Ended ended;
    Fd socket;
    EventSource readable;
    EventSource expiry;
    echo::Protocol protocol = echo::Protocol::Icmp;
    std::vector<std::uint8_t> request;
    std::chrono::steady_clock::time_point sent;
};

Echoes::Echoes(sd_event* loop, Means means)
  : loop_(loop)
  , means_(std::move(means)) {
    if (!means_.draw) means_.draw = draw_from_kernel;
}

Echoes::~Echoes() = default;

void Echoes::start(const Request& request, Ended ended) {
    if (under_way_.size() >= means_.at_once)
        return ended(Error{"send", "ICMP echo", "too many are under way", EAGAIN});
    Echo& echo = under_way_.emplace_back(Echo{*this, std::move(ended), {}, {}, {}, {}, {}, {}});
    if (auto sent = send(echo, request); !sent) end(echo, sent.error());
}

Status Echoes::send(Echo& echo, const Request& request) {
    Address destination = request.destination;
    // The zone of the one is the zone of the other: they talk over one link.
    if (destination.link_local() && destination.scope() == 0)
        destination.set_scope(request.source.scope());
    const int family = request.source.family();
    if (destination.family() != family)
        return Error{"send", "ICMP echo", "source and destination are of two families", EINVAL};
    if (!request.source.unicast() || !destination.unicast())
        return Error{"send", "ICMP echo", "an address is not one of one host", EINVAL};

    const bool v4 = family == AF_INET;
    echo.protocol = v4 ? echo::Protocol::Icmp : echo::Protocol::Icmpv6;
    std::array<std::uint8_t, 4> identity{};
    std::vector<std::uint8_t> data(request.size);
    if (auto drawn = means_.draw(identity); !drawn) return drawn;
    if (auto drawn = means_.draw(data); !drawn) return drawn;
    std::uint32_t number = 0;
    for (const std::uint8_t byte : identity)
        number = number << 8 | byte;
    echo.request = echo::request(echo.protocol, number, data);

    echo.socket.reset(::socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                               v4 ? IPPROTO_ICMP : static_cast<int>(IPPROTO_ICMPV6)));
    if (!echo.socket) return Error{"open", "raw socket", "", errno};
    const int fd = echo.socket.get();
    if (!restrict_to_replies(fd, family)) return Error{"set up", "raw socket", "", errno};
    if (::bind(fd, request.source.data(), request.source.size()) < 0)
        return Error{"send from", "this source", "", errno};
    if (::connect(fd, destination.data(), destination.size()) < 0)
        return Error{"send to", "this destination", "", errno};

    sd_event_source* source = nullptr;
    int r = sd_event_add_io(loop_, &source, fd, EPOLLIN, readable, &echo);
    if (r < 0) return Error{"wait for", "ICMP echo", "", -r};
    echo.readable.reset(source);
    echo.sent = means_.now();
    r = sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, to_usec(echo.sent + request.timeout),
                          1000, expired, &echo);
    if (r < 0) return Error{"wait for", "ICMP echo", "", -r};
    echo.expiry.reset(source);
    if (::send(fd, echo.request.data(), echo.request.size(), 0) < 0)
        return Error{"send", "ICMP echo", "", errno};
    return Done{};
}

void Echoes::end(Echo& echo, Result<std::chrono::microseconds> result) {
    const Ended ended = std::move(echo.ended);
    under_way_.remove_if([&](const Echo& each) { return &each == &echo; });
    ended(std::move(result));
}

int Echoes::readable(sd_event_source*, int fd, std::uint32_t, void* userdata) {
    Echo& echo = *static_cast<Echo*>(userdata);
    const auto now = echo.owner.means_.now();
    // A reply is as large as its request; one byte more shows what is larger. IPv4 may have
    // options.
    std::vector<std::uint8_t> packet(60 + echo.request.size() + 1);
    for (std::size_t i = 0; i < kMostAtOneTurn; ++i) {
        const ssize_t got = ::recv(fd, packet.data(), packet.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
        if (got < 0) {
            const int failed = errno;
            const int told = next_error(fd, echo.request);
            if (told == 0) continue; // about the packet of somebody else
            echo.owner.end(echo, Error{"send", "ICMP echo", "", told > 0 ? told : failed});
            return 0;
        }
        const auto whole = std::span(packet).first(static_cast<std::size_t>(got));
        if (!echo::answers(echo.protocol, echo.request, whole)) continue;
        echo.owner.end(echo,
                       std::chrono::duration_cast<std::chrono::microseconds>(now - echo.sent));
        return 0;
    }
    return 0;
}

int Echoes::expired(sd_event_source*, std::uint64_t, void* userdata) {
    Echo& echo = *static_cast<Echo*>(userdata);
    echo.owner.end(echo, Error{"wait for", "ICMP echo reply", "", ETIMEDOUT});
    return 0;
}

} // namespace mpapi::failover
