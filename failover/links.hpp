// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The interfaces of this host as they are now, each with the wire to its neighbours. Whoever
// listens is told of what is known here already. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "failover/kernel/monitor.hpp"
#include "failover/kernel/netlink.hpp"
#include "failover/wire.hpp"

#include <systemd/sd-event.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace mpapi::failover {

class Links : private Monitor::Listener {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void link_is(const LinkFacts& link, bool renamed) = 0;
        virtual void link_gone(int index) = 0;
        virtual void address_gone(const AddressFacts& address) = 0;
        // Any address may have gone; the links were looked at.
        virtual void events_lost() = 0;
        // By another host, on that link, of an address that is watched there.
        virtual void heard(int index, const Claim& claim) = 0;
        virtual void trouble(const Error& error) = 0;
    };

    // From here on the kernel is listened to; nothing is known before look(). All must outlive it.
    static Result<std::unique_ptr<Links>> start(sd_event* loop, Netlink& netlink,
                                                const Wire::Rates& rates, Listener& listener);
    Links(const Links&) = delete;
    Links& operator=(const Links&) = delete;

    Status look();

    // Null where there is none.
    const LinkFacts* at(int index) const;
    const LinkFacts* named(const std::string& name) const;
    Wire* wire(int index);

    // Has the wires hand on what was received and is not read yet.
    void hear();

    // Of all wires that ever were.
    std::uint64_t malformed() const;
    std::uint64_t send_errors() const; // of frames that had waited for their pace

  private:
    Links(sd_event* loop, Netlink& netlink, const Wire::Rates& rates, Listener& listener)
      : loop_(loop)
      , netlink_(netlink)
      , rates_(rates)
      , listener_(listener) {}

    void link_is(const LinkFacts& link) override;
    void link_gone(int index) override;
    void address_gone(const AddressFacts& address) override;
    void forwards_is(const ForwardingFacts& forwarding) override;
    void overrun() override;

    void heard(int index, const Claim& claim);

    sd_event* loop_;
    Netlink& netlink_;
    Wire::Rates rates_;
    Listener& listener_;
    std::unique_ptr<Monitor> monitor_;
    std::map<int, LinkFacts> links_;
    std::map<int, std::unique_ptr<Wire>> wires_;
    std::uint64_t malformed_before_ = 0, send_errors_before_ = 0; // of wires that are no more
};

} // namespace mpapi::failover
