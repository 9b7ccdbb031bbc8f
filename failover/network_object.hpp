// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Network1 at /org/mpapi/Network1; what it means is in dbus/org.mpapi.Network1.xml. Loop
// thread only.
#pragma once

#include "failover/calls.hpp"
#include "failover/echo/echoes.hpp"

#include <memory>

namespace mpapi::failover {

inline constexpr char kNetworkName[] = "org.mpapi.Network1";
inline constexpr char kNetworkPath[] = "/org/mpapi/Network1";
inline constexpr char kEchoAction[] = "org.mpapi.network1.echo";
inline constexpr char kFirewallAction[] = "org.mpapi.network1.judge-firewall";
inline constexpr char kManageAction[] = "org.mpapi.network1.manage-addresses";

class NetworkObject {
  public:
    struct Limits {
        std::chrono::milliseconds timeout{1000}; // of one echo
        std::uint32_t size = 8192;               // bytes of data
        unsigned calls_per_sender = 32;          // unanswered
    };

    // All must outlive the object.
    static Result<std::unique_ptr<NetworkObject>> publish(sd_bus* bus, bus::Gatekeeper& gatekeeper,
                                                          Echoes& echoes, const Limits& limits);

    NetworkObject(const NetworkObject&) = delete;
    NetworkObject& operator=(const NetworkObject&) = delete;

  private:
    NetworkObject(sd_bus* bus, bus::Gatekeeper& gatekeeper, Echoes& echoes, const Limits& limits);
    static int echo(sd_bus_message* call, void* userdata, sd_bus_error* error);
    Result<Echoes::Request> read(sd_bus_message* call) const;

    static const sd_bus_vtable kVtable[];

    bus::Gatekeeper& gatekeeper_;
    Echoes& echoes_;
    Limits limits_;
    bus::Senders senders_;
    BusSlot slot_;
};

} // namespace mpapi::failover
