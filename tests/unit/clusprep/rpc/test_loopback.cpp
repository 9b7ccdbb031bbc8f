// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Our client and our server, with the played mechanism and with NTLM.
#include "tests/unit/clusprep/rpc/auth/one_account.hpp"
#include "world.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

std::unique_ptr<SecurityContext> played_context() {
    return std::make_unique<played::Initiator>();
}

Status bind_sealed(Client& client) {
    return client.bind_and_wait(echo_id, AuthType::Ntlm, AuthLevel::Privacy, played_context());
}

void assert_echoes(Client& client, const SyntaxId& interface, std::size_t size) {
    const auto answer = client.call_and_wait(interface, std::nullopt, 0, pattern(size));
    assert_ok(answer.stub);
    // With a verification trailer behind it the stub is padded to 4.
    Stub found = *answer.stub;
    if (found.size() < size || found.size() - size > 3)
        fail_msg("%zu bytes came back as %zu", size, found.size());
    found.resize(size);
    if (found != pattern(size)) fail_msg("%zu bytes came back as others", size);
}

void calls_of_any_size_come_back(void**) {
    World world;
    const auto client = world.client();
    assert_ok(client->bind_and_wait(open_id, AuthType::None, AuthLevel::None, nullptr));
    for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 30000u}) // strangers may send 32 KiB
        assert_echoes(*client, open_id, size);
    assert_ok(client->alter_context_and_wait(echo_id));
    assert_int_equal(world.open.last.level, AuthLevel::None);
    assert_null(world.open.last.principal.get());
    assert_true(client->association_group() != 0);
}

void sealed_calls_of_any_size_come_back(void**) {
    World world;
    const auto client = world.client();
    assert_ok(bind_sealed(*client));
    for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 65400u, 65528u, 200001u, 1u << 20})
        assert_echoes(*client, echo_id, size);
    assert_true(world.acceptors.header_signing);
    assert_int_equal(world.echo.last.level, AuthLevel::Privacy);
    assert_text_equal(world.echo.last.principal->name, "PLAYED\\user");
    assert_text_equal(world.echo.last.peer.address, "192.0.2.2");
    assert_int_equal(world.echo.last.association_group, client->association_group());
}

void fragments_are_as_small_as_the_smaller_side_wants(void**) {
    ServerLimits limits;
    limits.fragment = 2048;
    World world(limits);
    ClientOptions options;
    options.fragment = 4280;
    const auto client = world.client(options);
    assert_ok(bind_sealed(*client));
    for (const std::size_t size : {1900u, 2000u, 2048u, 100000u})
        assert_echoes(*client, echo_id, size);
}

void a_verification_trailer_is_no_part_of_the_stub(void**) {
    for (const bool trailer : {true, false}) {
        World world;
        ClientOptions options;
        options.verification_trailer = trailer;
        const auto client = world.client(options);
        assert_ok(bind_sealed(*client));
        assert_echoes(*client, echo_id, 8);
        assert_int_equal(world.echo.last.padding, trailer ? 3 : 0);
        // What stands before the trailer is aligned with it.
        assert_ok(client->call_and_wait(echo_id, std::nullopt, 0, pattern(5)).stub);
        assert_int_equal(world.echo.last.stub.size(), trailer ? 8 : 5);
    }
}

void a_further_interface_has_the_same_security(void**) {
    World world;
    const auto client = world.client();
    assert_ok(bind_sealed(*client));
    assert_ok(client->alter_context_and_wait(open_id));
    assert_ok(client->alter_context_and_wait(open_id));
    assert_echoes(*client, open_id, 100);
    assert_int_equal(world.open.last.level, AuthLevel::Privacy);
    assert_echoes(*client, echo_id, 100);
    assert_int_equal(world.acceptors.accepted, 1);
}

void an_interface_that_is_not_there_leaves_the_connection(void**) {
    World world;
    const auto client = world.client();
    assert_ok(bind_sealed(*client));
    const auto altered = client->alter_context_and_wait({echo_id.uuid, 9, 0});
    assert_false(altered.has_value());
    assert_contains(altered.error().message(), "does not have this interface");
    assert_echoes(*client, echo_id, 100);
    const auto unbound = client->call_and_wait(open_id, std::nullopt, 0, {});
    assert_false(unbound.stub.has_value());
    assert_contains(unbound.stub.error().message(), "not bound");
    assert_echoes(*client, echo_id, 100);
}

void an_object_travels_with_its_call(void**) {
    World world;
    const auto client = world.client();
    assert_ok(bind_sealed(*client));
    const auto object = "99999999-2222-3333-4444-555555555555"_guid;
    const auto answer = client->call_and_wait(echo_id, object, 0, pattern(70000));
    assert_ok(answer.stub);
    assert_true(world.echo.last.object == object);
    assert_echoes(*client, echo_id, 1);
    assert_false(world.echo.last.object.has_value());
}

