// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the connections of a server share.
#pragma once

#include "clusprep/rpc/association_groups.hpp"
#include "clusprep/rpc/budget.hpp"
#include "clusprep/rpc/server.hpp"

#include <list>
#include <map>
#include <set>

namespace mpapi::rpc {

class ServerConnection;

struct NetworkUse {
    std::size_t let_in = 0;
    std::set<std::uint64_t> strangers; // connections, the oldest first
};

struct ServerState {
    ServerState(sd_event* loop_, Acceptors& acceptors_, Server::Now now_, ServerLimits limits_,
                ServerObserver* observer_, Server::LetIn let_in_)
      : loop(loop_)
      , acceptors(acceptors_)
      , now(std::move(now_))
      , limits(limits_)
      , observer(observer_)
      , let_in(std::move(let_in_))
      , reassembly(limits.reassembly, limits.reassembly_per_client)
      , output(limits.output, limits.output_per_client) {}

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
    // A stranger is none any more. False: there are too many of its kind.
    bool take_in(const ServerConnection& connection);
    void make_room(const std::string& network);
    void refused(const PeerAddress& peer, const Error& why);
    void expire();
    void arm();

    sd_event* loop;
    Acceptors& acceptors;
    Server::Now now;
    ServerLimits limits;
    ServerObserver* observer;
    Server::LetIn let_in;
    std::map<std::pair<ndr::Guid, std::uint16_t>, Interface*> interfaces;
    std::map<std::uint64_t, std::shared_ptr<ServerConnection>> connections;
    std::map<std::string, NetworkUse> networks;
    std::size_t strangers = 0;
    AssociationGroups groups;
    Budget reassembly; // stubs that are not complete
    Budget output;     // answers that are not sent
    std::uint64_t last_connection = 0;
    std::list<Listener> listeners;
    EventSource timer;
};

} // namespace mpapi::rpc
