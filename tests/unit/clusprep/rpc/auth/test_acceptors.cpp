// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The server's mechanisms as a server has them against the client's as a client has them.
#include "clusprep/rpc/auth/acceptors.hpp"

#include "clusprep/rpc/auth/accounts/account_file.hpp"
#include "clusprep/rpc/auth/initiators.hpp"
#include "tests/unit/clusprep/rpc/auth/pair.hpp"
#include "tests/unit/clusprep/rpc/auth/temporary_directory.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

EventLoop new_loop() {
    sd_event* loop = nullptr;
    if (sd_event_new(&loop) < 0) std::abort();
    return EventLoop(loop);
}

struct World {
    TemporaryDirectory directory;
    EventLoop loop = new_loop();
    std::vector<FailedLogon> failed;
    std::unique_ptr<Acceptors> acceptors;

    explicit World(std::chrono::milliseconds first_wait = std::chrono::milliseconds(250)) {
        AcceptorSettings settings;
        settings.accounts = directory.file("accounts");
        settings.keytab = directory.file("keytab");
        settings.host_name = "node1-with-a-long-name.example.org";
        settings.failed_logon = [this](const FailedLogon& report) { failed.push_back(report); };
        settings.attempts.address_free = 1;
        settings.attempts.first = first_wait;
        auto made = make_acceptors(loop.get(), std::move(settings));
        assert_ok(made);
        acceptors = std::move(*made);
        assert_ok(add_account(directory.file("accounts"), "Alice", "secret"));
    }
    std::unique_ptr<SecurityContext> accept(AuthType type) {
        auto context = acceptors->accept(type, "192.0.2.1");
        assert_ok(context);
        return std::move(*context);
    }
};

std::unique_ptr<Initiators> client(const char* user, const char* password) {
    InitiatorSettings settings;
    auto credentials = NtlmCredentials::of(user, password);
    assert_ok(credentials);
    settings.ntlm = std::move(*credentials);
    settings.kerberos = false;
    return make_initiators(std::move(settings));
}

std::unique_ptr<SecurityContext> initiate(Initiators& initiators, AuthType type) {
    auto context = initiators.initiate(type, "node1.example.org");
    assert_ok(context);
    return std::move(*context);
}

void an_account_of_the_file_logs_on(void**) {
    World world;
    const auto initiators = client("WORKGROUP\\alice", "secret");
    for (const AuthType type : {AuthType::Ntlm, AuthType::Spnego}) {
        const auto acceptor = world.accept(type);
        const auto initiator = initiate(*initiators, type);
        assert_ok(exchange(*initiator, *acceptor));
        // Named as in the file and by this host, whatever the client called itself.
        assert_text_equal(acceptor->principal().name, "NODE1-WITH-A-LO\\Alice");
        assert_carries(*initiator, *acceptor);
    }
    assert_int_equal(world.failed.size(), 0);
}

void a_new_password_counts_at_once(void**) {
    World world;
    const auto before = client("alice", "secret"), after = client("alice", "other");
    assert_ok(exchange(*initiate(*before, AuthType::Ntlm), *world.accept(AuthType::Ntlm)));
    assert_ok(add_account(world.directory.file("accounts"), "alice", "other"));
    assert_ok(exchange(*initiate(*after, AuthType::Ntlm), *world.accept(AuthType::Ntlm)));
    assert_false(
        exchange(*initiate(*before, AuthType::Ntlm), *world.accept(AuthType::Ntlm)).has_value());
}

void an_unknown_user_is_answered_like_a_wrong_password(void**) {
    World world;
    const auto unknown = exchange(*initiate(*client("bob", "secret"), AuthType::Ntlm),
                                  *world.accept(AuthType::Ntlm));
    const auto wrong = exchange(*initiate(*client("alice", "wrong"), AuthType::Ntlm),
                                *world.accept(AuthType::Ntlm));
    assert_false(unknown.has_value());
    assert_false(wrong.has_value());
    assert_text_equal(unknown.error().message(), wrong.error().message());
    assert_int_equal(world.failed.size(), 2);
    assert_text_equal(world.failed[0].account, "bob");
    assert_text_equal(world.failed[1].account, "alice");
}

void a_file_that_others_may_read_lets_nobody_in(void**) {
    World world;
    std::filesystem::permissions(world.directory.file("accounts"),
                                 std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    const auto status = exchange(*initiate(*client("alice", "secret"), AuthType::Ntlm),
                                 *world.accept(AuthType::Ntlm));
    assert_false(status.has_value());
    assert_int_equal(world.failed.size(), 1);
    assert_contains(world.failed[0].reason, "mode 0600");
}

void after_failures_the_answer_comes_later_from_the_loop(void**) {
    World world(std::chrono::milliseconds(20));
    for (int i = 0; i < 2; ++i)
        (void)exchange(*initiate(*client("alice", "wrong"), AuthType::Ntlm),
                       *world.accept(AuthType::Ntlm));
    const auto initiators = client("alice", "secret");
    const auto initiator = initiate(*initiators, AuthType::Spnego);
    const auto acceptor = world.accept(AuthType::Spnego);
    const auto challenge = step(*acceptor, *step(*initiator, {}));
    assert_ok(challenge);
    bool answered = false;
    acceptor->step(*step(*initiator, *challenge), [&](const Result<Token>& result) {
        assert_ok(result);
        answered = true;
    });
    assert_false(answered);
    for (int turns = 0; !answered && turns < 100; ++turns)
        if (sd_event_run(world.loop.get(), 10'000'000) < 0) fail_msg("the loop failed");
    assert_true(answered && acceptor->complete());
}

void a_mechanism_that_is_not_there_is_refused_with_the_reason(void**) {
    World world;
    const auto kerberos = world.acceptors->accept(AuthType::Kerberos, "192.0.2.1");
    assert_false(kerberos.has_value());
    assert_contains(kerberos.error().message(), "keytab");
    assert_false(world.acceptors->accept(AuthType::None, "").has_value());
    assert_false(world.acceptors->accept(AuthType{68}, "").has_value()); // Netlogon
    assert_false(make_initiators({})->initiate(AuthType::Ntlm, "x").has_value());
    assert_false(make_initiators({})->initiate(AuthType::None, "x").has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_account_of_the_file_logs_on),
        cmocka_unit_test(a_new_password_counts_at_once),
        cmocka_unit_test(an_unknown_user_is_answered_like_a_wrong_password),
        cmocka_unit_test(a_file_that_others_may_read_lets_nobody_in),
        cmocka_unit_test(after_failures_the_answer_comes_later_from_the_loop),
        cmocka_unit_test(a_mechanism_that_is_not_there_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
