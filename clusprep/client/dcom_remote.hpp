// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A node over DCOM (MS-DCOM 3.2.4): IRemoteSCMActivator::RemoteCreateInstance at its endpoint
// mapper's port, then calls at the exporter that it names, RemRelease in the end, pings between.
// Every call is sealed (RPC_C_AUTHN_LEVEL_PKT_PRIVACY), as MS-CSVP 2.1 demands.
//
// Of the exporter's string bindings only the port is used, with the host that the user named:
// addresses of a node's private networks, or names that only it knows, lead nowhere from here. A
// binding that names that very host goes before others.
#pragma once

#include "clusprep/client/pinger.hpp"
#include "clusprep/client/remote.hpp"
#include "clusprep/dcom/dual_string_array.hpp"
#include "clusprep/rpc/client.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace mpapi::client {

struct DcomSettings {
    std::string host;
    std::uint16_t port = 135;
    rpc::AuthType auth = rpc::AuthType::Spnego;
    std::chrono::milliseconds call{120'000};
    std::chrono::seconds ping_period{120}; // MS-DCOM 3.2.1
};

class DcomRemote final : public Remote {
  public:
    // Loop and initiators outlive it, and it outlives the objects it makes.
    DcomRemote(sd_event* loop, rpc::Initiators& initiators, DcomSettings settings);

    Outcome<std::unique_ptr<RemoteObject>> activate(const ndr::Guid& clsid,
                                                    const ndr::Guid& iid) override;

  private:
    class Object;
    using Connection = std::shared_ptr<rpc::Client>;

    Outcome<Connection> connect(std::uint16_t port, const rpc::SyntaxId& first);
    Outcome<Connection> exporter(std::uint16_t port, const rpc::SyntaxId& interface);
    Outcome<std::vector<std::uint8_t>> call(rpc::Client& connection, const ndr::Guid& iid,
                                            const std::optional<ndr::Guid>& ipid,
                                            std::uint16_t opnum,
                                            const std::vector<std::uint8_t>& parameters) const;

    sd_event* loop_;
    rpc::Initiators& initiators_;
    DcomSettings settings_;
    Pinger pinger_;
    ndr::Guid causality_;
    std::map<std::uint16_t, std::weak_ptr<rpc::Client>> exporters_; // by port
};

// The exporter's port among its bindings; 0 when none is of TCP.
std::uint16_t exporter_port(const dcom::DualStringArray& bindings, const std::string& host);

} // namespace mpapi::client
