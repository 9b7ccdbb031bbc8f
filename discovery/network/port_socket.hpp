// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A UDP socket of IPv4 for all interfaces: what it receives is told with the interface that it came
// in on (IP_PKTINFO, ip(7)), what it sends leaves by the interface and from the address that it is
// told. Interfaces may come and go without it. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "discovery/service/mail.hpp"

#include <functional>
#include <memory>

namespace mpapi::discovery {

class PortSocket {
  public:
    using Received = std::function<void(const Arrival&)>;

    // `port`: 0 is any. Others may have the port too (SO_REUSEADDR): nmbd binds it for each
    // address.
    static Result<Fd> bind(std::uint16_t port);
    // Takes a bound socket over and sets what it needs; not the room for what arrives: the service
    // manager may give more than this process could ask for, and what it asks for is what it gets.
    static Result<std::unique_ptr<PortSocket>> take(sd_event* loop, Fd socket, Received received);
    PortSocket(const PortSocket&) = delete;
    PortSocket& operator=(const PortSocket&) = delete;

    // Whether what arrives is handed on. What came while that was not wanted any more is thrown
    // away; what came before it was wanted for the first time is not: it may be why we were
    // started.
    void listen(bool wanted);
    // `interface` and `from` may be 0: what the routes say.
    Status send(OctetView packet, std::uint32_t to, std::uint16_t port, int interface,
                std::uint32_t from);

  private:
    PortSocket(Fd socket, Received received);
    static int readable(sd_event_source*, int fd, std::uint32_t, void* userdata);

    Fd socket_;
    Received received_;
    bool stopped_ = false;
    EventSource readable_;
};

} // namespace mpapi::discovery
