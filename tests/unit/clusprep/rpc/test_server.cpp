// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The server against peers that do what they like, PDU by PDU: bind and calls.
#include "raw_pdus.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

// ---- bind ----

void a_bind_is_answered_with_what_was_agreed_on(void**) {
    World world;
    Peer peer = world.peer();
    peer.send(bind_pdu({.fragment = 4280, .call_id = 77}));
    const Stub answer = peer.receive();
    const auto header = parse_header(answer);
    assert_ok(header);
    assert_int_equal(header->type, PduType::BindAck);
    assert_int_equal(header->call_id, 77);
    assert_int_equal(header->flags, pfc::whole);
    const auto ack = parse_bind_ack(Bytes(answer).subspan(header_size));
    assert_ok(ack);
    assert_int_equal(ack->max_transmit, 4280);
    assert_int_equal(ack->max_receive, 4280);
    assert_text_equal(ack->secondary_address, "135");
    assert_true(ack->group != 0);
    assert_int_equal(ack->results.size(), 2);
}

void header_signing_is_granted_to_who_asks(void**) {
    World world;
    Peer peer = world.peer();
    peer.send(bind_pdu({.flags = pfc::whole | pfc::support_header_sign | pfc::concurrent}));
    // That calls may be concurrent is not.
    assert_int_equal(peer.receive()[3], pfc::whole | pfc::support_header_sign);
}

void a_second_bind_ends_the_connection(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(bind_pdu());
    assert_nak(peer.receive(), BindNak::not_specified);
    assert_ended(world, peer);
}

void a_request_before_bind_ends_the_connection(void**) {
    World world;
    Peer peer = world.peer();
    peer.send(request_pdu());
    assert_fault(peer.receive(), fault::protocol_error);
    assert_ended(world, peer);
}

void alter_context_before_bind_ends_the_connection(void**) {
    World world;
    Peer peer = world.peer();
    peer.send(bind_pdu({.type = PduType::AlterContext}));
    assert_fault(peer.receive(), fault::protocol_error);
    assert_ended(world, peer);
}

void another_version_is_told_which_there_are(void**) {
    World world;
    Peer peer = world.peer();
    Stub pdu = bind_pdu();
    pdu[0] = 4;
    peer.send(pdu);
    const Stub answer = peer.receive();
    assert_nak(answer, BindNak::version_unsupported);
    assert_bytes_equal(Bytes(answer).subspan(18, 5), bytes_of("02 0500 0501"));
    assert_ended(world, peer);
}

void what_is_no_rpc_is_closed_without_a_word(void**) {
    for (const char* const dump : {"474554202f20485454502f312e310d0a",           // GET / HTTP/1.1
                                   "05 00 0b 03 00000000 0010 0000 00000001",    // big-endian
                                   "05 00 13 03 10000000 0400 0000 01000000",    // frag_length 4
                                   "05 00 0b 03 10000000 2000 ffff 01000000"}) { // auth_length
        World world;
        Peer peer = world.peer();
        peer.send(bytes_of(dump));
        assert_ended(world, peer);
    }
}

void a_bind_that_makes_no_sense_is_refused(void**) {
    const auto refused = [](const RawBind& bind, std::uint16_t reason) {
        World world;
        Peer peer = world.peer();
        peer.send(bind_pdu(bind));
        assert_nak(peer.receive(), reason);
        assert_ended(world, peer);
    };
    refused({.items = {}}, BindNak::not_specified);
    refused({.flags = pfc::first}, BindNak::not_specified);
    refused({.fragment = 1431}, BindNak::local_limit_exceeded);
    refused({.group = 4711}, BindNak::not_specified);
    const Stub token = {'h', 'e', 'l', 'l', 'o'};
    refused({.trailer = {10, 1, 0, 0}, .token = token}, BindNak::auth_type_unknown);
    refused({.trailer = {10, 7, 0, 0}, .token = token}, BindNak::auth_type_unknown);
    refused({.trailer = {68, 6, 0, 0}, .token = token}, BindNak::auth_type_unknown);
    refused({.trailer = {10, 6, 0, 0}, .token = {'x'}}, BindNak::invalid_checksum);
    refused({.trailer = {10, 6, 255, 0}, .token = token}, BindNak::not_specified);
}

