// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls over TCP on loopback, our client to our server in a process of its own: small sealed ones
// over one connection, from 200 clients at once, and answers of 1 MiB, sealed by NTLM and plain.
#include "bench/figure.hpp"
#include "clusprep/rpc/auth/ntlm/context.hpp"
#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/client.hpp"
#include "clusprep/rpc/little_endian.hpp"
#include "clusprep/rpc/server.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

using namespace mpapi;
using namespace mpapi::bench;
using namespace mpapi::rpc;

namespace {

constexpr SyntaxId kInterface = {"11111111-2222-3333-4444-555555555555"_guid, 1, 0};
constexpr std::size_t kMebibyte = 1u << 20;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "bench: %s\n", what.c_str());
    std::exit(1);
}

template <typename T>
T checked(Result<T> result) {
    if (!result) fail(result.error().message());
    return std::move(*result);
}

EventLoop new_loop() {
    sd_event* loop = nullptr;
    if (sd_event_new(&loop) < 0) fail("no event loop");
    return EventLoop(loop);
}

// One user, whose password is "secret".
class Accounts final : public NtlmAccounts {
  public:
    void verify(const NtlmLogon& logon, Verified done) override {
        const auto parsed = ntlm::parse_response(logon.response);
        if (!parsed) return done(parsed.error());
        const auto key = ntlm::response_key(ntlm::nt_hash(u"secret"), logon.user, logon.domain);
        const auto proof = ntlm::proof_of(key, logon.server_challenge, parsed->blob);
        done(NtlmSession{ntlm::session_base_key(key, proof), {"alice", {}, AuthType::Ntlm}});
    }
};

class Mechanisms final : public Acceptors {
  public:
    Result<std::unique_ptr<SecurityContext>> accept(AuthType, const PeerAddress& peer) override {
        return std::unique_ptr<SecurityContext>(
            std::make_unique<NtlmAcceptor>(accounts_, host_, sources_, peer));
    }

  private:
    Accounts accounts_;
    NtlmHost host_{u"NODE1", u"NODE1", u"node1", u""};
    NtlmSources sources_ = NtlmSources::of_the_system();
};

// Opnum 0 answers with the stub, 1 with as many bytes as the stub's number says.
class Echo final : public Interface {
  public:
    SyntaxId id() const override { return kInterface; }
    std::uint16_t operations() const override { return 2; }
    AuthLevel least_level() const override { return AuthLevel::None; }
    void call(Call call, Reply reply) override {
        if (call.opnum == 0) return reply.send(std::move(call.stub));
        reply.send(std::vector<std::uint8_t>(load<std::uint32_t>(call.stub, 0)));
    }
};

[[noreturn]] void serve(Fd socket) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto loop = new_loop();
    Mechanisms mechanisms;
    Echo echo;
    Server server(loop.get(), mechanisms, [] { return Clock::now(); });
    (void)checked(server.add(echo));
    (void)checked(server.listen(std::move(socket)));
    std::exit(sd_event_loop(loop.get()));
}

struct ServerProcess {
    ServerProcess() {
        Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket.get(), generic, size) != 0 || ::listen(socket.get(), 512) != 0 ||
            ::getsockname(socket.get(), generic, &size) != 0)
            fail("no socket to listen on");
        port = ntohs(address.sin_port);
        pid = ::fork();
        if (pid == 0) serve(std::move(socket));
    }
    ~ServerProcess() {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    pid_t pid;
    std::uint16_t port = 0;
};

class Clients {
  public:
    explicit Clients(std::uint16_t port)
      : port_(port) {}

    std::unique_ptr<Client> bound(AuthLevel level) {
        auto client = std::make_unique<Client>(loop.get());
        (void)checked(client->connect_and_wait("127.0.0.1", port_));
        std::unique_ptr<SecurityContext> context;
        if (level != AuthLevel::None)
            context = std::make_unique<NtlmInitiator>(
                checked(NtlmCredentials::of("alice", "secret")), sources_, "host/node1");
        (void)checked(client->bind_and_wait(
            kInterface, level == AuthLevel::None ? AuthType::None : AuthType::Ntlm, level,
            std::move(context)));
        return client;
    }

