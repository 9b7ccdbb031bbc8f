// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A server, its clients and raw peers on one loop, joined by socket pairs: what is sent is there at
// once, so a world that has settled has done everything that it will do.
#pragma once

#include "clusprep/rpc/client.hpp"
#include "clusprep/rpc/pdu.hpp"
#include "clusprep/rpc/server.hpp"
#include "played_security.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/common/scsi/bytes_of.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <unistd.h>

#include <sys/socket.h>

namespace mpapi::rpc::test {

constexpr SyntaxId echo_id = {"11111111-2222-3333-4444-555555555555"_guid, 1, 2};
constexpr SyntaxId open_id = {"11111111-2222-3333-4444-666666666666"_guid, 0, 0};

using Stub = std::vector<std::uint8_t>;

// Opnum 0 sends the stub back, 1 keeps the reply, 2 faults with 1234, 3 drops the reply, 4 answers
// with as many bytes as the stub's first number says.
class Echo final : public Interface {
  public:
    Echo(SyntaxId id, AuthLevel least)
      : id_(id)
      , least_(least) {}

    SyntaxId id() const override { return id_; }
    std::uint16_t operations() const override { return 5; }
    AuthLevel least_level() const override { return least_; }
    std::size_t largest_stub() const override { return largest; }
    void call(Call call, Reply reply) override {
        ++calls;
        switch (call.opnum) {
        case 0:
            reply.send(call.stub);
            break;
        case 1:
            kept.push_back(std::move(reply));
            break;
        case 2:
            reply.fault(1234);
            break;
        case 4: {
            Stub answer(load<std::uint32_t>(call.stub, 0));
            std::iota(answer.begin(), answer.end(), std::uint8_t{0});
            reply.send(std::move(answer));
            break;
        }
        default:
            break;
        }
        last = std::move(call);
    }

    std::size_t largest = 8u << 20;
    std::size_t calls = 0;
    Call last;
    std::vector<Reply> kept;

  private:
    SyntaxId id_;
    AuthLevel least_;
};

struct Observer final : ServerObserver {
    void refused(const PeerAddress& peer, const Error& why) override {
        refusals.push_back(peer.address + ": " + why.message());
    }

    std::vector<std::string> refusals;
};

inline std::pair<Fd, Fd> connected_pair() {
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) != 0)
        fail_msg("socketpair: errno %d", errno);
    return {Fd(sockets[0]), Fd(sockets[1])};
}

inline EventLoop new_loop() {
    sd_event* loop = nullptr;
    assert_true(sd_event_new(&loop) >= 0);
    return EventLoop(loop);
}

inline void settle(sd_event* loop) {
    while (sd_event_run(loop, 0) > 0) {
    }
}

// The other end of a connection, byte by byte.
class Peer {
  public:
    Peer(sd_event* loop, Fd socket)
      : loop_(loop)
      , socket_(std::move(socket)) {}

    void send(const Stub& bytes) {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const ssize_t n = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent,
                                     MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno != EAGAIN) return; // closed: the test will see
            if (n > 0) sent += static_cast<std::size_t>(n);
            settle(loop_);
        }
        settle(loop_);
    }
    // The next PDU; empty when there is none.
    Stub receive() {
        take();
        if (received_.size() < header_size) return {};
        const std::size_t size = load<std::uint16_t>(received_, 8);
        if (received_.size() < size) return {};
        const auto end = received_.begin() + static_cast<std::ptrdiff_t>(size);
        Stub pdu(received_.begin(), end);
        received_.erase(received_.begin(), end);
        return pdu;
    }
    bool closed() {
        take();
        return closed_;
    }
    void close() {
        socket_.reset();
        settle(loop_);
    }
    int fd() const { return socket_.get(); }

  private:
    void take() {
        settle(loop_);
        for (;;) {
            std::uint8_t bytes[65536];
            const ssize_t n = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
            if (n == 0 || (n < 0 && errno != EAGAIN)) closed_ = true;
            if (n <= 0) return;
            received_.insert(received_.end(), bytes, bytes + n);
            settle(loop_);
        }
    }

    sd_event* loop_;
    Fd socket_;
    Stub received_;
    bool closed_ = false;
};

// Is authenticated and not let in.
inline constexpr const char* outsider = "PLAYED\\outsider";

class World {
  public:
    explicit World(ServerLimits limits = {}, rpc::Acceptors* others = nullptr)
      : loop(new_loop())
      , server(
            loop.get(), others ? *others : acceptors, [this] { return now; }, limits, &observer,
            [](const Principal& who) { return who.name != outsider; }) {
        assert_ok(server.add(echo));
        assert_ok(server.add(open));
    }

    Peer peer(const char* address = "192.0.2.1") {
        auto [ours, theirs] = connected_pair();
        server.serve(std::move(ours), address, 135);
        return Peer(loop.get(), std::move(theirs));
    }
    std::unique_ptr<Client> client(ClientOptions options = {}) {
        auto [ours, theirs] = connected_pair();
        server.serve(std::move(ours), "192.0.2.2", 135);
        auto made = std::make_unique<Client>(loop.get(), options);
        assert_ok(made->attach(std::move(theirs)));
        return made;
    }
    void pass(std::chrono::milliseconds time) {
        now += time;
        server.expire();
        settle(loop.get());
    }
    const std::string& last_refusal() const {
        if (observer.refusals.empty()) fail_msg("nothing was refused");
        return observer.refusals.back();
    }

    std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
    EventLoop loop;
    played::Acceptors acceptors;
    Observer observer;
    Echo echo{echo_id, AuthLevel::Privacy};
    Echo open{open_id, AuthLevel::None};
    Server server;
};

inline Stub pattern(std::size_t size) {
    Stub bytes(size);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{3});
    return bytes;
}

} // namespace mpapi::rpc::test
