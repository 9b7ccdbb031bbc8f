// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the server keeps of its peers, and how long: in memory, in number and in time.
#include "raw_pdus.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;
using namespace std::chrono_literals;

namespace {

Stub sealed_part(const SealedPeer& sealed, std::size_t size, std::uint8_t flags) {
    return protected_pdu({.stub = Stub(size), .context = 0, .flags = flags}, sealed.security);
}

Stub number(std::uint32_t value) {
    Stub bytes;
    put(bytes, value);
    return bytes;
}

void a_stub_has_a_bound_that_is_less_for_a_stranger(void**) {
    ServerLimits limits;
    limits.stranger_stub = 100;
    {
        World world(limits);
        Peer peer = bound_peer(world);
        peer.send(request_pdu({.stub = Stub(60), .flags = pfc::first}));
        peer.send(request_pdu({.stub = Stub(60), .flags = 0}));
        assert_fault(peer.receive(), fault::out_of_memory);
        assert_ended(world, peer);
    }
    World world(limits);
    world.echo.largest = 1000;
    SealedPeer sealed(world);
    for (const auto flags : {pfc::first, std::uint8_t{0}})
        sealed.peer.send(
            protected_pdu({.stub = Stub(496), .context = 0, .flags = flags}, sealed.security));
    assert_int_equal(sealed.peer.receive().size(), 0);
    sealed.peer.send(
        protected_pdu({.stub = Stub(16), .context = 0, .flags = pfc::last}, sealed.security));
    assert_fault(sealed.peer.receive(), fault::out_of_memory);
    assert_ended(world, sealed.peer);
}

void stubs_that_are_not_complete_have_a_bound_together(void**) {
    ServerLimits limits;
    limits.reassembly = 100;
    World world(limits);
    SealedPeer first(world);
    SealedPeer second(world);
    first.peer.send(sealed_part(first, 60, pfc::first));
    second.peer.send(sealed_part(second, 60, pfc::first));
    assert_fault(second.peer.receive(), fault::server_too_busy);
    // What comes whole is not kept.
    SealedPeer third(world);
    third.peer.send(sealed_part(third, 1000, pfc::whole));
    assert_int_equal(third.opened(third.peer.receive(), third.security).size(), 1000);
    first.peer.send(sealed_part(first, 60, pfc::last));
    assert_int_equal(first.opened(first.peer.receive(), first.security).size(), 120);
    // What was counted is given back.
    third.peer.send(sealed_part(third, 60, pfc::first));
    third.peer.close();
    SealedPeer fourth(world);
    fourth.peer.send(sealed_part(fourth, 100, pfc::first));
    fourth.peer.send(sealed_part(fourth, 1, pfc::last));
    assert_int_equal(fourth.opened(fourth.peer.receive(), fourth.security).size(), 101);
}

void what_one_principal_begins_leaves_room_for_another(void**) {
    ServerLimits limits;
    limits.reassembly = 200;
    limits.reassembly_per_client = 100;
    World world(limits);
    SealedPeer first(world);
    SealedPeer second(world);
    first.peer.send(sealed_part(first, 60, pfc::first));
    second.peer.send(sealed_part(second, 60, pfc::first));
    assert_fault(second.peer.receive(), fault::server_too_busy);
    world.acceptors.user = "PLAYED\\other";
    SealedPeer other(world);
    other.peer.send(sealed_part(other, 60, pfc::first));
    other.peer.send(sealed_part(other, 60, pfc::last));
    assert_int_equal(other.opened(other.peer.receive(), other.security).size(), 120);
}

void who_is_not_let_in_fills_no_memory(void**) {
    ServerLimits limits;
    limits.stranger_stub = 100;
    World world(limits);
    world.acceptors.user = outsider;
    SealedPeer sealed(world);
    for (const auto flags : {pfc::first, std::uint8_t{0}, pfc::last})
        sealed.peer.send(sealed_part(sealed, 1000, flags));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_int_equal(world.echo.calls, 0);
    // A short one is the interface's to refuse.
    sealed.peer.send(sealed_part(sealed, 100, pfc::whole));
    assert_int_equal(type_of(sealed.peer.receive()), PduType::Response);
    assert_int_equal(world.echo.calls, 1);
    // What anybody may call, he may as anybody.
    RawRequest open{.stub = Stub(101)};
    sealed.peer.send(protected_pdu(open, sealed.security));
    assert_fault(sealed.peer.receive(), fault::out_of_memory);
}

void a_call_that_will_be_refused_fills_no_memory(void**) {
    ServerLimits limits;
    limits.stranger_stub = 100;
    World world(limits);
    Peer peer = bound_peer(world);
    // The interface wants Privacy: whatever is sent, the answer is the fault.
    peer.send(request_pdu({.stub = Stub(4000), .context = 0, .flags = pfc::first}));
    peer.send(request_pdu({.stub = Stub(4000), .context = 0, .flags = 0}));
    peer.send(request_pdu({.stub = Stub(4000), .context = 0, .flags = pfc::last}));
    assert_fault(peer.receive(), fault::access_denied);
    assert_int_equal(world.echo.calls, 0);
    assert_still_answers(peer);
}

void who_does_not_bind_in_time_is_dropped(void**) {
    World world;
    Peer peer = world.peer();
    world.pass(std::chrono::seconds(29));
    assert_false(peer.closed());
    world.pass(std::chrono::seconds(1));
    assert_true(peer.closed());
    assert_contains(world.last_refusal(), "did not authenticate in time");
}

void who_does_not_end_its_authentication_in_time_is_dropped(void**) {
    World world;
    Peer peer = world.peer();
    RawBind bind;
    bind.trailer = {10, 6, 0, 7};
    bind.token = {'h', 'e', 'l', 'l', 'o'};
    peer.send(bind_pdu(bind));
    assert_int_equal(type_of(peer.receive()), PduType::BindAck);
    world.pass(std::chrono::seconds(30));
    assert_true(peer.closed());
    assert_contains(world.last_refusal(), "did not authenticate in time");
}

void a_further_authentication_has_its_own_time(void**) {
    World world;
    SealedPeer sealed(world);
    world.pass(std::chrono::minutes(5));
    world.acceptors.later = true;
    played::Initiator second;
    sealed.begin(PduType::AlterContext, AuthLevel::Privacy, 9, second);
    world.pass(std::chrono::seconds(29));
    assert_false(sealed.peer.closed());
    world.pass(std::chrono::seconds(1));
    assert_true(sealed.peer.closed());
    assert_contains(world.last_refusal(), "did not authenticate in time");
}

void half_a_pdu_is_waited_for_to_a_bound(void**) {
    World world;
    SealedPeer sealed(world);
    const Stub pdu = protected_pdu({.context = 0}, sealed.security);
    for (int i = 0; i < 5; ++i) {
        // A byte now and then does not help.
        sealed.peer.send({pdu[static_cast<std::size_t>(i)]});
        world.pass(std::chrono::seconds(14));
    }
    assert_true(sealed.peer.closed());
    assert_contains(world.last_refusal(), "begun and not finished");
}

void the_rest_of_a_call_is_waited_for_to_a_bound(void**) {
    World world;
    SealedPeer sealed(world);
    sealed.peer.send(protected_pdu({.context = 0, .flags = pfc::first}, sealed.security));
    for (int i = 0; i < 5; ++i) {
        world.pass(std::chrono::seconds(14));
        sealed.peer.send(protected_pdu({.context = 0, .flags = 0}, sealed.security));
    }
    assert_true(sealed.peer.closed());
    assert_contains(world.last_refusal(), "fragments did not come in time");
}

void who_is_idle_is_dropped_a_stranger_sooner(void**) {
    World world;
    Peer stranger = bound_peer(world);
    SealedPeer known(world);
    world.pass(std::chrono::seconds(61));
    assert_true(stranger.closed());
    assert_false(known.peer.closed());
    // A call that takes its time is no idleness.
    known.peer.send(protected_pdu({.context = 0, .opnum = 1}, known.security));
    world.pass(std::chrono::hours(2));
    assert_false(known.peer.closed());
    world.echo.kept.front().send({});
    assert_int_equal(type_of(known.peer.receive()), PduType::Response);
    world.pass(std::chrono::minutes(14));
    assert_false(known.peer.closed());
    world.pass(std::chrono::minutes(2));
    assert_true(known.peer.closed());
}

// The kernel asks a peer that is silent whether it is there, and gives up on one that does not
// acknowledge: the connection then ends as by any other error.
void a_peer_that_vanishes_without_a_word_is_noticed_by_the_kernel(void**) {
    World world;
    const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    assert_int_equal(::bind(listening.get(), generic, size), 0);
    assert_int_equal(::listen(listening.get(), 1), 0);
    assert_int_equal(::getsockname(listening.get(), generic, &size), 0);
    Fd theirs(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    assert_int_equal(::connect(theirs.get(), generic, size), 0);
    Fd ours(::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    const Fd looked_at(::dup(ours.get()));
    world.server.serve(std::move(ours), "127.0.0.1", 135);
    const auto option = [&](int level, int name) {
        int value = 0;
        socklen_t length = sizeof value;
        assert_int_equal(::getsockopt(looked_at.get(), level, name, &value, &length), 0);
        return value;
    };
    assert_int_equal(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    const int silent = option(IPPROTO_TCP, TCP_KEEPIDLE) +
                       option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT);
    assert_in_range(silent, 1, 120);                                    // s
    assert_in_range(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 1, 120'000); // ms
    assert_int_equal(world.server.connections(), 1);
    // What the kernel then says, brought about by the peer: the connection is reset.
    const linger at_once{1, 0};
    ::setsockopt(theirs.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    theirs.reset();
    settle(world.loop.get());
    assert_int_equal(world.server.connections(), 0);
}

void who_does_not_take_its_answers_is_dropped(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.stub = number(8u << 20), .opnum = 4}));
    world.pass(std::chrono::seconds(59));
    assert_int_equal(world.server.connections(), 1);
    world.pass(std::chrono::seconds(2));
    assert_int_equal(world.server.connections(), 0);
    assert_contains(world.last_refusal(), "does not take its answers");
}

void who_takes_its_answers_slowly_gets_them_all(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(concatenated(request_pdu({.stub = number(3u << 20), .opnum = 4}), request_pdu()));
    assert_int_equal(world.open.calls, 1); // the other waits until the answer is taken
    std::size_t size = 0;
    for (Stub pdu = peer.receive(); !pdu.empty(); pdu = peer.receive()) {
        size += stub_of(pdu).size();
        if ((pdu[3] & pfc::last) != 0) break;
    }
    assert_int_equal(size, 3u << 20);
    assert_int_equal(stub_of(peer.receive()).size(), 4);
}

void a_finished_connection_is_gone_in_two_seconds_whatever_the_peer_sends(void**) {
    ServerLimits limits;
    limits.security_contexts = 1;
    World world(limits);
    SealedPeer sealed(world);
    RawBind second;
    second.type = PduType::AlterContext;
    second.trailer = {10, 6, 0, 9};
    second.token = {'h', 'e', 'l', 'l', 'o'};
    sealed.peer.send(bind_pdu(second));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_contains(world.last_refusal(), "too many security contexts");
    for (int i = 0; i < 19; ++i) {
        assert_true(sealed.peer.closed()); // that nothing more comes is told at once
        assert_int_equal(world.server.connections(), 1);
        sealed.peer.send(request_pdu());
        world.pass(100ms);
    }
    world.pass(100ms);
    assert_int_equal(world.server.connections(), 0);
    assert_int_equal(world.echo.calls, 0);
}

void a_last_answer_taken_slowly_is_followed_by_two_seconds(void**) {
    ServerLimits limits;
    limits.fragment = 4096;
    World world(limits);
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.stub = number(3u << 20), .opnum = 4}));
    Stub oversized = request_pdu();
    store<std::uint16_t>(std::span<std::uint8_t>(oversized), 8, 5000);
    peer.send(oversized);
    assert_contains(world.last_refusal(), "a fragment of 5000 bytes");
    world.pass(30s);
    assert_int_equal(world.server.connections(), 1);
    while (!peer.closed()) {
    }
    world.pass(1900ms);
    assert_int_equal(world.server.connections(), 1);
    world.pass(100ms);
    assert_int_equal(world.server.connections(), 0);
}

