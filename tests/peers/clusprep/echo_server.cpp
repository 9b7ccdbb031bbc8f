// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Samba's rpcecho, for its clients: the smallest interface that others can call, on our server with
// our authentication. echo-server ACCOUNTS KEYTAB listens on a loopback port that it prints, and
// ends with its standard input.
#include "clusprep/rpc/auth/acceptors.hpp"
#include "clusprep/rpc/server.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstring>

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

std::uint32_t number_at(const std::vector<std::uint8_t>& stub, std::size_t offset) {
    std::uint32_t value = 0;
    if (stub.size() >= offset + sizeof value)
        std::memcpy(&value, stub.data() + offset, sizeof value);
    return value;
}

class Echo final : public Interface {
  public:
    SyntaxId id() const override { return {"60a15ec5-4de8-11d7-a637-005056a20182"_guid, 1, 0}; }
    std::uint16_t operations() const override { return 2; }
    AuthLevel least_level() const override { return AuthLevel::Integrity; }
    std::size_t largest_stub() const override { return 1u << 20; }
    void call(Call call, Reply reply) override {
        std::fprintf(stderr, "call %u level %d by %s\n", call.opnum, int(call.level),
                     call.principal ? call.principal->name.c_str() : "nobody");
        if (call.opnum == 0) { // AddOne: a number
            const std::uint32_t sum = number_at(call.stub, 0) + 1;
            std::vector<std::uint8_t> stub(sizeof sum);
            std::memcpy(stub.data(), &sum, sizeof sum);
            reply.send(std::move(stub));
        } else { // EchoData: a number and a conformant array, whose maximum comes first
            call.stub.erase(call.stub.begin(), call.stub.begin() + 4);
            reply.send(std::move(call.stub));
        }
    }
};

class Report final : public ServerObserver {
  public:
    void refused(const PeerAddress& peer, const Error& why) override {
        std::fprintf(stderr, "refused %s: %s\n", peer.address.c_str(), why.message().c_str());
    }
};

int fail(const Error& error) {
    std::fprintf(stderr, "echo-server: %s\n", error.message().c_str());
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return fail({"start", "", "usage: echo-server ACCOUNTS KEYTAB"});
    sd_event* raw = nullptr;
    if (const int r = sd_event_new(&raw); r < 0) return fail({"create", "loop", "", -r});
    const EventLoop loop(raw);
    AcceptorSettings settings;
    settings.accounts = argv[1];
    settings.keytab = argv[2];
    settings.host_name = "localhost";
    auto acceptors = make_acceptors(loop.get(), std::move(settings));
    if (!acceptors) return fail(acceptors.error());

    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(socket.get(), any, size) < 0 || ::listen(socket.get(), 64) < 0 ||
        ::getsockname(socket.get(), any, &size) < 0)
        return fail({"listen", "", "", errno});

    Echo echo;
    Report report;
    Server server(
        loop.get(), **acceptors, [] { return std::chrono::steady_clock::now(); }, {}, &report);
    if (auto added = server.add(echo); !added) return fail(added.error());
    if (auto listening = server.listen(std::move(socket)); !listening)
        return fail(listening.error());
    sd_event_source* input = nullptr;
    sd_event_add_io(
        loop.get(), &input, 0, EPOLLIN,
        [](sd_event_source* source, int, std::uint32_t, void*) {
            return sd_event_exit(sd_event_source_get_event(source), 0);
        },
        nullptr);
    const EventSource owned(input);
    std::printf("%u\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return sd_event_loop(loop.get());
}