void a_fault_has_its_status_and_ends_nothing(void**) {
    World world;
    const auto client = world.client();
    assert_ok(bind_sealed(*client));
    const auto faulted = client->call_and_wait(echo_id, std::nullopt, 2, {});
    assert_false(faulted.stub.has_value());
    assert_int_equal(faulted.fault, 1234);
    assert_contains(faulted.stub.error().message(), "0x000004d2");
    const auto dropped = client->call_and_wait(echo_id, std::nullopt, 3, {});
    assert_int_equal(dropped.fault, fault::unspecified);
    const auto beyond = client->call_and_wait(echo_id, std::nullopt, 5, {});
    assert_int_equal(beyond.fault, fault::operation_range);
    assert_echoes(*client, echo_id, 10);
}

void a_level_too_low_is_fault_5_and_ends_nothing(void**) {
    for (const auto level : {AuthLevel::Connect, AuthLevel::Packet, AuthLevel::Integrity}) {
        World world;
        const auto client = world.client();
        assert_ok(client->bind_and_wait(echo_id, AuthType::Ntlm, level, played_context()));
        const auto refused = client->call_and_wait(echo_id, std::nullopt, 0, pattern(10));
        assert_int_equal(refused.fault, fault::access_denied);
        assert_int_equal(world.echo.calls, 0);
        assert_ok(client->alter_context_and_wait(open_id));
        assert_echoes(*client, open_id, 100);
        assert_int_equal(world.open.last.level, level);
        assert_text_equal(world.open.last.principal->name, "PLAYED\\user");
    }
}

void who_is_denied_gets_fault_5_at_the_first_call(void**) {
    World world;
    world.acceptors.deny = true;
    const auto client = world.client();
    assert_ok(bind_sealed(*client));
    const auto refused = client->call_and_wait(echo_id, std::nullopt, 0, {});
    assert_int_equal(refused.fault, fault::access_denied);
    assert_int_equal(world.echo.calls, 0);
    assert_contains(world.observer.refusals.front(), "192.0.2.2: log on: denied");
}

void a_mechanism_that_is_not_offered_is_refused_at_bind(void**) {
    World world;
    const auto client = world.client();
    const auto bound =
        client->bind_and_wait(echo_id, AuthType::Kerberos, AuthLevel::Privacy, played_context());
    assert_false(bound.has_value());
    assert_contains(bound.error().message(), "does not have this kind of authentication");
    assert_false(client->connected());
}

void a_reply_may_come_late_or_never(void**) {
    World world;
    auto client = world.client();
    assert_ok(bind_sealed(*client));
    std::optional<Stub> answer;
    client->call(echo_id, std::nullopt, 1, {}, [&](auto stub, std::uint32_t) {
        assert_ok(stub);
        answer = *stub;
    });
    settle(world.loop.get());
    assert_false(answer.has_value());
    assert_int_equal(world.echo.kept.size(), 1);
    world.echo.kept.front().send(pattern(9));
    settle(world.loop.get());
    assert_true(answer == pattern(9));
    // Now the client has gone before the reply is there.
    world.echo.kept.clear();
    client->call(echo_id, std::nullopt, 1, {}, [](auto, std::uint32_t) { fail_msg("called"); });
    settle(world.loop.get());
    client.reset();
    settle(world.loop.get());
    assert_int_equal(world.server.connections(), 0);
    world.echo.kept.front().send(pattern(9));
    settle(world.loop.get());
}

void one_operation_at_a_time(void**) {
    World world;
    const auto client = world.client();
    assert_ok(bind_sealed(*client));
    bool first = false;
    client->call(echo_id, std::nullopt, 0, {}, [&](auto stub, std::uint32_t) {
        assert_ok(stub);
        first = true;
    });
    const auto second = client->call_and_wait(echo_id, std::nullopt, 0, {});
    assert_false(second.stub.has_value());
    assert_contains(second.stub.error().message(), "another operation is under way");
    settle(world.loop.get());
    assert_true(first);
}

void connections_join_an_association_group(void**) {
    World world;
    auto first = world.client();
    assert_ok(bind_sealed(*first));
    ClientOptions options;
    options.association_group = first->association_group();
    auto second = world.client(options);
    assert_ok(bind_sealed(*second));
    assert_int_equal(second->association_group(), first->association_group());
    // It is there as long as a connection of it.
    second.reset();
    settle(world.loop.get());
    second = world.client(options);
    assert_ok(bind_sealed(*second));
    first.reset();
    second.reset();
    settle(world.loop.get());
    const auto third = world.client(options);
    assert_false(bind_sealed(*third).has_value());
}