void answers_of_all_connections_have_a_bound_together(void**) {
    ServerLimits limits;
    limits.output = 6u << 20;
    World world(limits);
    Peer first = bound_peer(world);
    first.send(request_pdu({.stub = number(5u << 20), .opnum = 4}));
    Peer second = bound_peer(world);
    second.send(request_pdu({.stub = number(5u << 20), .opnum = 4}));
    assert_int_equal(world.server.connections(), 1);
    assert_contains(world.last_refusal(), "answers that are not taken");
    first.close();
    Peer third = bound_peer(world);
    third.send(request_pdu({.stub = number(5u << 20), .opnum = 4}));
    assert_int_equal(world.server.connections(), 1);
}

void those_let_in_have_a_bound_in_all_and_for_an_address(void**) {
    ServerLimits limits;
    limits.connections = 3;
    limits.connections_per_address = 2;
    World world(limits);
    SealedPeer first(world);
    SealedPeer second(world);
    SealedPeer third(world);
    assert_false(second.peer.closed());
    assert_true(third.peer.closed());
    assert_contains(world.last_refusal(), "192.0.2.1: serve RPC: too many connections");
    SealedPeer elsewhere(world, AuthLevel::Privacy, "192.0.2.2");
    assert_false(elsewhere.peer.closed());
    SealedPeer too_many(world, AuthLevel::Privacy, "192.0.2.3");
    assert_true(too_many.peer.closed());
    first.peer.close();
    SealedPeer next(world, AuthLevel::Privacy, "192.0.2.3");
    assert_false(next.peer.closed());
}

