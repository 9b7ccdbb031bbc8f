// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/dialling.hpp"

#include <cerrno>
#include <cstring>

#include <netinet/tcp.h>
#include <sys/epoll.h>

namespace mpapi::rpc {

Status Dialling::begin(const std::string& host, std::uint16_t port, Connected connected) {
    object_ = host + " port " + std::to_string(port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int r = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (r == EAI_SYSTEM) return Error{"look up", host, "", errno};
    if (r != 0) return Error{"look up", host, ::gai_strerror(r)};
    for (const addrinfo* info = found; info; info = info->ai_next) {
        Address address{};
        if (info->ai_addrlen > sizeof address.storage) continue;
        std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
        address.size = info->ai_addrlen;
        address.family = info->ai_family;
        addresses_.push_back(address);
    }
    ::freeaddrinfo(found);
    connected_ = std::move(connected);
    if (!try_next()) return last_;
    return Done{};
}

// Whether one is under way; else last_ tells why not.
bool Dialling::try_next() {
    for (; next_ < addresses_.size(); ++next_) {
        const Address& address = addresses_[next_];
        source_.reset();
        socket_.reset(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!socket_) {
            last_ = {"connect", object_, "", errno};
            continue;
        }
        const int on = 1;
        (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                      address.size) < 0 &&
            errno != EINPROGRESS) {
            last_ = {"connect", object_, "", errno};
            continue;
        }
        sd_event_source* source = nullptr;
        const auto on_ready = [](sd_event_source*, int, std::uint32_t, void* data) {
            static_cast<Dialling*>(data)->ready();
            return 0;
        };
        const int r = sd_event_add_io(loop_, &source, socket_.get(), EPOLLOUT, on_ready, this);
        if (r < 0) {
            last_ = {"watch", "socket", "", -r};
            continue;
        }
        source_.reset(source);
        ++next_;
        return true;
    }
    return false;
}

void Dialling::ready() {
    int failure = 0;
    socklen_t size = sizeof failure;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failure, &size) < 0) failure = errno;
    source_.reset();
    if (failure == 0) {
        const auto connected = std::move(connected_);
        return connected(std::move(socket_));
    }
    last_ = {"connect", object_, "", failure};
    if (try_next()) return;
    const auto connected = std::move(connected_);
    connected(last_);
}

} // namespace mpapi::rpc
