// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Network1.Firewall at /org/mpapi/Network1; what it means is in
// dbus/org.mpapi.Network1.xml. Loop thread only.
#pragma once

#include "common/service/socket.hpp"
#include "failover/calls.hpp"
#include "failover/firewall/firewalld.hpp"

#include <memory>
#include <string>

namespace mpapi::failover {

class FirewallObject {
  public:
    // All must outlive the object. `socket`: of mpapi-firewall.
    static Result<std::unique_ptr<FirewallObject>>
    publish(sd_event* loop, sd_bus* bus, bus::Gatekeeper& gatekeeper, const std::string& socket);
    FirewallObject(const FirewallObject&) = delete;
    FirewallObject& operator=(const FirewallObject&) = delete;

  private:
    FirewallObject(sd_event* loop, sd_bus* bus, bus::Gatekeeper& gatekeeper,
                   const std::string& socket);
    static int judge(sd_bus_message* message, void* userdata, sd_bus_error*);
    static int zones(sd_bus_message* message, void* userdata, sd_bus_error*);

    static const sd_bus_vtable kVtable[];

    bus::Gatekeeper& gatekeeper_;
    bus::Senders senders_;
    service::Socket judges_;
    firewall::Firewalld firewalld_;
    BusSlot slot_;
};

} // namespace mpapi::failover
