// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The client against servers that answer what they like, PDU by PDU.
#include "clusprep/rpc/client.hpp"

#include "raw_pdus.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

// A client, the server's end of its connection, and what it was told last.
struct Scene {
    explicit Scene(ClientOptions options = {})
      : loop(new_loop())
      , client(std::make_unique<Client>(loop.get(), options))
      , server(loop.get(), Fd()) {
        auto [ours, theirs] = connected_pair();
        assert_ok(client->attach(std::move(ours)));
        server = Peer(loop.get(), std::move(theirs));
    }

    void bind() {
        client->bind(echo_id, AuthType::None, AuthLevel::None, nullptr,
                     [this](Status status) { told = std::move(status); });
        settle(loop.get());
    }
    void bind_sealed() {
        client->bind(echo_id, AuthType::Ntlm, AuthLevel::Privacy,
                     std::make_unique<played::Initiator>(),
                     [this](Status status) { told = std::move(status); });
        settle(loop.get());
    }
    void call(Stub stub = {}) {
        answer.reset();
        client->call(echo_id, std::nullopt, 0, std::move(stub),
                     [this](Result<Stub> result, std::uint32_t status) {
                         answer = std::move(result);
                         fault = status;
                     });
        settle(loop.get());
    }
    void bound() {
        bind();
        assert_int_equal(type_of(server.receive()), PduType::Bind);
        server.send(ack_pdu());
        assert_true(told.has_value());
        assert_ok(*told);
    }
    static Stub ack_pdu(PduType type = PduType::BindAck, std::uint32_t call_id = 1,
                        ContextResult result = {0, 0, ndr_syntax}) {
        Stub pdu = build_bind_ack({5840, 5840, 9, "135", {result}});
        store_header(pdu, {type, pfc::whole, 0, 0, call_id, 0});
        return pdu;
    }
    static Stub response_pdu(Stub stub, std::uint8_t flags = pfc::whole, std::uint32_t call_id = 2,
                             std::uint16_t context = 0) {
        return request_pdu({.stub = std::move(stub),
                            .context = context,
                            .call_id = call_id,
                            .flags = flags,
                            .type = PduType::Response});
    }
    static Stub fault_pdu(std::uint32_t status, std::uint32_t call_id = 2) {
        return build_fault({PduType::Fault, pfc::whole, 0, 0, call_id, 0}, {0, status});
    }
    void assert_told(const char* text) {
        if (!told || *told) fail_msg("nothing failed");
        assert_contains(told->error().message(), text);
        assert_false(client->connected());
    }
    void assert_failed(const char* text) {
        if (!answer || *answer) fail_msg("the call did not fail");
        assert_contains(answer->error().message(), text);
        assert_int_equal(fault, 0);
        assert_false(client->connected());
    }

    EventLoop loop;
    std::unique_ptr<Client> client;
    Peer server;
    std::optional<Status> told;
    std::optional<Result<Stub>> answer;
    std::uint32_t fault = 0;
};

void a_call_is_answered_in_fragments(void**) {
    Scene scene;
    scene.bound();
    assert_int_equal(scene.client->association_group(), 9);
    scene.call(pattern(10));
    const Stub request = scene.server.receive();
    assert_int_equal(type_of(request), PduType::Request);
    assert_true(Stub(request.begin() + 24, request.end()) == pattern(10));
    scene.server.send(Scene::response_pdu({1, 2}, pfc::first));
    scene.server.send(Scene::response_pdu({3}, 0));
    assert_false(scene.answer.has_value());
    scene.server.send(Scene::response_pdu({4}, pfc::last));
    assert_ok(*scene.answer);
    assert_true(**scene.answer == Stub({1, 2, 3, 4}));
}

void a_fault_leaves_the_connection(void**) {
    Scene scene;
    scene.bound();
    scene.call();
    scene.server.send(Scene::fault_pdu(5));
    assert_false(scene.answer->has_value());
    assert_int_equal(scene.fault, 5);
    assert_contains(scene.answer->error().message(), "access denied");
    assert_true(scene.client->connected());
    scene.call();
    scene.server.send(Scene::fault_pdu(0, 3));
    assert_int_equal(scene.fault, fault::unspecified);
}

