// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The server against peers that do what they like, PDU by PDU.
#include "raw_pdus.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;
using namespace std::chrono_literals;

namespace {

// The peer hears nothing more, and when it has gone or a moment has passed nothing is left of it.
void assert_ended(World& world, Peer& peer) {
    assert_int_equal(peer.receive().size(), 0);
    assert_true(peer.closed());
    world.pass(std::chrono::seconds(3));
    assert_int_equal(world.server.connections(), 0);
    assert_int_equal(world.observer.ended.size(), 1);
}

void assert_still_answers(Peer& peer) {
    peer.send(request_pdu({.stub = {9, 8, 7}, .call_id = 99}));
    assert_true(stub_of(peer.receive()) == Stub({9, 8, 7}));
}

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

Stub sealed_part(const SealedPeer& sealed, std::size_t size, std::uint8_t flags) {
    return protected_pdu({.stub = Stub(size), .context = 0, .flags = flags}, sealed.security);
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

// ---- security ----

void a_sealed_call_is_answered_sealed(void**) {
    World world;
    SealedPeer sealed(world);
    sealed.peer.send(protected_pdu({.stub = pattern(5), .context = 0}, sealed.security));
    const Stub answer = sealed.peer.receive();
    assert_int_equal(load<std::uint16_t>(answer, 10), 16);
    assert_true(sealed.opened(answer, sealed.security) == pattern(5));
}

void a_changed_byte_anywhere_is_fault_5(void**) {
    const auto object = "99999999-2222-3333-4444-555555555555"_guid;
    const RawRequest request{.stub = pattern(20), .context = 0, .object = object};
    std::size_t size = 1;
    for (std::size_t at = 0; at < size; ++at) {
        World world;
        SealedPeer sealed(world);
        Stub pdu = protected_pdu(request, sealed.security);
        size = pdu.size();
        pdu[at] ^= 0x40;
        sealed.peer.send(pdu);
        const Stub answer = sealed.peer.receive();
        // Some make the PDU another one, which is then refused as that or waited for.
        if (!answer.empty()) {
            const auto status = load<std::uint32_t>(answer, 24);
            assert_int_equal(type_of(answer), PduType::Fault);
            if (status != fault::access_denied && status != fault::protocol_error)
                fail_msg("byte %zu: status %x", at, status);
            // Object, stub, padding, trailer and signature: nothing else can be said of them.
            if (at >= request_header_size && status != fault::access_denied)
                fail_msg("byte %zu: status %x", at, status);
        }
        if (world.echo.calls + world.open.calls != 0) fail_msg("byte %zu was not noticed", at);
    }
}

void a_call_repeated_or_out_of_order_is_fault_5(void**) {
    {
        World world;
        SealedPeer sealed(world);
        const Stub pdu = protected_pdu({.context = 0}, sealed.security);
        sealed.peer.send(pdu);
        assert_int_equal(type_of(sealed.peer.receive()), PduType::Response);
        sealed.peer.send(pdu);
        assert_fault(sealed.peer.receive(), fault::access_denied);
        assert_ended(world, sealed.peer);
        assert_int_equal(world.echo.calls, 1);
    }
    World world;
    SealedPeer sealed(world);
    const Stub first = protected_pdu({.context = 0, .flags = pfc::first}, sealed.security);
    const Stub second = protected_pdu({.context = 0, .flags = 0}, sealed.security);
    const Stub third = protected_pdu({.context = 0, .flags = pfc::last}, sealed.security);
    sealed.peer.send(first);
    sealed.peer.send(third);
    assert_fault(sealed.peer.receive(), fault::access_denied);
    sealed.peer.send(second);
    assert_ended(world, sealed.peer);
    assert_int_equal(world.echo.calls, 0);
}

void a_call_without_protection_is_nobodys(void**) {
    World world;
    SealedPeer sealed(world);
    sealed.peer.send(request_pdu({.context = 0}));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_int_equal(world.echo.calls, 0);
    sealed.peer.send(request_pdu({.context = 1}));
    assert_int_equal(type_of(sealed.peer.receive()), PduType::Response);
    assert_int_equal(world.open.last.level, AuthLevel::None);
    assert_null(world.open.last.principal.get());
}

void fragments_of_one_call_have_one_security_context(void**) {
    World world;
    SealedPeer sealed(world);
    sealed.peer.send(protected_pdu({.flags = pfc::first}, sealed.security));
    sealed.peer.send(request_pdu({.flags = pfc::last}));
    assert_fault(sealed.peer.receive(), fault::protocol_error);
    assert_ended(world, sealed.peer);
}

void a_security_context_that_is_not_there_is_fault_5(void**) {
    World world;
    SealedPeer sealed(world);
    Security other = sealed.security;
    other.id = 8;
    sealed.peer.send(protected_pdu({.context = 0}, other));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_ended(world, sealed.peer);
}

void a_call_at_another_level_than_bound_is_fault_5(void**) {
    World world;
    SealedPeer sealed(world, AuthLevel::Integrity);
    Security other = sealed.security;
    other.level = AuthLevel::Privacy;
    sealed.peer.send(protected_pdu({.context = 0}, other));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_ended(world, sealed.peer);
    assert_int_equal(world.echo.calls, 0);
}

void a_call_before_the_last_leg_is_fault_5(void**) {
    World world;
    Peer peer = world.peer();
    RawBind bind;
    bind.trailer = {10, 6, 0, 7};
    bind.token = {'h', 'e', 'l', 'l', 'o'};
    peer.send(bind_pdu(bind));
    assert_int_equal(type_of(peer.receive()), PduType::BindAck);
    played::Initiator context;
    peer.send(protected_pdu({.context = 0}, {AuthType::Ntlm, AuthLevel::Privacy, 7, &context}));
    assert_fault(peer.receive(), fault::access_denied);
    assert_ended(world, peer);
}

void a_further_security_context_works_beside_the_first(void**) {
    World world;
    SealedPeer sealed(world);
    played::Initiator second;
    sealed.begin(PduType::AlterContext, AuthLevel::Integrity, 8, second);
    const Security signing{AuthType::Ntlm, AuthLevel::Integrity, 8, &second};
    for (int i = 0; i < 3; ++i) {
        sealed.peer.send(protected_pdu({.stub = pattern(5), .context = 0}, sealed.security));
        assert_true(sealed.opened(sealed.peer.receive(), sealed.security) == pattern(5));
        assert_int_equal(world.echo.last.level, AuthLevel::Privacy);
        sealed.peer.send(protected_pdu({.stub = pattern(6), .context = 1}, signing));
        assert_true(sealed.opened(sealed.peer.receive(), signing) == pattern(6));
        assert_int_equal(world.open.last.level, AuthLevel::Integrity);
    }
    assert_int_equal(world.acceptors.accepted, 2);
}

void a_stale_token_is_ignored(void**) {
    World world;
    SealedPeer sealed(world);
    RawBind again;
    again.type = PduType::AlterContext;
    again.trailer = {10, 6, 0, 7};
    again.token = {'m', 'e'};
    sealed.peer.send(bind_pdu(again));
    const Stub answer = sealed.peer.receive();
    assert_int_equal(type_of(answer), PduType::AlterContextResponse);
    assert_int_equal(load<std::uint16_t>(answer, 10), 0);
    sealed.peer.send(auth3_pdu(again.trailer, again.token));
    sealed.peer.send(protected_pdu({.context = 0}, sealed.security));
    assert_int_equal(type_of(sealed.peer.receive()), PduType::Response);
}

void a_security_context_keeps_its_level(void**) {
    World world;
    SealedPeer sealed(world);
    RawBind again;
    again.type = PduType::AlterContext;
    again.trailer = {10, 5, 0, 7};
    again.token = {'m', 'e'};
    sealed.peer.send(bind_pdu(again));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_ended(world, sealed.peer);
}

void security_contexts_have_a_bound(void**) {
    ServerLimits limits;
    limits.security_contexts = 2;
    World world(limits);
    SealedPeer sealed(world);
    played::Initiator second;
    sealed.begin(PduType::AlterContext, AuthLevel::Privacy, 8, second);
    RawBind third;
    third.type = PduType::AlterContext;
    third.trailer = {10, 6, 0, 9};
    third.token = {'h', 'e', 'l', 'l', 'o'};
    sealed.peer.send(bind_pdu(third));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_ended(world, sealed.peer);
}

void auth3_without_a_security_context_ends_the_connection(void**) {
    World world;
    Peer peer = bound_peer(world);
    peer.send(auth3_pdu({10, 6, 0, 7}, {'m', 'e'}));
    assert_fault(peer.receive(), fault::protocol_error);
    assert_ended(world, peer);
}

void who_fails_at_alter_context_is_told_so(void**) {
    World world;
    Peer peer = bound_peer(world);
    RawBind bind;
    bind.type = PduType::AlterContext;
    bind.trailer = {10, 6, 0, 7};
    bind.token = {'n', 'o'};
    peer.send(bind_pdu(bind));
    assert_fault(peer.receive(), fault::access_denied);
    assert_ended(world, peer);
}

void pdus_behind_a_security_step_wait_for_it(void**) {
    World world;
    world.acceptors.later = true;
    SealedPeer sealed(world);
    sealed.peer.send(protected_pdu({.context = 0}, sealed.security));
    assert_int_equal(sealed.peer.receive().size(), 0);
    auto pending = world.acceptors.pending;
    pending();
    assert_int_equal(type_of(sealed.peer.receive()), PduType::Response);
}

void a_peer_that_goes_during_a_security_step_is_forgotten(void**) {
    World world;
    world.acceptors.later = true;
    SealedPeer sealed(world);
    assert_true(bool(world.acceptors.pending));
    sealed.peer.close();
    assert_int_equal(world.server.connections(), 0);
    assert_false(bool(world.acceptors.pending)); // the context has gone
}

void an_authentication_that_failed_is_told_once(void**) {
    World world;
    world.acceptors.deny = true;
    SealedPeer sealed(world);
    sealed.peer.send(protected_pdu({.context = 0}, sealed.security));
    assert_fault(sealed.peer.receive(), fault::access_denied);
    assert_int_equal(world.observer.refusals.size(), 1);
    assert_contains(world.last_refusal(), "denied");
}

void an_unprotected_orphaned_does_not_touch_a_sealed_call(void**) {
    World world;
    SealedPeer sealed(world);
    sealed.peer.send(protected_pdu({.context = 0, .opnum = 1, .call_id = 5}, sealed.security));
    sealed.peer.send(bare_pdu(PduType::Orphaned, 5));
    world.echo.kept.front().send({1});
    assert_int_equal(type_of(sealed.peer.receive()), PduType::Response);
}

// ---- time and numbers ----

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

Stub number(std::uint32_t value) {
    Stub bytes;
    put(bytes, value);
    return bytes;
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
    assert_int_equal(observer.ended.size(), 1);
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
        cmocka_unit_test(a_stub_has_a_bound_that_is_less_for_a_stranger),
        cmocka_unit_test(stubs_that_are_not_complete_have_a_bound_together),
        cmocka_unit_test(what_one_principal_begins_leaves_room_for_another),
        cmocka_unit_test(who_is_not_let_in_fills_no_memory),
        cmocka_unit_test(a_call_that_will_be_refused_fills_no_memory),
        cmocka_unit_test(an_orphaned_call_is_not_answered),
        cmocka_unit_test(a_call_orphaned_between_fragments_is_forgotten),
        cmocka_unit_test(a_maybe_call_has_no_answer),
        cmocka_unit_test(a_sealed_call_is_answered_sealed),
        cmocka_unit_test(a_changed_byte_anywhere_is_fault_5),
        cmocka_unit_test(a_call_repeated_or_out_of_order_is_fault_5),
        cmocka_unit_test(a_call_without_protection_is_nobodys),
        cmocka_unit_test(fragments_of_one_call_have_one_security_context),
        cmocka_unit_test(a_security_context_that_is_not_there_is_fault_5),
        cmocka_unit_test(a_call_at_another_level_than_bound_is_fault_5),
        cmocka_unit_test(a_call_before_the_last_leg_is_fault_5),
        cmocka_unit_test(a_further_security_context_works_beside_the_first),
        cmocka_unit_test(a_stale_token_is_ignored),
        cmocka_unit_test(a_security_context_keeps_its_level),
        cmocka_unit_test(security_contexts_have_a_bound),
        cmocka_unit_test(auth3_without_a_security_context_ends_the_connection),
        cmocka_unit_test(who_fails_at_alter_context_is_told_so),
        cmocka_unit_test(pdus_behind_a_security_step_wait_for_it),
        cmocka_unit_test(a_peer_that_goes_during_a_security_step_is_forgotten),
        cmocka_unit_test(an_authentication_that_failed_is_told_once),
        cmocka_unit_test(an_unprotected_orphaned_does_not_touch_a_sealed_call),
        cmocka_unit_test(who_does_not_bind_in_time_is_dropped),
        cmocka_unit_test(who_does_not_end_its_authentication_in_time_is_dropped),
        cmocka_unit_test(a_further_authentication_has_its_own_time),
        cmocka_unit_test(half_a_pdu_is_waited_for_to_a_bound),
        cmocka_unit_test(the_rest_of_a_call_is_waited_for_to_a_bound),
        cmocka_unit_test(who_is_idle_is_dropped_a_stranger_sooner),
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
        cmocka_unit_test(a_server_that_goes_closes_its_connections),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