void a_stranger_takes_the_room_of_the_oldest_of_its_address(void**) {
    ServerLimits limits;
    limits.strangers_per_address = 2;
    World world(limits);
    SealedPeer known(world); // is none
    Peer first = world.peer();
    Peer second = world.peer();
    Peer third = world.peer();
    assert_true(first.closed());
    assert_contains(world.last_refusal(), "connections that have not authenticated");
    assert_false(second.closed());
    assert_false(third.closed());
    assert_false(known.peer.closed());
}

void all_addresses_of_a_link_have_room_for_one(void**) {
    ServerLimits limits;
    limits.strangers_per_address = 2;
    World world(limits);
    Peer first = world.peer("2001:db8::1");
    Peer second = world.peer("2001:db8::2");
    Peer third = world.peer("2001:db8::3");
    Peer other = world.peer("2001:db8:0:1::1");
    assert_true(first.closed());
    assert_false(second.closed());
    assert_false(other.closed());
}

void strangers_of_many_connections_make_room_for_others(void**) {
    ServerLimits limits;
    limits.connections = 1;
    limits.strangers = 4;
    World world(limits);
    SealedPeer known(world, AuthLevel::Privacy, "192.0.2.9");
    Peer lonely = world.peer("192.0.2.1");
    std::vector<Peer> crowd;
    for (int i = 0; i < 20; ++i)
        crowd.push_back(world.peer("192.0.2.2"));
    assert_int_equal(world.server.connections(), 5);
    assert_false(lonely.closed());
    assert_false(known.peer.closed());
    Peer newcomer = world.peer("192.0.2.3");
    assert_true(crowd[17].closed());
    assert_false(crowd[18].closed());
    assert_false(newcomer.closed());
    assert_false(lonely.closed());
}