void a_bind_that_is_refused_says_why(void**) {
    const auto refused = [](Stub answer, const char* text, bool denied = false) {
        Scene scene;
        scene.bind();
        scene.server.send(answer);
        scene.assert_told(text);
        assert_int_equal(scene.client->denied(), denied);
    };
    Stub nak = build_bind_nak({BindNak::invalid_checksum});
    store_header(nak, {PduType::BindNak, pfc::whole, 0, 0, 1, 0});
    refused(nak, "access denied", true);
    refused(Scene::ack_pdu(PduType::BindAck, 1, {2, 1, {}}), "does not have this interface");
    refused(Scene::ack_pdu(PduType::BindAck, 1, {2, 2, {}}), "does not speak NDR 2.0");
    refused(Scene::ack_pdu(PduType::BindAck, 1, {0, 0, ndr64_syntax}), "was not offered");
    refused(Scene::fault_pdu(5, 1), "access denied", true);
    refused(Scene::fault_pdu(fault::server_too_busy, 1), "");
}

void a_connection_that_is_lost_during_the_bind_is_no_denial(void**) {
    Scene scene;
    scene.bind_sealed();
    assert_int_equal(type_of(scene.server.receive()), PduType::Bind);
    scene.server.close();
    scene.assert_told("the peer has closed the connection");
    assert_false(scene.client->denied());
    assert_false(scene.client->garbled());
}

void an_answer_out_of_turn_ends_the_connection(void**) {
    const auto ended = [](Stub answer, const char* text) {
        Scene scene;
        scene.bound();
        scene.call();
        scene.server.send(answer);
        scene.assert_failed(text);
        assert_true(scene.client->garbled());
    };
    ended(Scene::response_pdu({}, pfc::whole, 3), "no call of ours");
    ended(Scene::response_pdu({}, pfc::whole, 2, 1), "no call of ours");
    ended(Scene::response_pdu({}, pfc::last), "no call of ours");
    ended(concatenated(Scene::response_pdu({}, pfc::first), Scene::response_pdu({}, pfc::first)),
          "no call of ours");
    ended(Scene::fault_pdu(5, 3), "no call of ours");
    ended(Scene::ack_pdu(), "out of turn");
    ended(request_pdu(), "out of turn");
    ended(bytes_of("474554202f20485454502f312e310d0a"), "version 71");
    Stub cut = Scene::response_pdu({});
    store(std::span(cut), 8, std::uint16_t{20});
    ended(cut, "20 bytes");

    Scene idle;
    idle.bound();
    idle.server.send(Scene::response_pdu({}));
    assert_false(idle.client->connected());
    idle.call();
    idle.assert_failed("no connection");
}

void an_answer_too_long_ends_the_connection(void**) {
    ClientOptions options;
    options.reply_stub = 100;
    options.fragment = 2048;
    {
        Scene scene(options);
        scene.bound();
        scene.call();
        scene.server.send(Scene::response_pdu(Stub(60), pfc::first));
        scene.server.send(Scene::response_pdu(Stub(60), 0));
        scene.assert_failed("too long");
    }
    Scene scene(options);
    scene.bound();
    scene.call();
    scene.server.send(Scene::response_pdu(Stub(2048)));
    scene.assert_failed("longer than was agreed on");
}

void a_server_that_goes_fails_what_is_under_way(void**) {
    {
        Scene scene;
        scene.bind();
        scene.server.close();
        scene.assert_told("receive socket");
    }
    Scene scene;
    scene.bound();
    scene.call();
    scene.server.close();
    scene.assert_failed("receive socket");
}

void a_server_that_is_silent_fails_what_is_under_way(void**) {
    ClientOptions options;
    options.call = std::chrono::milliseconds(20);
    Scene scene(options);
    scene.bound();
    scene.call();
    while (!scene.answer)
        assert_true(sd_event_run(scene.loop.get(), 10'000'000) > 0);
    scene.assert_failed("did not answer in time");
}

