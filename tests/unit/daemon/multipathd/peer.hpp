// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A multipathd that says what a test wants.
#pragma once

#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>

namespace mpapi::multipathd {

// Somebody at the other end of the socket, on a thread of its own; `talk` is run for each
// connection after its command has come, and the connection is closed behind it.
class Peer {
  public:
    using Talk = std::function<void(int fd, const std::string& command)>;

    explicit Peer(Talk talk)
      : talk_(std::move(talk)) {
        static std::atomic<int> number = 0;
        address_ = "@mpapi-test-" + std::to_string(getpid()) + "-" + std::to_string(++number);
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        address_.copy(name.sun_path, address_.size());
        name.sun_path[0] = '\0';
        listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assert_true(listener_.get() >= 0);
        const auto length =
            static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
        assert_int_equal(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name), length),
                         0);
        assert_int_equal(::listen(listener_.get(), 4), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~Peer() {
        ::shutdown(listener_.get(), SHUT_RDWR); // accept() returns
        thread_.join();
    }

    const std::string& address() const { return address_; }

  private:
    void serve() {
        while (true) {
            const Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!connection) return;
            std::size_t length = 0;
            if (::recv(connection.get(), &length, sizeof length, MSG_WAITALL) != sizeof length)
                continue;
            std::string command(std::min<std::size_t>(length, 4096), '\0');
            if (::recv(connection.get(), command.data(), command.size(), MSG_WAITALL) !=
                static_cast<ssize_t>(command.size()))
                continue;
            if (!command.empty() && command.back() == '\0') command.pop_back();
            talk_(connection.get(), command);
        }
    }

    Talk talk_;
    std::string address_;
    Fd listener_;
    std::thread thread_;
};

inline void put(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

inline void put_length(int fd, std::size_t length) {
    std::array<char, sizeof length> bytes;
    std::memcpy(bytes.data(), &length, sizeof length);
    put(fd, std::string_view(bytes.data(), bytes.size()));
}

inline void reply(int fd, const std::string& text) {
    put_length(fd, text.size() + 1);
    put(fd, std::string_view(text.c_str(), text.size() + 1));
}

// Holds the connection until the client is gone.
inline void hold(int fd) {
    char byte;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
}

} // namespace mpapi::multipathd