    EventLoop loop = new_loop();

  private:
    std::uint16_t port_;
    NtlmSources sources_ = NtlmSources::of_the_system();
};

// Microseconds of each call, one after the other.
std::vector<double> one_by_one(Client& client, std::uint16_t opnum,
                               const std::vector<std::uint8_t>& stub, int calls) {
    std::vector<double> times;
    for (int n = 0; n < calls; ++n) {
        const auto began = Clock::now();
        const auto answer = client.call_and_wait(kInterface, std::nullopt, opnum, stub);
        if (!answer.stub) fail(answer.stub.error().message());
        times.push_back(milliseconds(Clock::now() - began) * 1000);
    }
    return times;
}

void small_calls(Clients& clients) {
    const auto client = clients.bound(AuthLevel::Privacy);
    const std::vector<std::uint8_t> stub(24);
    (void)one_by_one(*client, 0, stub, 1000);
    std::vector<double> runs;
    for (int run = 0; run < 5; ++run) {
        const auto began = Clock::now();
        (void)one_by_one(*client, 0, stub, 10'000);
        runs.push_back(milliseconds(Clock::now() - began) * 1000 / 10'000);
    }
    print({"RPC: small call sealed by NTLM, one connection", median(runs), "us", 1e6 / 15'000,
           text(1e6 / median(runs)) + " calls/s"});
}

// Each client calls again as soon as it is answered.
class Crowd {
  public:
    Crowd(Clients& clients, std::size_t size, std::size_t calls)
      : calls_(calls) {
        for (std::size_t n = 0; n < size; ++n)
            clients_.push_back(clients.bound(AuthLevel::Privacy));
        for (auto& client : clients_)
            call(*client);
        while (times_.size() < calls_)
            if (sd_event_run(clients.loop.get(), UINT64_MAX) < 0) fail("the loop ended");
    }
    const std::vector<double>& times() const { return times_; }

  private:
    void call(Client& client) {
        const auto began = Clock::now();
        client.call(kInterface, std::nullopt, 0, std::vector<std::uint8_t>(24),
                    [this, &client, began](auto stub, std::uint32_t) {
                        if (!stub) fail(stub.error().message());
                        times_.push_back(milliseconds(Clock::now() - began));
                        if (times_.size() < calls_) call(client);
                    });
    }

    std::size_t calls_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<double> times_;
};

void many_clients(Clients& clients) {
    const auto began = Clock::now();
    const Crowd crowd(clients, 200, 40'000);
    print({"RPC: 200 clients at once, each calling sealed: p99 of a call",
           percentile(crowd.times(), 0.99), "ms", 50,
           "median " + text(median(crowd.times())) + " ms; with their binds " +
               text(milliseconds(Clock::now() - began) / 1000) + " s"});
}

void large_answers(Clients& clients, AuthLevel level, const char* how, double bar) {
    const auto client = clients.bound(level);
    std::vector<std::uint8_t> stub;
    put(stub, static_cast<std::uint32_t>(kMebibyte));
    (void)one_by_one(*client, 1, stub, 20);
    const auto times = one_by_one(*client, 1, stub, 300);
    print({std::string("RPC: answer of 1 MiB, ") + how, median(times), "us", 1e6 / bar,
           text(static_cast<double>(kMebibyte) / median(times)) + " MB/s"});
}

} // namespace

int main() {
    const ServerProcess server;
    Clients clients(server.port);
    small_calls(clients);
    many_clients(clients);
    // MB/s to reach; a mebibyte is a little more than a megabyte.
    large_answers(clients, AuthLevel::None, "not protected", 300 / 1.048576);
    large_answers(clients, AuthLevel::Privacy, "sealed by NTLM", 150 / 1.048576);
}
