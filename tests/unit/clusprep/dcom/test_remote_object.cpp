// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Our client against our server over loopback, sealed by NTLM.
#include "clusprep/dcom/listening.hpp"
#include "clusprep/dcom/remote_object.hpp"
#include "clusprep/dcom/server.hpp"
#include "clusprep/rpc/auth/acceptors.hpp"
#include "clusprep/rpc/auth/accounts/account_file.hpp"
#include "clusprep/rpc/auth/initiators.hpp"
#include "played_exporter.hpp"
#include "tests/unit/clusprep/rpc/auth/temporary_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::dcom;
using namespace played;
using namespace std::chrono_literals;

namespace {

std::uint16_t port_of(const Fd& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

void assert_trouble(const Trouble& trouble, Trouble::Kind kind, std::uint32_t code) {
    assert_int_equal(trouble.kind, kind);
    assert_int_equal(trouble.code, code);
}

struct Pair {
    EventLoop loop;
    rpc::test::TemporaryDirectory directory;
    Factory factory;
    played::Observer observer;
    std::unique_ptr<rpc::Acceptors> acceptors;
    std::unique_ptr<Server> server;
    std::unique_ptr<rpc::Initiators> initiators;
    RemoteSettings settings;

    explicit Pair(const rpc::ServerLimits& limits = {}) {
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop.reset(raw);
        rpc::AcceptorSettings security;
        security.accounts = directory.file("accounts");
        assert_ok(rpc::add_account(security.accounts, "alice", "secret"));
        security.kerberos = false;
        security.host_name = "node1";
        auto made = rpc::make_acceptors(loop.get(), security);
        assert_ok(made);
        acceptors = *std::move(made);
        auto resolver = listen_on_all({"127.0.0.1"}, 0);
        assert_ok(resolver);
        settings.port = port_of(resolver->front());
        auto exporter = listen_on_all({"127.0.0.1"}, 0);
        assert_ok(exporter);
        server = std::make_unique<Server>(
            loop.get(), *acceptors, ExporterSettings{{}, {}, settings.port}, limits, counting(),
            [](const rpc::Principal&) { return true; },
            [] {
                return std::vector<std::string>{"192.0.2.1", "127.0.0.1"};
            },
            observer, nullptr);
        server->add_class(storage_class, factory);
        assert_ok(server->start(*std::move(resolver), *std::move(exporter)));
        credentials("secret");
        settings.host = "127.0.0.1";
    }
    void credentials(const char* password) {
        auto found = rpc::NtlmCredentials::of("alice", password);
        assert_ok(found);
        initiators = rpc::make_initiators({*std::move(found), false, {}, "host"});
        settings.initiators = initiators.get();
        settings.type = rpc::AuthType::Ntlm;
    }
    std::unique_ptr<RemoteObject> activate(std::vector<ndr::Guid> iids = {storage_iid}) {
        auto made = RemoteObject::activate_and_wait(loop.get(), settings, storage_class, iids);
        assert_ok(made.object);
        return *std::move(made.object);
    }
    void run_until(const std::function<bool()>& met) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!met()) {
            if (std::chrono::steady_clock::now() > deadline) fail_msg("did not happen in time");
            sd_event_run(loop.get(), 100'000);
        }
    }
};

void an_object_is_activated_called_and_released(void**) {
    Pair pair;
    const auto object = pair.activate();
    const auto answer = object->call_and_wait(storage_iid, 7, {1, 2, 3, 4});
    assert_ok(answer.parameters);
    assert_bytes_equal(*answer.parameters, bytes_of("01020304"));
    assert_ok(object->query_and_wait(setup_iid));
    assert_ok(object->call_and_wait(setup_iid, 4, {}).parameters);
    assert_ok(object->release_and_wait());
    pair.run_until([&] { return pair.factory.story.back() == "destroyed"; });
    assert_int_equal(pair.factory.story.size(), 5); // made, called 7, called 4, run down, destroyed
}

void a_megabyte_goes_there_and_back(void**) {
    Pair pair;
    const auto object = pair.activate();
    std::vector<std::uint8_t> parameters(1u << 20);
    for (std::size_t i = 0; i < parameters.size(); ++i)
        parameters[i] = static_cast<std::uint8_t>(i * 7);
    const auto answer = object->call_and_wait(storage_iid, 7, parameters);
    assert_ok(answer.parameters);
    assert_true(*answer.parameters == parameters);
}

void calls_are_made_one_after_another(void**) {
    Pair pair;
    const auto object = pair.activate();
    std::vector<std::uint8_t> order;
    for (std::uint8_t i = 1; i <= 5; ++i)
        object->call(storage_iid, 3, {i}, [&](auto answer, Trouble) {
            assert_ok(answer);
            order.push_back(answer->at(0));
        });
    pair.run_until([&] { return order.size() == 5; });
    assert_bytes_equal(order, bytes_of("0102030405"));
}

void an_object_is_pinged_while_it_is_held(void**) {
    Pair pair;
    pair.settings.ping_period = 1s;
    const auto object = pair.activate();
    pair.run_until([&] { return object->pings().answered >= 2; });
    assert_int_equal(object->pings().failed, 0);
    assert_int_equal(pair.server->exporter().pings().size(), 1);
}

void a_class_and_an_interface_that_are_not_there_are_told(void**) {
    Pair pair;
    const auto other =
        RemoteObject::activate_and_wait(pair.loop.get(), pair.settings, setup_iid, {storage_iid});
    assert_false(other.object.has_value());
    assert_contains(other.object.error().message(), "0x80040154");
    assert_trouble(other.trouble, Trouble::Kind::Refused, 0x80040154);
    const auto partly = RemoteObject::activate_and_wait(pair.loop.get(), pair.settings,
                                                        storage_class, {storage_iid, newer_iid});
    assert_false(partly.object.has_value());
    assert_trouble(partly.trouble, Trouble::Kind::Refused, kNoInterface);
    const auto object = pair.activate();
    const auto newer = object->query_and_wait(newer_iid);
    assert_contains(newer.error().message(), "0x80004002");
    // And it still works.
    assert_ok(object->call_and_wait(storage_iid, 3, {}).parameters);
}

void a_wrong_password_activates_nothing(void**) {
    Pair pair;
    pair.credentials("wrong");
    const auto made = RemoteObject::activate_and_wait(pair.loop.get(), pair.settings, storage_class,
                                                      {storage_iid});
    assert_false(made.object.has_value());
    assert_trouble(made.trouble, Trouble::Kind::Denied, 0);
    assert_true(pair.factory.story.empty());
}

void a_server_that_is_not_there_is_told_as_a_lost_connection(void**) {
    Pair pair;
    pair.settings.port = 1;
    const auto made = RemoteObject::activate_and_wait(pair.loop.get(), pair.settings, storage_class,
                                                      {storage_iid});
    assert_false(made.object.has_value());
    assert_trouble(made.trouble, Trouble::Kind::Connection, 0);
}

void a_connection_that_is_lost_during_the_bind_is_no_denial(void**) {
    rpc::ServerLimits limits;
    limits.connections = 0; // closed once it is authenticated
    Pair pair(limits);
    const auto made = RemoteObject::activate_and_wait(pair.loop.get(), pair.settings, storage_class,
                                                      {storage_iid});
    assert_false(made.object.has_value());
    assert_trouble(made.trouble, Trouble::Kind::Connection, 0);
}

void a_released_object_is_an_invalid_object(void**) {
    Pair pair;
    const auto object = pair.activate();
    assert_ok(object->release_and_wait());
    const auto answer = object->call_and_wait(storage_iid, 3, {});
    assert_false(answer.parameters.has_value());
    assert_trouble(answer.trouble, Trouble::Kind::Fault, kInvalidObject);
}

void a_client_that_goes_away_in_the_middle_is_not_called_back(void**) {
    Pair pair;
    auto object = pair.activate();
    object->call(storage_iid, 3, {}, [](auto, Trouble) { fail_msg("called back"); });
    object.reset();
    pair.activate(); // some turns of the loop
}

void a_server_stops_after_its_objects_were_run_down(void**) {
    Pair pair;
    const auto object = pair.activate();
    bool stopped = false;
    pair.server->stop([&] { stopped = true; });
    pair.run_until([&] { return stopped; });
    assert_text_equal(pair.factory.story.back(), "destroyed");
}

void a_connection_that_ends_between_calls_is_told_once(void**) {
    Pair pair;
    int told = 0;
    pair.settings.closed = [&] { ++told; };
    const auto object = pair.activate();
    assert_ok(object->call_and_wait(storage_iid, 3, {}).parameters);
    pair.run_until([&] { return true; });
    assert_int_equal(told, 0);
    bool stopped = false;
    pair.server->stop([&] { stopped = true; });
    pair.run_until([&] { return stopped && told != 0; });
    pair.server.reset();
    const auto answer = object->call_and_wait(storage_iid, 3, {});
    assert_false(answer.parameters.has_value());
    assert_int_equal(answer.parameters.error().errnum, ECONNREFUSED);
    assert_int_equal(told, 1); // not of one that failed in a call
}

void a_server_that_stops_activates_nothing_more(void**) {
    Pair pair;
    const auto held = pair.activate();
    // The connection waits to be accepted when the stop begins.
    std::optional<Trouble> told;
    RemoteObject::activate(pair.loop.get(), pair.settings, storage_class, {storage_iid},
                           [&](auto made, Trouble trouble) {
                               assert_false(made.has_value());
                               told = trouble;
                           });
    bool stopped = false;
    pair.server->stop([&] { stopped = true; });
    pair.run_until([&] { return stopped && told; });
    assert_trouble(*told, Trouble::Kind::Connection, 0);
    const auto made = std::count(pair.factory.story.begin(), pair.factory.story.end(), "made");
    assert_int_equal(made, 1);
}

void anybody_hears_that_the_server_is_alive(void**) {
    Pair pair;
    // A server of another process would answer from its own loop; ours shares this one.
    const auto alive = server_alive(pair.loop.get(), "127.0.0.1", pair.settings.port);
    assert_ok(alive);
    assert_int_equal(alive->version.major, 5);
    assert_text_equal(alive->bindings.strings.at(0).address,
                      "192.0.2.1[" + std::to_string(pair.settings.port) + "]");
}

void who_holds_a_port_is_found_in_the_kernel_s_table(void**) {
    const char* const table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout inode\n"
        "   0: 00000000:0087 00000000:0000 0A 00000000:00000000 00:00000000 00000000   104        "
        "0 23456 1 0000000000000000 100 0 0 10 0\n"
        "   1: 0100007F:0087 0100007F:ABCD 01 00000000:00000000 00:00000000 00000000     0        "
        "0 23457 1 0000000000000000 100 0 0 10 0\n"
        "   2: 0100007F:0088 00000000:0000 0A";
    const auto holders = listeners_of(table, 135);
    assert_int_equal(holders.size(), 1);
    assert_int_equal(holders[0].uid, 104);
    assert_int_equal(holders[0].inode, 23456);
    assert_true(listeners_of(table, 136).empty());
    assert_true(listeners_of("", 135).empty());
}

void a_port_that_is_taken_is_refused_with_its_holder(void**) {
    const auto first = listen_on("127.0.0.1", 0);
    assert_ok(first);
    const auto second = listen_on("127.0.0.1", port_of(*first));
    assert_false(second.has_value());
    assert_contains(second.error().message(), "the port is held by ");
    assert_contains(second.error().message(), "(process " + std::to_string(::getpid()) + ")");
    assert_contains(listen_on("node1", 1).error().message(), "expected an IPv4 or IPv6 address");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_activated_called_and_released),
        cmocka_unit_test(a_megabyte_goes_there_and_back),
        cmocka_unit_test(calls_are_made_one_after_another),
        cmocka_unit_test(an_object_is_pinged_while_it_is_held),
        cmocka_unit_test(a_class_and_an_interface_that_are_not_there_are_told),
        cmocka_unit_test(a_wrong_password_activates_nothing),
        cmocka_unit_test(a_server_that_is_not_there_is_told_as_a_lost_connection),
        cmocka_unit_test(a_connection_that_is_lost_during_the_bind_is_no_denial),
        cmocka_unit_test(a_released_object_is_an_invalid_object),
        cmocka_unit_test(a_client_that_goes_away_in_the_middle_is_not_called_back),
        cmocka_unit_test(a_server_stops_after_its_objects_were_run_down),
        cmocka_unit_test(a_connection_that_ends_between_calls_is_told_once),
        cmocka_unit_test(a_server_that_stops_activates_nothing_more),
        cmocka_unit_test(anybody_hears_that_the_server_is_alive),
        cmocka_unit_test(who_holds_a_port_is_found_in_the_kernel_s_table),
        cmocka_unit_test(a_port_that_is_taken_is_refused_with_its_holder),
    };
    return cmocka_run_group_tests_name("remote object", tests, nullptr, nullptr);
}