void padding_before_the_security_trailer_of_a_bind_is_allowed(void**) {
    World world;
    Peer peer = world.peer();
    Stub pdu = build_bind({5840, 5840, 0, {{0, echo_id, {ndr_syntax}}}});
    pdu.resize(pdu.size() + 4);
    append_trailer(pdu, {10, 6, 4, 7});
    store_header(pdu, {PduType::Bind, pfc::whole, 0, 5, 1, 0});
    peer.send(concatenated(pdu, std::string("hello")));
    assert_int_equal(type_of(peer.receive()), PduType::BindAck);
}

void what_only_a_server_sends_ends_the_connection(void**) {
    for (const auto type : {PduType::Response, PduType::Fault, PduType::BindAck, PduType::BindNak,
                            PduType::AlterContextResponse, PduType::Shutdown}) {
        World world;
        Peer peer = bound_peer(world);
        peer.send(bare_pdu(type, 3));
        assert_fault(peer.receive(), fault::protocol_error);
        assert_ended(world, peer);
    }
}

// ---- calls ----

void a_context_or_operation_that_is_not_there_is_a_fault_of_the_call(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.context = 9}));
    const Stub answer = peer.receive();
    assert_fault(answer, fault::unknown_interface);
    assert_true((answer[3] & pfc::did_not_execute) != 0);
    peer.send(request_pdu({.opnum = 5}));
    assert_fault(peer.receive(), fault::operation_range);
    peer.send(request_pdu({.opnum = 2}));
    const Stub executed = peer.receive();
    assert_fault(executed, 1234);
    assert_true((executed[3] & pfc::did_not_execute) == 0);
    assert_still_answers(peer);
}

void bytes_may_come_one_by_one(void**) {
    World world;
    Peer peer = world.peer();
    for (const auto byte : concatenated(bind_pdu(), request_pdu()))
        peer.send({byte});
    assert_int_equal(type_of(peer.receive()), PduType::BindAck);
    assert_true(stub_of(peer.receive()) == Stub({1, 2, 3, 4}));
}

void pdus_may_come_all_at_once_and_are_answered_in_order(void**) {
    World world;
    Peer peer = world.peer();
    Stub all = bind_pdu();
    all = concatenated(all, request_pdu({.opnum = 1, .call_id = 2}));
    all = concatenated(all, request_pdu({.stub = {3}, .call_id = 3}));
    all = concatenated(all, request_pdu({.stub = {4}, .call_id = 4}));
    peer.send(all);
    assert_int_equal(type_of(peer.receive()), PduType::BindAck);
    // One call at a time: the others wait for the first one's answer.
    assert_int_equal(world.open.calls, 1);
    world.open.kept.front().send({2});
    for (const auto number : {std::uint8_t{2}, std::uint8_t{3}, std::uint8_t{4}}) {
        const Stub answer = peer.receive();
        assert_int_equal(load<std::uint32_t>(answer, 12), number);
        assert_true(stub_of(answer) == Stub({number}));
    }
}

void a_call_comes_in_fragments(void**) {
    World world;
    Peer peer = bound_peer(world);
    const auto object = "99999999-2222-3333-4444-555555555555"_guid;
    peer.send(request_pdu({.stub = {1}, .flags = pfc::first, .object = object}));
    peer.send(request_pdu({.stub = {2}, .flags = 0, .object = object}));
    peer.send(request_pdu({.stub = {}, .flags = 0, .object = object}));
    assert_int_equal(world.open.calls, 0);
    peer.send(request_pdu({.stub = {3}, .flags = pfc::last, .object = object}));
    assert_true(stub_of(peer.receive()) == Stub({1, 2, 3}));
    assert_true(world.open.last.object == object);
}

void fragments_that_do_not_belong_together_end_the_connection(void**) {
    const auto object = "99999999-2222-3333-4444-555555555555"_guid;
    const RawRequest wrong[] = {
        {.flags = pfc::first},                  // begun twice
        {.flags = pfc::whole},                  // another call between
        {.call_id = 3, .flags = 0},             // another call's
        {.context = 0, .flags = pfc::last},     // another interface
        {.opnum = 1, .flags = pfc::last},       // another method
        {.flags = pfc::last, .object = object}, // another object
    };
    for (const auto& fragment : wrong) {
        World world;
        Peer peer = bound_peer(world);
        peer.send(request_pdu({.flags = pfc::first}));
        peer.send(request_pdu(fragment));
        assert_fault(peer.receive(), fault::protocol_error);
        assert_ended(world, peer);
        assert_int_equal(world.open.calls, 0);
    }
    World world;
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.flags = pfc::last})); // never begun
    assert_fault(peer.receive(), fault::protocol_error);
    assert_ended(world, peer);
}

