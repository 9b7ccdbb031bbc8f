// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a server sends to our client, through a socket. The first byte says in how large pieces the
// rest arrives, whether the connection is sealed (upper bit), and whether the client asks for a
// second interface before it calls. The mechanism takes the token "who" and any signature of 16
// bytes. Each operation is told once, and none is left when the connection has ended.
#include "clusprep/rpc/client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <unistd.h>

#include <sys/socket.h>

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

constexpr unsigned most_calls = 8;

void require(bool condition) {
    if (!condition) std::abort();
}

class Context final : public SecurityContext {
  public:
    void step(std::span<const std::uint8_t> token, StepDone done) override {
        require(!complete_);
        if (token.empty()) return done(Token{'h', 'e', 'l', 'l', 'o'});
        if (std::string_view(reinterpret_cast<const char*>(token.data()), token.size()) != "who")
            return done(Error{"step", "", "a token that is none"});
        complete_ = true;
        done(Token{'m', 'e'});
    }
    bool complete() const override { return complete_; }
    const Principal& principal() const override {
        require(complete_);
        return principal_;
    }
    void sign_header(bool) override {}
    std::size_t signature_length(AuthLevel, std::size_t) const override { return 16; }
    Status protect(AuthLevel, std::span<std::uint8_t> pdu, std::size_t offset, std::size_t length,
                   std::span<std::uint8_t> signature) override {
        require(complete_ && offset + length + 8 == pdu.size() && signature.size() == 16);
        return Done{};
    }
    Status unprotect(AuthLevel, std::span<std::uint8_t> pdu, std::size_t offset, std::size_t length,
                     std::span<const std::uint8_t> signature) override {
        require(complete_ && offset + length + 8 == pdu.size());
        if (signature.size() != 16) return Error{"verify", "", "a signature of another size"};
        for (auto& byte : pdu.subspan(offset, length))
            byte ^= 0; // reads and writes each: a sanitizer looks on
        return Done{};
    }

  private:
    bool complete_ = false;
    Principal principal_{"user", {}, AuthType::Ntlm};
};

// Binds, perhaps alters, then calls again and again.
class Conversation {
  public:
    Conversation(sd_event* loop, ClientOptions options, bool sealed, bool second)
      : client_(loop, options)
      , second_(second) {
        int sockets[2];
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) == 0);
        server_.reset(sockets[1]);
        require(client_.attach(Fd(sockets[0])).has_value());
        open_ = 1;
        client_.bind(echo_, sealed ? AuthType::Ntlm : AuthType::None,
                     sealed ? AuthLevel::Privacy : AuthLevel::None,
                     sealed ? std::make_unique<Context>() : nullptr,
                     [this](const Status& bound) { told(bound.has_value()); });
    }

    int server() const { return server_.get(); }
    bool connected() const { return client_.connected(); }
    unsigned open() const { return open_; }

  private:
    void told(bool well) {
        require(open_ == 1);
        open_ = 0;
        if (!well || ++done_ > most_calls) return;
        open_ = 1;
        if (std::exchange(second_, false))
            client_.alter_context(other_, [this](const Status& bound) { told(bound.has_value()); });
        else
            client_.call(
                echo_, std::nullopt, 0, {1, 2, 3},
                [this](const Result<std::vector<std::uint8_t>>& stub, std::uint32_t fault) {
                    require(!stub || fault == 0);
                    told(stub.has_value() || fault != 0);
                });
    }

    SyntaxId echo_{"11111111-2222-3333-4444-666666666666"_guid, 0, 0};
    SyntaxId other_{"11111111-2222-3333-4444-555555555555"_guid, 1, 2};
    Client client_;
    Fd server_;
    bool second_;
    unsigned open_ = 0, done_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = std::size_t{1} << (data[0] & 0x0f);
    sd_event* raw = nullptr;
    require(sd_event_new(&raw) >= 0);
    const EventLoop loop(raw);
    const auto settle = [&] {
        while (sd_event_run(loop.get(), 0) > 0) {
        }
    };
    ClientOptions options;
    options.fragment = 8192;
    options.reply_stub = 1 << 16;
    Conversation talk(loop.get(), options, (data[0] & 0x80) != 0, (data[0] & 0x40) != 0);
    settle();
    for (std::size_t at = 1; at < size && talk.connected();) {
        const ssize_t sent = ::send(talk.server(), data + at, std::min(piece, size - at),
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) at += static_cast<std::size_t>(sent);
        settle();
        std::uint8_t request[4096];
        while (::recv(talk.server(), request, sizeof request, MSG_DONTWAIT) > 0)
            settle();
        if (sent < 0 && errno != EAGAIN) break;
    }
    require(::shutdown(talk.server(), SHUT_RDWR) == 0 || errno == ENOTCONN);
    settle();
    require(!talk.connected() && talk.open() == 0);
    return 0;
}
