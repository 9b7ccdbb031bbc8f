// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/wire.hpp"

#include "common/system/clock.hpp"
#include "failover/arp/packet.hpp"
#include "failover/kernel/filter.hpp"
#include "failover/nd/packet.hpp"

#include <linux/if_ether.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>

namespace mpapi::failover {

namespace {

// A storm has others wait for no longer than this many packets take.
constexpr int kMostAtOneTurn = 64;
// More than a socket has room for: an answer may be behind a storm about another address.
constexpr int kAllThatWait = 4096;
// Frames that wait for their pace: more than that, and what follows is better sent another time.
constexpr std::size_t kMostWaiting = 16384;

Time now() {
    return std::chrono::steady_clock::now();
}

} // namespace

Wire::Wire(sd_event* loop, LinkFacts link, const Rates& rates, Heard heard)
  : loop_(loop)
  , link_(std::move(link))
  , pace_(rates.frames_per_second, rates.burst)
  , heard_(std::move(heard)) {}

std::vector<sock_filter> Wire::filter(const Port& port) const {
    const std::vector<Ip> addresses(port.addresses.begin(), port.addresses.end());
    return &port == &arp_ ? arp_filter(addresses, link_.address.size()) : nd_filter(addresses);
}

Status Wire::open(Port& port) {
    const std::uint16_t protocol = &port == &arp_ ? ETH_P_ARP : ETH_P_IPV6;
    auto socket = PacketSocket::open(link_.index, protocol, filter(port));
    if (!socket) return socket.error();
    sd_event_source* source = nullptr;
    const int r = sd_event_add_io(loop_, &source, socket->fd(), EPOLLIN, readable, this);
    if (r < 0) return Error{"listen on", link_.name, "", -r};
    port.source.reset(source);
    port.socket = *std::move(socket);
    port.stale = false;
    return Done{};
}

// When something is sent, or the loop comes by: hundreds of addresses at once make one program.
Status Wire::renew_filter(Port& port) {
    if (!port.stale) return Done{};
    auto set = port.socket->set_filter(filter(port));
    port.stale = !set;
    return set;
}

Status Wire::watch(const Ip& ip, bool probing) {
    Port& of = port(ip);
    if (probing && !ip.v4()) {
        auto group = join_group(link_.index, nd::solicited_node(ip).bytes());
        if (!group) return group.error();
        groups_.insert_or_assign(ip, *std::move(group));
    } else {
        groups_.erase(ip);
    }
    const bool added = of.addresses.insert(ip).second;
    if (!of.socket) return open(of);
    of.stale = of.stale || added;
    return Done{};
}

void Wire::forget(const Ip& ip) {
    std::erase_if(waiting_, [&](const Waiting& each) { return each.ip == ip; });
    groups_.erase(ip);
    Port& of = port(ip);
    // A filter that lets too much pass until the next one is made does no harm.
    if (of.addresses.erase(ip) > 0) of.stale = true;
    if (!of.addresses.empty()) return;
    of.source.reset();
    of.socket.reset();
}

Result<Wire::Wait> Wire::probe(const Ip& ip, const Nonce& nonce) {
    const auto type = static_cast<std::uint16_t>(link_.hardware_type);
    if (ip.v4()) return send(ip, link_.broadcast, arp::encode(arp::probe(ip, link_.address, type)));
    return send(ip, nd::ethernet_group(nd::solicited_node(ip)), nd::solicitation(ip, nonce));
}

Status Wire::announce(const Ip& ip, Forms forms) {
    const auto sent_to = [&](const HardwareAddress& to, std::vector<std::uint8_t> bytes) -> Status {
        if (auto sent = send(ip, to, std::move(bytes)); !sent) return sent.error();
        return Done{};
    };
    if (!ip.v4())
        return sent_to(nd::ethernet_group(nd::all_nodes()),
                       nd::advertisement(ip, link_.address, link_.forwards_v6));
    const auto in_form = [&](arp::Operation form) {
        const auto type = static_cast<std::uint16_t>(link_.hardware_type);
        return sent_to(link_.broadcast,
                       arp::encode(arp::announcement(ip, link_.address, type, form)));
    };
    Status sent = Done{};
    if (forms != Forms::Reply) sent = in_form(arp::Operation::Request);
    if (forms == Forms::Request) return sent;
    auto replied = in_form(arp::Operation::Reply);
    return sent ? replied : sent;
}

Status Wire::send_now(const Waiting& frame) {
    Port& by = port(frame.ip);
    if (!by.socket) return Error{"send on", link_.name, "nothing is watched there"};
    if (auto renewed = renew_filter(by); !renewed) return renewed;
    pace_.leave(now());
    return by.socket->send(frame.to, frame.bytes);
}

Result<Wire::Wait> Wire::send(const Ip& ip, const HardwareAddress& to,
                              std::vector<std::uint8_t> bytes) {
    Waiting frame{ip, to, std::move(bytes)};
    const Time at = now();
    if (waiting_.empty() && pace_.next(at) <= at) {
        if (auto sent = send_now(frame); !sent) return sent.error();
        return Wait(0);
    }
    if (waiting_.size() >= kMostWaiting)
        return Error{"send on", link_.name, "too many frames wait for their pace", ENOBUFS};
    const Wait wait = pace_.next(at, waiting_.size()) - at;
    waiting_.push_back(std::move(frame));
    if (waiting_.size() == 1) wake_at(at + wait);
    return wait;
}

void Wire::drain() {
    for (; !waiting_.empty(); waiting_.pop_front()) {
        const Time at = now();
        if (const Time next = pace_.next(at); next > at) return wake_at(next);
        if (!send_now(waiting_.front())) ++send_errors_;
    }
}

void Wire::wake_at(Time when) {
    // Rounded up: woken early it would be woken again.
    const std::uint64_t at = to_usec(when) + 1;
    if (timer_) {
        sd_event_source_set_time(timer_.get(), at);
        sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
        return;
    }
    sd_event_source* source = nullptr;
    if (sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, at, 1, expired, this) >= 0)
        timer_.reset(source);
}