// A bind_ack with the acceptor's token, as the played mechanism makes it.
Stub token_ack(PduType type, const SecTrailer& trailer, const char* token,
               std::uint8_t flags = pfc::whole) {
    Stub pdu = build_bind_ack({5840, 5840, 9, "135", {{0, 0, ndr_syntax}}});
    append_trailer(pdu, trailer);
    const std::string text = token;
    store_header(pdu, {type, flags, 0, static_cast<std::uint16_t>(text.size()), 1, 0});
    return concatenated(pdu, text);
}

void tokens_go_with_bind_and_auth3(void**) {
    Scene scene;
    scene.bind_sealed();
    const Stub bind = scene.server.receive();
    assert_int_equal(type_of(bind), PduType::Bind);
    assert_true((bind[3] & pfc::support_header_sign) != 0);
    assert_true(Stub(bind.end() - 5, bind.end()) == Stub({'h', 'e', 'l', 'l', 'o'}));
    assert_null(scene.client->principal());
    scene.server.send(token_ack(PduType::BindAck, {10, 6, 0, 1}, "who"));
    const Stub last = scene.server.receive();
    assert_int_equal(type_of(last), PduType::Auth3);
    assert_true(Stub(last.end() - 2, last.end()) == Stub({'m', 'e'}));
    assert_ok(*scene.told);
    assert_text_equal(scene.client->principal()->name, "PLAYED\\user");
}

void an_authentication_that_comes_to_no_end_fails(void**) {
    const auto failed = [](Stub answer, const char* text) {
        Scene scene;
        scene.bind_sealed();
        scene.server.send(answer);
        scene.assert_told(text);
    };
    failed(Scene::ack_pdu(), "ended the authentication early");
    failed(token_ack(PduType::BindAck, {10, 6, 0, 1}, "xxx"), "a token that is none");
    failed(token_ack(PduType::BindAck, {9, 6, 0, 1}, "who"), "another security context");
    failed(token_ack(PduType::BindAck, {10, 6, 0, 2}, "who"), "another security context");
}

void a_sealed_answer_must_be_sealed_and_be_ours(void**) {
    const auto failed = [](const auto& change, const char* text) {
        Scene scene;
        scene.bind_sealed();
        scene.server.send(token_ack(PduType::BindAck, {10, 6, 0, 1}, "who"));
        scene.call(pattern(5));
        played::Initiator server;
        Stub pdu = protected_pdu(
            {.stub = pattern(20), .context = 0, .call_id = 2, .type = PduType::Response},
            {AuthType::Ntlm, AuthLevel::Privacy, 1, &server});
        change(pdu);
        scene.server.send(pdu);
        if (!*text) {
            assert_ok(*scene.answer);
            assert_true(**scene.answer == pattern(20));
        } else {
            scene.assert_failed(text);
            assert_true(scene.client->garbled());
        }
    };
    failed([](Stub&) {}, "");
    failed([](Stub& pdu) { pdu[24] ^= 1; }, "a wrong signature");
    failed([](Stub& pdu) { pdu.back() ^= 1; }, "a wrong signature");
    failed([](Stub& pdu) { pdu[16] ^= 1; }, "a wrong signature");
    failed([](Stub& pdu) { pdu = Scene::response_pdu({1, 2, 3}); }, "it has no verifier");
    failed([](Stub& pdu) { pdu[57] = 5; }, "another security context");
}

void a_shutdown_between_calls_ends_the_connection(void**) {
    Scene scene;
    scene.bound();
    scene.call();
    // During a call it is no reason to give the answer up (C706 12.6.4.11).
    scene.server.send(bare_pdu(PduType::Shutdown, 0));
    scene.server.send(Scene::response_pdu({7}));
    assert_ok(*scene.answer);
    scene.server.send(bare_pdu(PduType::Shutdown, 0));
    assert_false(scene.client->connected());
}

