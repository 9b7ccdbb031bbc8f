// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A whole connection of the server, fed through a socket. The first byte says in how large pieces
// the rest arrives and whether a security step is answered at once. The mechanism takes the tokens
// "hello" and "me" and any signature of 16 bytes, so that what lies behind it is reached.
#include "clusprep/rpc/server.hpp"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

#include <sys/socket.h>

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

class Context final : public SecurityContext {
  public:
    explicit Context(std::function<void()>* pending)
      : pending_(pending) {}
    ~Context() override {
        if (pending_) *pending_ = nullptr;
    }
    void step(std::span<const std::uint8_t> token, StepDone done) override {
        require(!complete_ && !stepping_);
        stepping_ = true;
        const std::string_view text(reinterpret_cast<const char*>(token.data()), token.size());
        const bool hello = text == "hello";
        const bool me = text == "me";
        const auto answer = [this, hello, me, done] {
            stepping_ = false;
            complete_ = me;
            if (hello) return done(Token{'w', 'h', 'o'});
            if (me) return done(Token{});
            done(Error{"step", "", "denied"});
        };
        if (!pending_) return answer();
        *pending_ = answer;
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
    std::function<void()>* pending_;
    bool complete_ = false;
    bool stepping_ = false;
    Principal principal_{"user", {}, AuthType::Ntlm};
};

struct Mechanisms final : Acceptors {
    Result<std::unique_ptr<SecurityContext>> accept(AuthType type, const PeerAddress&) override {
        if (type != AuthType::Ntlm && type != AuthType::Spnego)
            return Error{"accept", "", "no such mechanism"};
        // One step at a time can be pending.
        return std::unique_ptr<SecurityContext>(
            std::make_unique<Context>(later && !pending ? &pending : nullptr));
    }
    bool later = false;
    std::function<void()> pending;
};

class Echo final : public Interface {
  public:
    Echo(SyntaxId id, AuthLevel least)
      : id_(id)
      , least_(least) {}
    SyntaxId id() const override { return id_; }
    std::uint16_t operations() const override { return 3; }
    AuthLevel least_level() const override { return least_; }
    void call(Call call, Reply reply) override {
        require(call.level >= least_ && call.opnum < 3);
        require((call.level == AuthLevel::None) == !call.principal);
        if (call.opnum == 0) return reply.send(std::move(call.stub));
        if (call.opnum == 1) return reply.fault(1234);
        kept = std::move(reply);
    }
    std::optional<Reply> kept;

  private:
    SyntaxId id_;
    AuthLevel least_;
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
    Mechanisms mechanisms;
    mechanisms.later = (data[0] & 0x10) != 0;
    Echo open({"11111111-2222-3333-4444-666666666666"_guid, 0, 0}, AuthLevel::None);
    Echo sealed({"11111111-2222-3333-4444-555555555555"_guid, 1, 2}, AuthLevel::Privacy);
    std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
    ServerLimits limits;
    limits.fragment = 8192;
    {
        Server server(
            loop.get(), mechanisms, [&] { return now; }, limits);
        require(server.add(open).has_value() && server.add(sealed).has_value());
        int sockets[2];
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) == 0);
        Fd peer(sockets[1]);
        server.serve(Fd(sockets[0]), "192.0.2.1", 135);
        for (std::size_t at = 1; at < size && server.connections() != 0;) {
            const ssize_t sent = ::send(peer.get(), data + at, std::min(piece, size - at),
                                        MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) at += static_cast<std::size_t>(sent);
            settle();
            std::uint8_t answer[4096];
            while (::recv(peer.get(), answer, sizeof answer, MSG_DONTWAIT) > 0)
                settle();
            if (const auto pending = std::exchange(mechanisms.pending, nullptr)) pending();
            for (Echo* const echo : {&open, &sealed})
                if (auto kept = std::exchange(echo->kept, std::nullopt)) kept->send({1, 2, 3});
            settle();
            // Input that the server does not want: it waits for its output to be taken.
            if (sent < 0 && errno != EAGAIN) break;
        }
        now += std::chrono::hours(1);
        server.expire();
        settle();
        now += std::chrono::minutes(2); // what lingered
        server.expire();
        settle();
        require(server.connections() == 0);
    }
    return 0;
}
