// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sends ICMP echo requests from an address of this host and measures how long their replies take.
// Needs CAP_NET_RAW: a raw socket for each, bound to the source and connected to the destination,
// so that the kernel hands it nothing of other hosts. Everything is called on the loop's thread.
#pragma once

#include "common/result.hpp"
#include "failover/echo/address.hpp"

#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>

namespace mpapi::failover {

class Echoes {
  public:
    struct Means {
        std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
        std::function<Status(std::span<std::uint8_t>)> draw; // random bytes; none: the kernel's
        unsigned at_once = 64;
    };
    struct Request {
        Address source, destination; // unicast, of one family
        std::size_t size = 32;       // bytes of data
        std::chrono::milliseconds timeout{1000};
    };
    // The time between request and reply. Errors by errnum: ETIMEDOUT, EADDRNOTAVAIL (the source is
    // not ours), ENETUNREACH, EHOSTUNREACH and what else the network answers, EAGAIN (too many at
    // once), EPERM (no capability).
    using Ended = std::function<void(Result<std::chrono::microseconds>)>;

    Echoes(sd_event* loop, Means means);
    // Those under way end without a word.
    ~Echoes();
    Echoes(const Echoes&) = delete;
    Echoes& operator=(const Echoes&) = delete;

    // Calls back once, before it returns or later.
    void start(const Request& request, Ended ended);

  private:
    struct Echo;

    Status send(Echo& echo, const Request& request);
    void end(Echo& echo, Result<std::chrono::microseconds> result);
    static int readable(sd_event_source*, int fd, std::uint32_t events, void* userdata);
    static int expired(sd_event_source*, std::uint64_t, void* userdata);

    sd_event* loop_;
    Means means_;
    std::list<Echo> under_way_;
};

} // namespace mpapi::failover