void a_stranger_does_not_stay_for_ever(void**) {
    World world;
    Peer stranger = bound_peer(world);
    SealedPeer known(world);
    world.acceptors.user = outsider;
    SealedPeer outside(world);
    for (int i = 0; i < 2; ++i) {
        world.pass(std::chrono::seconds(45));
        assert_still_answers(stranger);
        outside.peer.send(sealed_part(outside, 4, pfc::whole));
        assert_int_equal(type_of(outside.peer.receive()), PduType::Response);
    }
    world.pass(std::chrono::seconds(30));
    assert_true(stranger.closed());
    assert_true(outside.peer.closed());
    assert_contains(world.last_refusal(), "did not authenticate as somebody who is let in");
    assert_false(known.peer.closed());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_stub_has_a_bound_that_is_less_for_a_stranger),
        cmocka_unit_test(stubs_that_are_not_complete_have_a_bound_together),
        cmocka_unit_test(what_one_principal_begins_leaves_room_for_another),
        cmocka_unit_test(who_is_not_let_in_fills_no_memory),
        cmocka_unit_test(a_call_that_will_be_refused_fills_no_memory),
        cmocka_unit_test(who_does_not_bind_in_time_is_dropped),
        cmocka_unit_test(who_does_not_end_its_authentication_in_time_is_dropped),
        cmocka_unit_test(a_further_authentication_has_its_own_time),
        cmocka_unit_test(half_a_pdu_is_waited_for_to_a_bound),
        cmocka_unit_test(the_rest_of_a_call_is_waited_for_to_a_bound),
        cmocka_unit_test(who_is_idle_is_dropped_a_stranger_sooner),
        cmocka_unit_test(a_peer_that_vanishes_without_a_word_is_noticed_by_the_kernel),
        cmocka_unit_test(who_does_not_take_its_answers_is_dropped),
        cmocka_unit_test(who_takes_its_answers_slowly_gets_them_all),
        cmocka_unit_test(a_finished_connection_is_gone_in_two_seconds_whatever_the_peer_sends),
        cmocka_unit_test(a_last_answer_taken_slowly_is_followed_by_two_seconds),
        cmocka_unit_test(answers_of_all_connections_have_a_bound_together),
        cmocka_unit_test(those_let_in_have_a_bound_in_all_and_for_an_address),
        cmocka_unit_test(a_stranger_takes_the_room_of_the_oldest_of_its_address),
        cmocka_unit_test(all_addresses_of_a_link_have_room_for_one),
        cmocka_unit_test(strangers_of_many_connections_make_room_for_others),
        cmocka_unit_test(a_stranger_does_not_stay_for_ever),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