int Wire::expired(sd_event_source*, std::uint64_t, void* userdata) {
    static_cast<Wire*>(userdata)->drain();
    return 0;
}

void Wire::receive(Port& port, int most) {
    std::array<std::uint8_t, 512> buffer{}; // of a longer one the rest is not looked at
    for (int i = 0; i < most && port.socket; ++i) {
        const auto received = port.socket->receive(buffer);
        // An error is told once, and is about the interface, of which the monitor knows more.
        if (!received || !*received) return;
        const auto& [bytes, from, elsewhere] = **received;
        if (elsewhere) continue;
        std::optional<Claim> claim;
        if (&port == &arp_) {
            const auto packet = arp::parse(bytes);
            const bool well = packet && packet->sender.size() == link_.address.size();
            if (!well) ++malformed_;
            if (well) claim = arp::claim_of(*packet);
        } else {
            const auto heard = nd::parse(bytes, from);
            if (!heard) ++malformed_;
            if (heard) claim = heard->claim;
        }
        if (claim && port.addresses.count(claim->address) > 0) heard_(*claim);
    }
}

void Wire::hear() {
    for (Port* const port : {&arp_, &nd_})
        if (port->socket) receive(*port, kAllThatWait);
}

int Wire::readable(sd_event_source*, int fd, std::uint32_t, void* userdata) {
    Wire& self = *static_cast<Wire*>(userdata);
    Port& port = self.arp_.socket && self.arp_.socket->fd() == fd ? self.arp_ : self.nd_;
    (void)self.renew_filter(port);
    self.receive(port, kMostAtOneTurn);
    return 0;
}

} // namespace mpapi::failover
