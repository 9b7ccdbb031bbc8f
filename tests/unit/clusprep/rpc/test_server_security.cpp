// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The server against peers that do what they like with its security contexts and what these cover.
#include "clusprep/rpc/verification_trailer.hpp"
#include "raw_pdus.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

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

// A signature covers what the trailer says again (MS-RPCE 2.2.2.13), which whoever changed the
// header of an unsigned PDU could not change too.
void a_verification_trailer_that_says_something_else_is_fault_5(void**) {
    const RawRequest request{.stub = pattern(5), .context = 0};
    const Expected right{echo_id,         ndr_syntax,    request.call_id,
                         request.context, request.opnum, false};
    const auto with_trailer = [&](const Expected& said, bool may_sign_header) {
        RawRequest made = request;
        append_verification_trailer(made.stub, said);
        // The client's flag that it could sign headers stands first: 8 bytes of signature, 4 of
        // command, then it.
        if (!may_sign_header) store(std::span(made.stub), 8 + 8 + 4, std::uint32_t{0});
        return made;
    };
    struct {
        const char* what;
        Expected said;
        bool may_sign_header = false;
    } lies[] = {{"call", right},      {"context", right},         {"opnum", right},
                {"interface", right}, {"transfer syntax", right}, {"header signing", right, true}};
    lies[0].said.call_id = 3;
    lies[1].said.context = 1;
    lies[2].said.opnum = 1;
    lies[3].said.interface = open_id;
    lies[4].said.transfer.major = 1;
    for (const auto& lie : lies) {
        World world;
        SealedPeer sealed(world);
        sealed.peer.send(protected_pdu(with_trailer(right, false), sealed.security));
        const Stub answer = sealed.peer.receive();
        assert_true(sealed.opened(answer, sealed.security).size() == 8);
        assert_int_equal(world.echo.calls, 1);
        sealed.peer.send(
            protected_pdu(with_trailer(lie.said, lie.may_sign_header), sealed.security));
        assert_fault(sealed.peer.receive(), fault::access_denied);
        assert_ended(world, sealed.peer);
        if (world.echo.calls != 1) fail_msg("a trailer with another %s was let through", lie.what);
        assert_contains(world.last_refusal(), "check verification trailer");
    }
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

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_call_is_answered_sealed),
        cmocka_unit_test(a_changed_byte_anywhere_is_fault_5),
        cmocka_unit_test(a_call_repeated_or_out_of_order_is_fault_5),
        cmocka_unit_test(a_verification_trailer_that_says_something_else_is_fault_5),
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
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
