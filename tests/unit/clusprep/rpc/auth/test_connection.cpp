// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Our client and our server on one loop, with everything real between them: each mechanism, each
// level, with a KDC of the test's own.
#include "clusprep/rpc/auth/acceptors.hpp"
#include "clusprep/rpc/auth/accounts/account_file.hpp"
#include "clusprep/rpc/auth/initiators.hpp"
#include "clusprep/rpc/client.hpp"
#include "clusprep/rpc/server.hpp"
#include "tests/unit/clusprep/rpc/auth/realm.hpp"
#include "tests/unit/cmocka.hpp"

#include <sys/socket.h>

#include <cstdio>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

std::unique_ptr<Realm> realm;
std::string tickets;

constexpr SyntaxId kEcho = {"60a15ec5-4de8-11d7-a637-005056a20182"_guid, 1, 0};

class Echo final : public Interface {
  public:
    SyntaxId id() const override { return kEcho; }
    std::uint16_t operations() const override { return 1; }
    AuthLevel least_level() const override { return AuthLevel::Integrity; }
    std::size_t largest_stub() const override { return 1u << 20; }
    void call(Call call, Reply reply) override {
        caller = call.principal ? *call.principal : Principal{};
        level = call.level;
        reply.send(std::move(call.stub));
    }
    Principal caller;
    AuthLevel level = AuthLevel::None;
};

class World {
  public:
    World() {
        sd_event* loop = nullptr;
        if (sd_event_new(&loop) < 0) std::abort();
        loop_.reset(loop);
        AcceptorSettings settings;
        settings.accounts = realm->directory() + "/accounts";
        settings.keytab = realm->keytab();
        settings.host_name = "node1";
        auto made = make_acceptors(loop, std::move(settings));
        assert_ok(made);
        acceptors_ = std::move(*made);
        server_ = std::make_unique<Server>(loop, *acceptors_,
                                           [] { return std::chrono::steady_clock::now(); });
        assert_ok(server_->add(echo));
    }
    std::unique_ptr<Client> client() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
            std::abort();
        server_->serve(Fd(ends[0]), "127.0.0.1", 135);
        auto client = std::make_unique<Client>(loop_.get());
        assert_ok(client->attach(Fd(ends[1])));
        return client;
    }

    Echo echo;

  private:
    EventLoop loop_;
    std::unique_ptr<Acceptors> acceptors_;
    std::unique_ptr<Server> server_;
};

std::unique_ptr<Initiators> initiators(bool kerberos, const char* password = "secret") {
    InitiatorSettings settings;
    settings.kerberos = kerberos;
    settings.ticket_cache = tickets;
    if (!kerberos) {
        auto who = NtlmCredentials::of("DOM\\alice", password);
        assert_ok(who);
        settings.ntlm = std::move(*who);
    }
    return make_initiators(std::move(settings));
}

Status bind(Client& client, Initiators& initiators, AuthType type, AuthLevel level) {
    auto context = initiators.initiate(type, "localhost");
    assert_ok(context);
    return client.bind_and_wait(kEcho, type, level, std::move(*context));
}

void every_mechanism_at_every_level_carries_calls(void**) {
    for (const bool kerberos : {false, true})
        for (const bool bare : {true, false})
            for (const AuthLevel level : {AuthLevel::Integrity, AuthLevel::Privacy}) {
                World world;
                const auto client = world.client();
                const auto ours = initiators(kerberos);
                const AuthType type = !bare      ? AuthType::Spnego
                                      : kerberos ? AuthType::Kerberos
                                                 : AuthType::Ntlm;
                assert_ok(bind(*client, *ours, type, level));
                for (const std::size_t size : {0u, 4u, 64u, 100000u}) {
                    const std::vector<std::uint8_t> stub(size, 0x5a);
                    const auto answer = client->call_and_wait(kEcho, std::nullopt, 0, stub);
                    assert_ok(answer.stub);
                    assert_true(*answer.stub == stub);
                }
                assert_text_equal(world.echo.caller.name,
                                  kerberos ? "alice@EXAMPLE.ORG" : "NODE1\\alice");
                assert_true(world.echo.level == level);
            }
}

void a_wrong_password_calls_nothing(void**) {
    for (const AuthType type : {AuthType::Ntlm, AuthType::Spnego}) {
        World world;
        const auto client = world.client();
        const auto ours = initiators(false, "wrong");
        // NTLM alone ends with a message that has no answer.
        const auto bound = bind(*client, *ours, type, AuthLevel::Privacy);
        assert_int_equal(bound.has_value(), type == AuthType::Ntlm);
        if (!bound) continue;
        const auto answer = client->call_and_wait(kEcho, std::nullopt, 0, {1, 2, 3, 4});
        assert_false(answer.stub.has_value());
        assert_int_equal(answer.fault, 5);
        assert_text_equal(world.echo.caller.name, "");
    }
}

} // namespace

int main() {
    auto started = Realm::start();
    if (!started) {
        std::printf("skipped: %s\n", started.error().message().c_str());
        return 77;
    }
    realm = std::move(*started);
    auto got = realm->tickets_of_alice();
    const auto added = add_account(realm->directory() + "/accounts", "alice", "secret");
    if (!got || !added) {
        std::fprintf(stderr, "the test's own accounts failed\n");
        return 1;
    }
    tickets = *got;
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_mechanism_at_every_level_carries_calls),
        cmocka_unit_test(a_wrong_password_calls_nothing),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    realm.reset();
    return failed;
}
