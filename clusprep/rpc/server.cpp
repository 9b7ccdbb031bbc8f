// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/server.hpp"

#include "clusprep/rpc/server_connection.hpp"

#include <algorithm>
#include <cerrno>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace mpapi::rpc {

namespace {

constexpr std::uint64_t second = 1'000'000;

// "192.0.2.1" also for a peer that came to an IPv6 socket; "local" for a UNIX socket.
PeerAddress address_of(const sockaddr_storage& storage) {
    char text[INET6_ADDRSTRLEN] = "";
    if (storage.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
        ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
        return {text, ntohs(in.sin_port)};
    }
    if (storage.ss_family != AF_INET6) return {"local", 0};
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        ::inet_ntop(AF_INET, &in6.sin6_addr.s6_addr[12], text, sizeof text);
    else
        ::inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    return {text, ntohs(in6.sin6_port)};
}

// A peer that vanished without a word is noticed within two minutes.
void set_options(int socket) {
    const int on = 1;
    const int idle = 60, interval = 15, count = 4;
    const unsigned unacknowledged = 60'000; // ms
    // A UNIX socket has none of these.
    (void)::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged,
                       sizeof unacknowledged);
    (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

} // namespace

Interface* ServerState::find(const SyntaxId& wanted) const {
    const auto found = interfaces.find({wanted.uuid, wanted.major});
    if (found == interfaces.end() || found->second->id().minor < wanted.minor) return nullptr;
    return found->second;
}

void ServerState::refused(const PeerAddress& peer, const Error& why) {
    if (observer && (!why.reason.empty() || why.errnum != 0)) observer->refused(peer, why);
}

bool ServerState::take_in(const ServerConnection& connection) {
    auto& use = networks.at(connection.peer().network);
    if (connections.size() - strangers >= limits.connections ||
        use.let_in >= limits.connections_per_address)
        return false;
    use.strangers.erase(connection.id());
    --strangers;
    ++use.let_in;
    return true;
}

// For one more stranger.
void ServerState::make_room(const std::string& network) {
    auto most = networks.find(network);
    if (most == networks.end() || most->second.strangers.size() < limits.strangers_per_address) {
        if (strangers < limits.strangers) return;
        most = std::max_element(networks.begin(), networks.end(), [](const auto& a, const auto& b) {
            return a.second.strangers.size() < b.second.strangers.size();
        });
    }
    const auto oldest = connections.at(*most->second.strangers.begin());
    oldest->end({"serve RPC", "", "too many connections that have not authenticated"});
}

void ServerState::accept(Listener& listener) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    Fd socket(::accept4(listener.socket.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
        // Out of descriptors or memory: asked again when the timer has run, not at once for ever.
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            refused({}, {"accept", "socket", "", errno});
            sd_event_source_set_enabled(listener.source.get(), SD_EVENT_OFF);
            arm();
        }
        return;
    }
    sockaddr_storage local{};
    size = sizeof local;
    (void)::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&local), &size);
    serve(std::move(socket), address_of(peer), address_of(local).port);
}

void ServerState::serve(Fd socket, const PeerAddress& peer, std::uint16_t local_port) {
    make_room(peer.network);
    set_options(socket.get());
    const std::uint64_t id = ++last_connection;
    auto connection =
        std::make_shared<ServerConnection>(*this, id, std::move(socket), peer, local_port);
    if (auto started = connection->start(); !started) return refused(peer, started.error());
    networks[peer.network].strangers.insert(id);
    ++strangers;
    connections.emplace(id, std::move(connection));
    arm();
}

void ServerState::remove(ServerConnection& connection) {
    const std::uint64_t id = connection.id();
    const auto use = networks.find(connection.peer().network);
    if (connection.let_in()) {
        --use->second.let_in;
    } else {
        use->second.strangers.erase(id);
        --strangers;
    }
    if (use->second.let_in == 0 && use->second.strangers.empty()) networks.erase(use);
    groups.leave(connection.group());
    connections.erase(id);
}

void ServerState::expire() {
    std::vector<std::shared_ptr<ServerConnection>> all;
    all.reserve(connections.size());
    for (const auto& [id, connection] : connections)
        all.push_back(connection);
    for (const auto& connection : all)
        connection->expire();
    for (auto& listener : listeners)
        sd_event_source_set_enabled(listener.source.get(), SD_EVENT_ON);
}

void ServerState::arm() {
    if (!timer) {
        sd_event_source* source = nullptr;
        const auto tick = [](sd_event_source*, std::uint64_t, void* data) {
            auto& state = *static_cast<ServerState*>(data);
            state.expire();
            if (!state.connections.empty()) state.arm();
            return 0;
        };
        // Without a timer deadlines do not hold; there is none only when memory ran out.
        if (sd_event_add_time_relative(loop, &source, CLOCK_MONOTONIC, second, second / 4, tick,
                                       this) < 0)
            return;
        timer.reset(source);
        return;
    }
    int enabled = SD_EVENT_OFF;
    sd_event_source_get_enabled(timer.get(), &enabled);
    if (enabled != SD_EVENT_OFF) return;
    sd_event_source_set_time_relative(timer.get(), second);
    sd_event_source_set_enabled(timer.get(), SD_EVENT_ONESHOT);
}

Server::Server(sd_event* loop, Acceptors& acceptors, Now now, ServerLimits limits,
               ServerObserver* observer, LetIn let_in)
  : state_(std::make_unique<ServerState>(loop, acceptors, std::move(now), limits, observer,
                                         std::move(let_in))) {}

Server::~Server() {
    close_all();
}

Status Server::add(Interface& interface) {
    const SyntaxId id = interface.id();
    if (!state_->interfaces.emplace(std::pair(id.uuid, id.major), &interface).second)
        return Error{"offer RPC interface", id.text(), "is there already"};
    return Done{};
}

Status Server::listen(Fd socket) {
    // A peer may be gone again before it is accepted.
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) < 0)
        return Error{"listen", "socket", "", errno};
    auto& listener = state_->listeners.emplace_back();
    listener.state = state_.get();
    listener.socket = std::move(socket);
    sd_event_source* source = nullptr;
    const auto ready = [](sd_event_source*, int, std::uint32_t, void* data) {
        auto& accepting = *static_cast<ServerState::Listener*>(data);
        accepting.state->accept(accepting);
        return 0;
    };
    const int r =
        sd_event_add_io(state_->loop, &source, listener.socket.get(), EPOLLIN, ready, &listener);
    if (r < 0) {
        state_->listeners.pop_back();
        return Error{"watch", "listening socket", "", -r};
    }
    listener.source.reset(source);
    return Done{};
}

void Server::serve(Fd socket, const PeerAddress& peer, std::uint16_t local_port) {
    state_->serve(std::move(socket), peer, local_port);
}

std::size_t Server::connections() const {
    return state_->connections.size();
}

void Server::close(std::uint64_t connection) {
    const auto found = state_->connections.find(connection);
    if (found == state_->connections.end()) return;
    const auto kept = found->second;
    kept->end({"serve RPC", "", ""});
}

void Server::close_all() {
    while (!state_->connections.empty())
        close(state_->connections.begin()->first);
}

void Server::stop_listening() {
    state_->listeners.clear();
}

void Server::expire() {
    state_->expire();
}

} // namespace mpapi::rpc
