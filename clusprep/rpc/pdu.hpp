// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The PDUs of connection-oriented RPC, version 5.0 and 5.1 (C706 12.6, MS-RPCE 2.2.2). Pure: bytes
// in, value or error out, and back.
//
// What is not read: big-endian, EBCDIC and non-IEEE senders (none is known to speak these
// protocols; their PDUs are refused by the header), the PDUs of connectionless RPC. Fault PDUs may
// carry stub data, which is skipped.
//
// A PDU is: common header (16 bytes), body, and when auth_length is not 0: padding, sec_trailer
// (8 bytes), auth_value. Where the sec_trailer is follows from the lengths alone, which are
// checked before anything else.
#pragma once

#include "clusprep/rpc/little_endian.hpp"
#include "clusprep/rpc/syntax.hpp"
#include "common/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mpapi::rpc {

enum class PduType : std::uint8_t {
    Request = 0,
    Response = 2,
    Fault = 3,
    Bind = 11,
    BindAck = 12,
    BindNak = 13,
    AlterContext = 14,
    AlterContextResponse = 15,
    Auth3 = 16,
    Shutdown = 17,
    Cancel = 18,
    Orphaned = 19,
};

namespace pfc {
constexpr std::uint8_t first = 0x01;
constexpr std::uint8_t last = 0x02;
constexpr std::uint8_t whole = first | last;
constexpr std::uint8_t pending_cancel = 0x04;      // in requests
constexpr std::uint8_t support_header_sign = 0x04; // in bind and alter_context and their answers
constexpr std::uint8_t concurrent = 0x10;
constexpr std::uint8_t did_not_execute = 0x20;
constexpr std::uint8_t maybe = 0x40;
constexpr std::uint8_t object = 0x80;
} // namespace pfc

constexpr std::size_t header_size = 16;
constexpr std::size_t sec_trailer_size = 8;
constexpr std::uint16_t least_fragment = 1432; // MustRecvFragSize, C706 12.6.2

struct Header {
    PduType type = PduType::Request;
    std::uint8_t flags = pfc::whole;
    std::uint16_t frag_length = 0;
    std::uint16_t auth_length = 0;
    std::uint32_t call_id = 0;
    std::uint8_t minor = 0; // of the version

    bool operator==(const Header&) const = default;
};

// `bytes` has at least header_size. The PDU is one that we know, auth_length fits into frag_length.
Result<Header> parse_header(Bytes bytes);
// Of a PDU that is complete but for its lengths, which are set: frag_length to the size of `pdu`
// and the auth_value that follows it.
void store_header(std::span<std::uint8_t> pdu, const Header& header);

struct SecTrailer {
    std::uint8_t type = 0;  // an AuthType, or none that we know
    std::uint8_t level = 0; // an AuthLevel, or none that we know
    std::uint8_t padding = 0;
    std::uint32_t context = 0; // auth_context_id

    bool operator==(const SecTrailer&) const = default;
};

struct Verifier {
    SecTrailer trailer;
    std::size_t offset = 0; // of the sec_trailer in the PDU
    Bytes value;
};

// `pdu` is all of it, frag_length bytes; nothing when auth_length is 0.
Result<std::optional<Verifier>> parse_verifier(const Header& header, Bytes pdu);
void append_trailer(std::vector<std::uint8_t>& pdu, const SecTrailer& trailer);

// ---- bind, alter_context and their answers ----

struct ContextItem {
    std::uint16_t id = 0;
    SyntaxId abstract;
    std::vector<SyntaxId> transfer;

    bool operator==(const ContextItem&) const = default;
};

struct Bind {
    std::uint16_t max_transmit = 0;
    std::uint16_t max_receive = 0;
    std::uint32_t group = 0;
    std::vector<ContextItem> items;

    bool operator==(const Bind&) const = default;
};

// result and reason of p_result_t; MS-RPCE 2.2.2.4 adds 3.
struct ContextResult {
    static constexpr std::uint16_t accepted = 0;
    static constexpr std::uint16_t provider_rejection = 2;
    static constexpr std::uint16_t negotiate_ack = 3;
    static constexpr std::uint16_t reason_not_specified = 0;
    static constexpr std::uint16_t abstract_syntax_unsupported = 1;
    static constexpr std::uint16_t transfer_syntaxes_unsupported = 2;
    static constexpr std::uint16_t local_limit_exceeded = 3;

    std::uint16_t result = accepted;
    std::uint16_t reason = 0;
    SyntaxId transfer; // nil unless accepted

    bool operator==(const ContextResult&) const = default;
};

struct BindAck {
    std::uint16_t max_transmit = 0;
    std::uint16_t max_receive = 0;
    std::uint32_t group = 0;
    std::string secondary_address; // the port as text; empty in alter_context_resp
    std::vector<ContextResult> results;

    bool operator==(const BindAck&) const = default;
};

struct BindNak {
    static constexpr std::uint16_t not_specified = 0;
    static constexpr std::uint16_t local_limit_exceeded = 2;
    static constexpr std::uint16_t version_unsupported = 4;
    static constexpr std::uint16_t auth_type_unknown = 8;
    static constexpr std::uint16_t invalid_checksum = 9;

    std::uint16_t reason = not_specified;

    bool operator==(const BindNak&) const = default;
};

// `body` reaches from the header to the padding before the sec_trailer, or to the PDU's end. Up to
// 15 bytes of padding are skipped.
Result<Bind> parse_bind(Bytes body);
Result<BindAck> parse_bind_ack(Bytes body);
Result<BindNak> parse_bind_nak(Bytes body);

// PDUs without their verifier: padded to 4 so that a sec_trailer can follow. store_header() is
// still to come.
std::vector<std::uint8_t> build_bind(const Bind& bind);
std::vector<std::uint8_t> build_bind_ack(const BindAck& ack);
std::vector<std::uint8_t> build_bind_nak(const BindNak& nak); // with the versions, 5.0 and 5.1

// ---- request, response, fault ----

constexpr std::size_t request_header_size = 24;
constexpr std::size_t object_size = 16;
constexpr std::size_t response_header_size = 24;
constexpr std::size_t fault_header_size = 32;

struct Request {
    std::uint32_t alloc_hint = 0;
    std::uint16_t context = 0;
    std::uint16_t opnum = 0;
    std::optional<ndr::Guid> object;
    std::size_t stub = 0; // its offset in the PDU
};

struct Response {
    std::uint32_t alloc_hint = 0;
    std::uint16_t context = 0;
    std::size_t stub = 0;
};

struct Fault {
    std::uint16_t context = 0;
    std::uint32_t status = 0;
};

Result<Request> parse_request(const Header& header, Bytes pdu);
Result<Response> parse_response(const Header& header, Bytes pdu);
Result<Fault> parse_fault(const Header& header, Bytes pdu);

std::vector<std::uint8_t> build_fault(const Header& header, const Fault& fault);

} // namespace mpapi::rpc
