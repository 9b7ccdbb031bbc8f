// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the connections of a server share.
#pragma once

#include "clusprep/rpc/association_groups.hpp"
#include "clusprep/rpc/server.hpp"

#include <list>
#include <map>

namespace mpapi::rpc {

class ServerConnection;

struct AddressUse {
    std::size_t connections = 0;
    std::size_t unauthenticated = 0;
};

struct ServerState {
    ServerState(sd_event* loop_, Acceptors& acceptors_, Server::Now now_, ServerLimits limits_,
                ServerObserver* observer_)
      : loop(loop_)
      , acceptors(acceptors_)
      , now(std::move(now_))
      , limits(limits_)
      , observer(observer_) {}

    struct Listener {
        ServerState* state = nullptr;
        Fd socket;
        EventSource source;
    };

    // The registered one that a client of `wanted` can use: same major version, no newer minor.
    Interface* find(const SyntaxId& wanted) const;
    void accept(Listener& listener);
    void serve(Fd socket, const PeerAddress& peer, std::uint16_t local_port);
    void remove(ServerConnection& connection);
    void authenticated(const PeerAddress& peer);
    void refused(const PeerAddress& peer, const Error& why);
    void expire();
    void arm();

    sd_event* loop;
    Acceptors& acceptors;
    Server::Now now;
    ServerLimits limits;
    ServerObserver* observer;
    std::map<std::pair<ndr::Guid, std::uint16_t>, Interface*> interfaces;
    std::map<std::uint64_t, std::shared_ptr<ServerConnection>> connections;
    std::map<std::string, AddressUse> addresses;
    AssociationGroups groups;
    std::size_t reassembly = 0; // bytes of stubs that are not complete, of all connections
    std::size_t output = 0;     // bytes of answers that are not sent, of all connections
    std::uint64_t last_connection = 0;
    std::list<Listener> listeners;
    EventSource timer;
};

} // namespace mpapi::rpc
