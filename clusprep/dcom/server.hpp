// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The object exporter and the object resolver on sockets: the interfaces of this folder and those
// of the classes, put together on one RPC server. Clients find the resolver at TCP 135; everything
// is answered on every socket, for it is the caller's level that guards an interface, not its port.
//
// All on the loop's thread.
#pragma once

#include "clusprep/dcom/activation_interfaces.hpp"
#include "clusprep/dcom/endpoint_map_interface.hpp"
#include "clusprep/dcom/exporter.hpp"
#include "clusprep/dcom/loop_later.hpp"
#include "clusprep/dcom/object_exporter_interface.hpp"
#include "clusprep/dcom/object_interface.hpp"
#include "clusprep/dcom/remote_unknown_interface.hpp"
#include "clusprep/rpc/server.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::dcom {

class Server {
  public:
    // Addresses and names by which we are reached; asked again every few seconds.
    using Hosts = std::function<std::vector<std::string>()>;

    // Loop, acceptors and observers outlive it; `rpc_observer` may be null.
    Server(sd_event* loop, rpc::Acceptors& acceptors, const ExporterSettings& settings,
           const rpc::ServerLimits& limits, const Random& random, Exporter::Allowed allowed,
           Hosts hosts, Observer& observer, rpc::ServerObserver* rpc_observer);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Before start(). The factory outlives the server.
    void add_class(const ndr::Guid& clsid, ObjectFactory& factory);

    // Serves on listening sockets; the exporter's all have the same port.
    Status start(std::vector<Fd> resolver_sockets, std::vector<Fd> exporter_sockets);

    // Listens no more, closes every connection and runs every object down, then calls `done` once.
    void stop(std::function<void()> done);

    Exporter& exporter() noexcept { return exporter_; }
    std::size_t connections() const { return rpc_.connections(); }

  private:
    static int tick(sd_event_source* source, std::uint64_t usec, void* data);
    void refresh_addresses();

    sd_event* loop_;
    LoopLater later_;
    Exporter exporter_;
    Hosts hosts_;
    EndpointMapInterface map_;
    ObjectExporterInterface resolver_;
    ScmActivatorInterface scm_;
    ActivationInterface activation_;
    RemoteUnknownInterface unknown_;
    RemoteUnknownInterface unknown2_;
    std::vector<std::unique_ptr<ObjectInterface>> objects_;
    rpc::Server rpc_;
    std::uint16_t resolver_port_;
    std::uint16_t exporter_port_ = 0;
    std::vector<std::string> known_hosts_;
    EventSource timer_;
};

} // namespace mpapi::dcom