// ---- NTLM ----

struct NtlmAcceptors final : rpc::Acceptors {
    Result<std::unique_ptr<SecurityContext>> accept(AuthType type,
                                                    const PeerAddress& peer) override {
        if (type != AuthType::Ntlm) return Error{"accept", "", "no such mechanism"};
        return std::unique_ptr<SecurityContext>(
            std::make_unique<NtlmAcceptor>(accounts, host, sources, peer));
    }

    OneAccount accounts;
    NtlmHost host = this_host();
    NtlmSources sources = fixed_sources();
};

std::unique_ptr<SecurityContext> ntlm_context(NtlmAcceptors& acceptors, const char* password) {
    return std::make_unique<NtlmInitiator>(credentials("DOM\\alice", password), acceptors.sources,
                                           "host/node1");
}

void ntlm_seals_calls_of_any_size(void**) {
    NtlmAcceptors acceptors;
    World world({}, &acceptors);
    const auto client = world.client();
    assert_ok(client->bind_and_wait(echo_id, AuthType::Ntlm, AuthLevel::Privacy,
                                    ntlm_context(acceptors, "secret")));
    for (const std::size_t size : {0u, 1u, 17u, 65500u, 1u << 20})
        assert_echoes(*client, echo_id, size);
    assert_text_equal(world.echo.last.principal->name, "NODE1\\alice");
    const auto faulted = client->call_and_wait(echo_id, std::nullopt, 2, {});
    assert_int_equal(faulted.fault, 1234);
    assert_echoes(*client, echo_id, 100);
}

void ntlm_signs_calls_of_any_size(void**) {
    NtlmAcceptors acceptors;
    World world({}, &acceptors);
    const auto client = world.client();
    assert_ok(client->bind_and_wait(open_id, AuthType::Ntlm, AuthLevel::Integrity,
                                    ntlm_context(acceptors, "secret")));
    for (const std::size_t size : {0u, 1u, 17u, 65500u, 1u << 20})
        assert_echoes(*client, open_id, size);
}

void ntlm_accounts_may_be_asked_for_long_and_calls_wait(void**) {
    NtlmAcceptors acceptors;
    acceptors.accounts.later = true;
    World world({}, &acceptors);
    const auto client = world.client();
    assert_ok(client->bind_and_wait(echo_id, AuthType::Ntlm, AuthLevel::Privacy,
                                    ntlm_context(acceptors, "secret")));
    bool answered = false;
    client->call(echo_id, std::nullopt, 0, pattern(5), [&](auto stub, std::uint32_t) {
        assert_ok(stub);
        answered = true;
    });
    settle(world.loop.get());
    assert_int_equal(world.echo.calls, 0);
    acceptors.accounts.pending();
    settle(world.loop.get());
    assert_true(answered);
}

void ntlm_with_a_wrong_password_is_fault_5(void**) {
    NtlmAcceptors acceptors;
    World world({}, &acceptors);
    const auto client = world.client();
    assert_ok(client->bind_and_wait(echo_id, AuthType::Ntlm, AuthLevel::Privacy,
                                    ntlm_context(acceptors, "wrong")));
    const auto refused = client->call_and_wait(echo_id, std::nullopt, 0, {});
    assert_int_equal(refused.fault, fault::access_denied);
    assert_int_equal(world.echo.calls, 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_any_size_come_back),
        cmocka_unit_test(sealed_calls_of_any_size_come_back),
        cmocka_unit_test(fragments_are_as_small_as_the_smaller_side_wants),
        cmocka_unit_test(a_verification_trailer_is_no_part_of_the_stub),
        cmocka_unit_test(a_further_interface_has_the_same_security),
        cmocka_unit_test(an_interface_that_is_not_there_leaves_the_connection),
        cmocka_unit_test(an_object_travels_with_its_call),
        cmocka_unit_test(a_fault_has_its_status_and_ends_nothing),
        cmocka_unit_test(a_level_too_low_is_fault_5_and_ends_nothing),
        cmocka_unit_test(who_is_denied_gets_fault_5_at_the_first_call),
        cmocka_unit_test(a_mechanism_that_is_not_offered_is_refused_at_bind),
        cmocka_unit_test(a_reply_may_come_late_or_never),
        cmocka_unit_test(one_operation_at_a_time),
        cmocka_unit_test(connections_join_an_association_group),
        cmocka_unit_test(ntlm_seals_calls_of_any_size),
        cmocka_unit_test(ntlm_signs_calls_of_any_size),
        cmocka_unit_test(ntlm_accounts_may_be_asked_for_long_and_calls_wait),
        cmocka_unit_test(ntlm_with_a_wrong_password_is_fault_5),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
