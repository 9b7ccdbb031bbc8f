// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One interface, as far as ARP and neighbour discovery go: sends probes and announcements, paced,
// and hands on what neighbours claim about the addresses that are watched. Its sockets are open
// while there are such. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "failover/claim.hpp"
#include "failover/core/pace.hpp"
#include "failover/core/profile.hpp"
#include "failover/kernel/facts.hpp"
#include "failover/kernel/packet_socket.hpp"

#include <systemd/sd-event.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace mpapi::failover {

class Wire {
  public:
    struct Rates {
        unsigned frames_per_second = 2000, burst = 128;
    };
    using Heard = std::function<void(const Claim&)>;

    Wire(sd_event* loop, LinkFacts link, const Rates& rates, Heard heard);
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    const LinkFacts& link() const { return link_; }
    void set_link(const LinkFacts& link) { link_ = link; }

    // Claims about it are handed on from now on; `probing`: also those that are sent to its
    // solicited-node group, which the kernel joins only with the address.
    Status watch(const Ip& ip, bool probing);
    // What waits to be sent for it is not sent any more.
    void forget(const Ip& ip);

    // How long the frame waits for its pace. An error is one of now; one of what had waited is
    // counted.
    using Wait = std::chrono::nanoseconds;
    Result<Wait> probe(const Ip& ip, const Nonce& nonce);
    Status announce(const Ip& ip, Forms forms);
    // Hands on all that was received and is not read yet.
    void hear();

    std::uint64_t malformed() const { return malformed_; }
    std::uint64_t send_errors() const { return send_errors_; } // of what had waited

  private:
    struct Port {
        std::optional<PacketSocket> socket;
        EventSource source;
        std::set<Ip> addresses;
        bool stale = false; // the filter
    };
    struct Waiting {
        Ip ip;
        HardwareAddress to;
        std::vector<std::uint8_t> bytes;
    };

    Port& port(const Ip& ip) { return ip.v4() ? arp_ : nd_; }
    std::vector<sock_filter> filter(const Port& port) const;
    Status open(Port& port);
    Status renew_filter(Port& port);
    Result<Wait> send(const Ip& ip, const HardwareAddress& to, std::vector<std::uint8_t> bytes);
    Status send_now(const Waiting& frame);
    void drain();
    void wake_at(Time when);
    void receive(Port& port, int most);
    static int readable(sd_event_source*, int fd, std::uint32_t, void* userdata);
    static int expired(sd_event_source*, std::uint64_t, void* userdata);

    sd_event* loop_;
    LinkFacts link_;
    Pace pace_;
    Heard heard_;
    Port arp_, nd_;
    std::map<Ip, Fd> groups_;
    std::deque<Waiting> waiting_;
    EventSource timer_;
    std::uint64_t malformed_ = 0, send_errors_ = 0;
};

} // namespace mpapi::failover
