// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was connected from an address between the look at its sockets and its removal: it would
// stay, with nobody at its other end. Looked for a second after the removal, for whoever waits for
// that waits for the address. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "failover/address/ip.hpp"
#include "failover/kernel/netlink.hpp"

#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace mpapi::failover {

class LateConnections {
  public:
    using Trouble = std::function<void(const Error&)>;

    // All must outlive it.
    LateConnections(sd_event* loop, Netlink& netlink, Trouble trouble)
      : loop_(loop)
      , netlink_(netlink)
      , trouble_(std::move(trouble)) {}
    // Looks for what it has not looked for yet.
    ~LateConnections() { look(); }
    LateConnections(const LateConnections&) = delete;
    LateConnections& operator=(const LateConnections&) = delete;

    // The address has just been removed. Where it is back in time, its connections stay.
    void end_of(const Ip& ip);

  private:
    void look();
    static int due(sd_event_source*, std::uint64_t, void* userdata);

    sd_event* loop_;
    Netlink& netlink_;
    Trouble trouble_;
    std::vector<Ip> removed_;
    EventSource timer_;
};

} // namespace mpapi::failover