void an_alter_context_between_fragments_ends_the_connection(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.flags = pfc::first}));
    peer.send(bind_pdu({.type = PduType::AlterContext}));
    assert_fault(peer.receive(), fault::protocol_error);
    assert_ended(world, peer);
}

void a_fragment_longer_than_agreed_on_ends_the_connection(void**) {
    ServerLimits limits;
    limits.fragment = 4096;
    World world(limits);
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.stub = Stub(4096 - 24)}));
    assert_int_equal(type_of(peer.receive()), PduType::Response);
    while (!peer.receive().empty()) {
    }
    peer.send(request_pdu({.stub = Stub(4097 - 24)}));
    assert_fault(peer.receive(), fault::protocol_error);
    assert_ended(world, peer);
}

void an_orphaned_call_is_not_answered(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.opnum = 1, .call_id = 5}));
    peer.send(bare_pdu(PduType::Cancel, 5));
    peer.send(bare_pdu(PduType::Orphaned, 4)); // another one's
    peer.send(bare_pdu(PduType::Orphaned, 5));
    world.open.kept.front().send({1});
    assert_int_equal(peer.receive().size(), 0);
    assert_still_answers(peer);
}

void a_call_orphaned_between_fragments_is_forgotten(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(request_pdu({.call_id = 5, .flags = pfc::first}));
    peer.send(bare_pdu(PduType::Cancel, 5));
    peer.send(bare_pdu(PduType::Orphaned, 5));
    assert_still_answers(peer);
    assert_int_equal(world.open.calls, 1);
}

void a_maybe_call_has_no_answer(void**) {
    World world;
    Peer peer = bound_peer(world);
    for (const auto opnum : {std::uint16_t{0}, std::uint16_t{2}, std::uint16_t{5}})
        peer.send(request_pdu(
            {.opnum = opnum, .flags = static_cast<std::uint8_t>(pfc::whole | pfc::maybe)}));
    assert_int_equal(peer.receive().size(), 0);
    assert_int_equal(world.open.calls, 2);
    assert_still_answers(peer);
}

void a_server_that_goes_closes_its_connections(void**) {
    auto loop = new_loop();
    played::Acceptors acceptors;
    Observer observer;
    Echo open{open_id, AuthLevel::None};
    auto server = std::make_unique<Server>(
        loop.get(), acceptors, [] { return std::chrono::steady_clock::now(); }, ServerLimits{},
        &observer);
    assert_ok(server->add(open));
    assert_false(server->add(open).has_value());
    auto [ours, theirs] = connected_pair();
    server->serve(std::move(ours), "192.0.2.1", 135);
    Peer peer(loop.get(), std::move(theirs));
    peer.send(concatenated(bind_pdu(), request_pdu({.opnum = 1})));
    assert_int_equal(open.kept.size(), 1);
    server.reset();
    assert_true(peer.closed());
    open.kept.front().send({});
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_bind_is_answered_with_what_was_agreed_on),
        cmocka_unit_test(header_signing_is_granted_to_who_asks),
        cmocka_unit_test(a_second_bind_ends_the_connection),
        cmocka_unit_test(a_request_before_bind_ends_the_connection),
        cmocka_unit_test(alter_context_before_bind_ends_the_connection),
        cmocka_unit_test(another_version_is_told_which_there_are),
        cmocka_unit_test(what_is_no_rpc_is_closed_without_a_word),
        cmocka_unit_test(a_bind_that_makes_no_sense_is_refused),
        cmocka_unit_test(padding_before_the_security_trailer_of_a_bind_is_allowed),
        cmocka_unit_test(what_only_a_server_sends_ends_the_connection),
        cmocka_unit_test(a_context_or_operation_that_is_not_there_is_a_fault_of_the_call),
        cmocka_unit_test(bytes_may_come_one_by_one),
        cmocka_unit_test(pdus_may_come_all_at_once_and_are_answered_in_order),
        cmocka_unit_test(a_call_comes_in_fragments),
        cmocka_unit_test(fragments_that_do_not_belong_together_end_the_connection),
        cmocka_unit_test(an_alter_context_between_fragments_ends_the_connection),
        cmocka_unit_test(a_fragment_longer_than_agreed_on_ends_the_connection),
        cmocka_unit_test(an_orphaned_call_is_not_answered),
        cmocka_unit_test(a_call_orphaned_between_fragments_is_forgotten),
        cmocka_unit_test(a_maybe_call_has_no_answer),
        cmocka_unit_test(a_server_that_goes_closes_its_connections),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
