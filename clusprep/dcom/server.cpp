// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

namespace mpapi::dcom {

namespace {

// Coarse against the 360 s after which an object is gone, fine against an address that changed.
constexpr std::uint64_t kTick = 5'000'000;

Result<std::uint16_t> port_of(int socket) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) < 0)
        return Error{"look at", "listening socket", "", errno};
    if (storage.ss_family == AF_INET)
        return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    if (storage.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
    return Error{"look at", "listening socket", "it is none of TCP"};
}

} // namespace

Server::Server(sd_event* loop, rpc::Acceptors& acceptors, const ExporterSettings& settings,
               const rpc::ServerLimits& limits, const Random& random, Exporter::Allowed allowed,
               Hosts hosts, Observer& observer, rpc::ServerObserver* rpc_observer)
  : loop_(loop)
  , exporter_(
        settings, random, [] { return std::chrono::steady_clock::now(); },
        [this](std::function<void()> task) { later_(std::move(task)); }, allowed, observer)
  , hosts_(std::move(hosts))
  , map_(random)
  , resolver_(exporter_)
  , scm_(exporter_)
  , activation_(exporter_)
  , unknown_(exporter_, RemoteUnknownInterface::Version::RemUnknown)
  , unknown2_(exporter_, RemoteUnknownInterface::Version::RemUnknown2)
  , rpc_(
        loop, acceptors, [] { return std::chrono::steady_clock::now(); }, limits, rpc_observer,
        std::move(allowed))
  , resolver_port_(settings.resolver_port) {}

Server::~Server() = default;

void Server::add_class(const ndr::Guid& clsid, ObjectFactory& factory) {
    exporter_.add_class(clsid, factory);
}

Status Server::start(std::vector<Fd> resolver_sockets, std::vector<Fd> exporter_sockets) {
    if (auto started = later_.start(loop_); !started) return started;
    for (const auto& [iid, name] : exporter_.interfaces())
        objects_.push_back(std::make_unique<ObjectInterface>(exporter_, iid, name));
    std::vector<rpc::Interface*> all{&map_, &resolver_, &scm_, &activation_, &unknown_, &unknown2_};
    for (const auto& object : objects_)
        all.push_back(object.get());
    for (auto* interface : all)
        if (auto added = rpc_.add(*interface); !added) return added;
    for (const auto& socket : exporter_sockets) {
        const auto port = port_of(socket.get());
        if (!port) return port.error();
        exporter_port_ = *port;
    }
    refresh_addresses();
    sd_event_source* timer = nullptr;
    if (const int r = sd_event_add_time_relative(loop_, &timer, CLOCK_MONOTONIC, kTick, kTick / 5,
                                                 tick, this);
        r < 0)
        return Error{"add", "timer", "", -r};
    timer_.reset(timer);
    for (auto* sockets : {&resolver_sockets, &exporter_sockets})
        for (auto& socket : *sockets)
            if (auto listening = rpc_.listen(std::move(socket)); !listening) return listening;
    return Done{};
}

void Server::refresh_addresses() {
    auto hosts = hosts_();
    if (hosts == known_hosts_) return;
    known_hosts_ = std::move(hosts);
    exporter_.set_addresses(known_hosts_, exporter_port_);
    std::vector<EndpointMapInterface::Endpoint> endpoints;
    for (const rpc::Interface* interface :
         std::initializer_list<const rpc::Interface*>{&map_, &resolver_, &scm_, &activation_})
        endpoints.push_back({interface->id(), resolver_port_});
    for (const rpc::Interface* interface :
         std::initializer_list<const rpc::Interface*>{&unknown_, &unknown2_})
        endpoints.push_back({interface->id(), exporter_port_});
    for (const auto& object : objects_)
        endpoints.push_back({object->id(), exporter_port_});
    map_.set(std::move(endpoints), known_hosts_);
}

int Server::tick(sd_event_source* source, std::uint64_t, void* data) {
    auto& self = *static_cast<Server*>(data);
    self.exporter_.expire();
    self.refresh_addresses();
    sd_event_source_set_time_relative(source, kTick);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void Server::stop(std::function<void()> done) {
    rpc_.stop_listening();
    rpc_.close_all();
    exporter_.objects().end_all(std::move(done));
}

} // namespace mpapi::dcom
