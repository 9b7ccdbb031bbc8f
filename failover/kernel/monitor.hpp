// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel tells of its own accord: interfaces and addresses that come, go and change. In
// the order in which they happened; where some were lost, that is told. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "failover/kernel/netlink.hpp"

#include <systemd/sd-event.h>

#include <memory>

namespace mpapi::failover {

class Monitor {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void link_is(const LinkFacts& link) = 0;
        virtual void link_gone(int index) = 0;
        virtual void address_gone(const AddressFacts& address) = 0;
        virtual void forwards_is(const ForwardingFacts& forwarding) = 0;
        // Whatever was not told: look at everything.
        virtual void overrun() = 0;
    };

    // The listener must outlive it.
    static Result<std::unique_ptr<Monitor>> start(sd_event* loop, Listener& listener);
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

  private:
    Monitor(NetlinkSocket socket, Listener& listener)
      : socket_(std::move(socket))
      , listener_(listener) {}
    static int readable(sd_event_source*, int, std::uint32_t, void* userdata);
    static int heard(nl_msg* message, void* userdata);

    NetlinkSocket socket_;
    Listener& listener_;
    EventSource source_;
};

} // namespace mpapi::failover
