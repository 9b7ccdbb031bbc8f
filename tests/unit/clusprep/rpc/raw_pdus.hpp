// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PDUs as a peer may send them, right ones and wrong ones.
#pragma once

#include "clusprep/rpc/protection.hpp"
#include "world.hpp"

namespace mpapi::rpc::test {

struct RawBind {
    PduType type = PduType::Bind;
    std::vector<ContextItem> items = {{0, echo_id, {ndr_syntax}}, {1, open_id, {ndr_syntax}}};
    std::uint16_t fragment = 5840;
    std::uint32_t group = 0;
    std::uint8_t flags = pfc::whole;
    std::uint32_t call_id = 1;
    SecTrailer trailer{}; // used when there is a token
    Stub token{};
};

inline Stub bind_pdu(const RawBind& raw = {}) {
    Stub pdu = build_bind({raw.fragment, raw.fragment, raw.group, raw.items});
    Header header{raw.type, raw.flags, 0, 0, raw.call_id, 0};
    if (!raw.token.empty()) {
        append_trailer(pdu, raw.trailer);
        header.auth_length = static_cast<std::uint16_t>(raw.token.size());
    }
    store_header(pdu, header);
    return concatenated(pdu, raw.token);
}

inline Stub auth3_pdu(const SecTrailer& trailer, const Stub& token) {
    Stub pdu(header_size + 4);
    append_trailer(pdu, trailer);
    store_header(pdu,
                 {PduType::Auth3, pfc::whole, 0, static_cast<std::uint16_t>(token.size()), 1, 0});
    return concatenated(pdu, token);
}

struct RawRequest {
    Stub stub = {1, 2, 3, 4};
    std::uint16_t context = 1;
    std::uint16_t opnum = 0;
    std::uint32_t call_id = 2;
    std::uint8_t flags = pfc::whole;
    std::optional<ndr::Guid> object{};
    PduType type = PduType::Request;
};

inline Stub request_pdu(const RawRequest& raw = {}) {
    Stub pdu(request_header_size);
    store(std::span(pdu), 16, static_cast<std::uint32_t>(raw.stub.size()));
    store(std::span(pdu), 20, raw.context);
    store(std::span(pdu), 22, raw.opnum);
    auto flags = raw.flags;
    if (raw.object) {
        const auto uuid = ndr::guid_bytes(*raw.object);
        pdu.insert(pdu.end(), uuid.begin(), uuid.end());
        flags |= pfc::object;
    }
    pdu.insert(pdu.end(), raw.stub.begin(), raw.stub.end());
    store_header(pdu, {raw.type, flags, 0, 0, raw.call_id, 0});
    return pdu;
}

// One fragment, sealed or signed.
inline Stub protected_pdu(const RawRequest& raw, const Security& security) {
    Stub pdu = request_pdu(raw);
    const std::size_t head = pdu.size() - raw.stub.size();
    pdu.resize(head + (raw.stub.size() + 15) / 16 * 16);
    const auto padding = static_cast<std::uint8_t>(pdu.size() - head - raw.stub.size());
    append_trailer(pdu, {static_cast<std::uint8_t>(security.type),
                         static_cast<std::uint8_t>(security.level), padding, security.id});
    const auto flags = static_cast<std::uint8_t>(raw.flags | (raw.object ? pfc::object : 0));
    store_header(pdu, {raw.type, flags, 0, 16, raw.call_id, 0});
    Stub signature(16);
    assert_ok(security.context->protect(security.level, pdu, head,
                                        pdu.size() - head - sec_trailer_size, signature));
    return concatenated(pdu, signature);
}

inline Stub bare_pdu(PduType type, std::uint32_t call_id) {
    Stub pdu(header_size);
    store_header(pdu, {type, pfc::whole, 0, 0, call_id, 0});
    return pdu;
}

// What came back, by its header.
inline PduType type_of(const Stub& pdu) {
    if (pdu.size() < header_size) fail_msg("no PDU came");
    return static_cast<PduType>(pdu[2]);
}

inline void assert_fault(const Stub& pdu, std::uint32_t status) {
    assert_int_equal(type_of(pdu), PduType::Fault);
    assert_int_equal(load<std::uint32_t>(pdu, 24), status);
}

inline void assert_nak(const Stub& pdu, std::uint16_t reason) {
    assert_int_equal(type_of(pdu), PduType::BindNak);
    assert_int_equal(load<std::uint16_t>(pdu, 16), reason);
}

inline Stub stub_of(const Stub& pdu) {
    assert_int_equal(type_of(pdu), PduType::Response);
    return Stub(pdu.begin() + response_header_size, pdu.end());
}

// The peer hears nothing more, and when it has gone or a moment has passed nothing is left of it.
inline void assert_ended(World& world, Peer& peer) {
    assert_int_equal(peer.receive().size(), 0);
    assert_true(peer.closed());
    world.pass(std::chrono::seconds(3));
    assert_int_equal(world.server.connections(), 0);
}

inline void assert_still_answers(Peer& peer) {
    peer.send(request_pdu({.stub = {9, 8, 7}, .call_id = 99}));
    assert_true(stub_of(peer.receive()) == Stub({9, 8, 7}));
}

// A peer that has bound both interfaces without authentication.
inline Peer bound_peer(World& world) {
    Peer peer = world.peer();
    peer.send(bind_pdu());
    assert_int_equal(type_of(peer.receive()), PduType::BindAck);
    return peer;
}

// A peer that has a security context of the played mechanism, and the context.
struct SealedPeer {
    explicit SealedPeer(World& world, AuthLevel level = AuthLevel::Privacy,
                        const char* address = "192.0.2.1")
      : peer(world.peer(address)) {
        begin(PduType::Bind, level, 7, *context);
        security = {AuthType::Ntlm, level, 7, context.get()};
    }
    // The three legs, under an auth_context_id.
    void begin(PduType type, AuthLevel level, std::uint32_t id, played::Initiator& initiator) {
        RawBind bind;
        bind.type = type;
        bind.trailer = {10, static_cast<std::uint8_t>(level), 0, id};
        bind.token = {'h', 'e', 'l', 'l', 'o'};
        peer.send(bind_pdu(bind));
        const Stub answer = peer.receive();
        assert_int_equal(type_of(answer),
                         type == PduType::Bind ? PduType::BindAck : PduType::AlterContextResponse);
        assert_true(answer.size() > 3 &&
                    Stub(answer.end() - 3, answer.end()) == Stub({'w', 'h', 'o'}));
        initiator.step(Stub{'w', 'h', 'o'}, [](auto token) { assert_ok(token); });
        peer.send(auth3_pdu(bind.trailer, {'m', 'e'}));
    }
    // The stub of a protected response.
    Stub opened(Stub pdu, const Security& of) {
        assert_int_equal(type_of(pdu), PduType::Response);
        const auto header = parse_header(pdu);
        const auto verifier = parse_verifier(*header, pdu);
        const auto stub = open_fragment(pdu, response_header_size, *verifier, of);
        assert_ok(stub);
        return Stub(stub->begin(), stub->end());
    }

    Peer peer;
    std::unique_ptr<played::Initiator> context = std::make_unique<played::Initiator>();
    Security security;
};

} // namespace mpapi::rpc::test