void a_client_that_goes_calls_nothing(void**) {
    Scene scene;
    scene.bound();
    scene.call();
    scene.client.reset();
    settle(scene.loop.get());
    assert_true(scene.server.closed());
    assert_false(scene.answer.has_value());
}

void a_callback_may_destroy_the_client_or_go_on(void**) {
    Scene scene;
    scene.bound();
    bool told = false;
    scene.client->call(echo_id, std::nullopt, 0, {}, [&](auto stub, std::uint32_t) {
        assert_ok(stub);
        scene.client->call(echo_id, std::nullopt, 0, {}, [&](auto again, std::uint32_t) {
            assert_ok(again);
            told = true;
            scene.client.reset();
        });
    });
    settle(scene.loop.get());
    scene.server.send(Scene::response_pdu({}));
    scene.server.send(Scene::response_pdu({}, pfc::whole, 3));
    assert_true(told);
    assert_true(scene.server.closed());
}

// A listening socket on loopback, and its port.
std::pair<Fd, std::uint16_t> listening() {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    assert_int_equal(::bind(socket.get(), generic, size), 0);
    assert_int_equal(::listen(socket.get(), 16), 0);
    assert_int_equal(::getsockname(socket.get(), generic, &size), 0);
    return {std::move(socket), ntohs(address.sin_port)};
}

void a_host_is_called_by_name_or_address(void**) {
    World world;
    auto [socket, port] = listening();
    assert_ok(world.server.listen(std::move(socket)));
    for (const char* const host : {"127.0.0.1", "localhost"}) {
        Client client(world.loop.get());
        assert_ok(client.connect_and_wait(host, port));
        assert_ok(client.bind_and_wait(open_id, AuthType::None, AuthLevel::None, nullptr));
        const auto answer = client.call_and_wait(open_id, std::nullopt, 0, pattern(9));
        assert_ok(answer.stub);
        assert_true(*answer.stub == pattern(9));
        assert_text_equal(world.open.last.peer.address, "127.0.0.1");
    }
}

void a_host_that_does_not_listen_says_so(void**) {
    auto loop = new_loop();
    const auto [socket, port] = listening();
    std::uint16_t closed = 0;
    {
        auto [other, free] = listening();
        closed = free;
    }
    Client client(loop.get());
    const auto connected = client.connect_and_wait("127.0.0.1", closed);
    assert_false(connected.has_value());
    assert_contains(connected.error().message(), "Connection refused");
    assert_false(
        client.bind_and_wait(open_id, AuthType::None, AuthLevel::None, nullptr).has_value());
    Client other(loop.get());
    const auto unknown = other.connect_and_wait("no host has this name", port);
    assert_false(unknown.has_value());
    assert_contains(unknown.error().message(), "look up no host has this name");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered_in_fragments),
        cmocka_unit_test(a_fault_leaves_the_connection),
        cmocka_unit_test(a_bind_that_is_refused_says_why),
        cmocka_unit_test(a_connection_that_is_lost_during_the_bind_is_no_denial),
        cmocka_unit_test(an_answer_out_of_turn_ends_the_connection),
        cmocka_unit_test(an_answer_too_long_ends_the_connection),
        cmocka_unit_test(a_server_that_goes_fails_what_is_under_way),
        cmocka_unit_test(a_server_that_is_silent_fails_what_is_under_way),
        cmocka_unit_test(tokens_go_with_bind_and_auth3),
        cmocka_unit_test(an_authentication_that_comes_to_no_end_fails),
        cmocka_unit_test(a_sealed_answer_must_be_sealed_and_be_ours),
        cmocka_unit_test(a_shutdown_between_calls_ends_the_connection),
        cmocka_unit_test(a_client_that_goes_calls_nothing),
        cmocka_unit_test(a_callback_may_destroy_the_client_or_go_on),
        cmocka_unit_test(a_host_is_called_by_name_or_address),
        cmocka_unit_test(a_host_that_does_not_listen_says_so),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
