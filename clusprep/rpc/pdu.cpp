// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/pdu.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

constexpr std::size_t most_padding = 15;

Error pdu_error(const char* what, std::string reason) {
    return {std::string("read RPC ") + what, "", std::move(reason)};
}

ndr::Guid load_guid(Bytes bytes, std::size_t offset) {
    std::array<std::uint8_t, 16> raw{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), raw.size(), raw.begin());
    return ndr::guid_from_bytes(raw);
}

void put_guid(std::vector<std::uint8_t>& bytes, const ndr::Guid& guid) {
    const auto raw = ndr::guid_bytes(guid);
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

constexpr std::size_t syntax_size = 20;

SyntaxId load_syntax(Bytes bytes, std::size_t offset) {
    return {load_guid(bytes, offset), load<std::uint16_t>(bytes, offset + 16),
            load<std::uint16_t>(bytes, offset + 18)};
}

void put_syntax(std::vector<std::uint8_t>& bytes, const SyntaxId& syntax) {
    put_guid(bytes, syntax.uuid);
    put(bytes, syntax.major);
    put(bytes, syntax.minor);
}

void pad_to_4(std::vector<std::uint8_t>& bytes) {
    bytes.resize((bytes.size() + 3) / 4 * 4);
}

std::vector<std::uint8_t> with_room_for_header() {
    std::vector<std::uint8_t> pdu;
    pdu.reserve(256);
    pdu.resize(header_size);
    return pdu;
}

std::string counted(std::size_t count, const char* what) {
    return std::to_string(count) + " " + what;
}

// Where stub or body ends: before the sec_trailer, if there is one.
std::size_t end_of_body(const Header& header, Bytes pdu) {
    return header.auth_length == 0 ? pdu.size()
                                   : pdu.size() - sec_trailer_size - header.auth_length;
}

} // namespace

std::string SyntaxId::text() const {
    return uuid.text() + " v" + std::to_string(major) + "." + std::to_string(minor);
}

Result<Header> parse_header(Bytes bytes) {
    if (bytes.size() < header_size)
        return pdu_error("header", counted(bytes.size(), "bytes of 16"));
    if (bytes[0] != 5 || bytes[1] > 1)
        return pdu_error("header", "version " + std::to_string(bytes[0]) + "." +
                                       std::to_string(bytes[1]) + ", not 5.0 or 5.1");
    // Little-endian and ASCII; IEEE.
    if (bytes[4] != 0x10 || bytes[5] != 0)
        return pdu_error("header", "a data representation that is not little-endian, ASCII, IEEE");
    switch (static_cast<PduType>(bytes[2])) {
    case PduType::Request:
    case PduType::Response:
    case PduType::Fault:
    case PduType::Bind:
    case PduType::BindAck:
    case PduType::BindNak:
    case PduType::AlterContext:
    case PduType::AlterContextResponse:
    case PduType::Auth3:
    case PduType::Shutdown:
    case PduType::Cancel:
    case PduType::Orphaned:
        break;
    default:
        return pdu_error("header", "PDU type " + std::to_string(bytes[2]));
    }
    Header header;
    header.minor = bytes[1];
    header.type = static_cast<PduType>(bytes[2]);
    header.flags = bytes[3];
    header.frag_length = load<std::uint16_t>(bytes, 8);
    header.auth_length = load<std::uint16_t>(bytes, 10);
    header.call_id = load<std::uint32_t>(bytes, 12);
    const std::size_t least =
        header_size + (header.auth_length == 0 ? 0 : sec_trailer_size + header.auth_length);
    if (header.frag_length < least)
        return pdu_error("header", "frag_length " + std::to_string(header.frag_length) +
                                       " does not hold auth_length " +
                                       std::to_string(header.auth_length));
    return header;
}

void store_header(std::span<std::uint8_t> pdu, const Header& header) {
    pdu[0] = 5;
    pdu[1] = header.minor;
    pdu[2] = static_cast<std::uint8_t>(header.type);
    pdu[3] = header.flags;
    store<std::uint32_t>(pdu, 4, 0x10);
    store(pdu, 8, static_cast<std::uint16_t>(pdu.size() + header.auth_length));
    store(pdu, 10, header.auth_length);
    store(pdu, 12, header.call_id);
}

Result<std::optional<Verifier>> parse_verifier(const Header& header, Bytes pdu) {
    if (header.auth_length == 0) return std::optional<Verifier>();
    Verifier verifier;
    verifier.offset = end_of_body(header, pdu);
    const Bytes trailer = pdu.subspan(verifier.offset, sec_trailer_size);
    verifier.trailer = {trailer[0], trailer[1], trailer[2], load<std::uint32_t>(trailer, 4)};
    verifier.value = pdu.subspan(verifier.offset + sec_trailer_size);
    if (verifier.trailer.padding > verifier.offset - header_size)
        return pdu_error("sec_trailer", counted(verifier.trailer.padding, "bytes of padding in ") +
                                            std::to_string(verifier.offset - header_size));
    return std::optional(verifier);
}

void append_trailer(std::vector<std::uint8_t>& pdu, const SecTrailer& trailer) {
    pdu.push_back(trailer.type);
    pdu.push_back(trailer.level);
    pdu.push_back(trailer.padding);
    pdu.push_back(0);
    put(pdu, trailer.context);
}

Result<Bind> parse_bind(Bytes body) {
    constexpr std::size_t fixed = 12;
    constexpr std::size_t item_size = 4 + syntax_size;
    if (body.size() < fixed) return pdu_error("bind", counted(body.size(), "bytes"));
    Bind bind;
    bind.max_transmit = load<std::uint16_t>(body, 0);
    bind.max_receive = load<std::uint16_t>(body, 2);
    bind.group = load<std::uint32_t>(body, 4);
    const std::size_t count = body[8];
    Bytes rest = body.subspan(fixed);
    if (rest.size() / item_size < count)
        return pdu_error("bind", counted(count, "contexts in ") + counted(rest.size(), "bytes"));
    bind.items.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (rest.size() < item_size) return pdu_error("bind", "a context is cut off");
        ContextItem item;
        item.id = load<std::uint16_t>(rest, 0);
        item.abstract = load_syntax(rest, 4);
        const std::size_t syntaxes = rest[2];
        rest = rest.subspan(item_size);
        if (rest.size() / syntax_size < syntaxes)
            return pdu_error("bind", counted(syntaxes, "transfer syntaxes in ") +
                                         counted(rest.size(), "bytes"));
        item.transfer.reserve(syntaxes);
        for (std::size_t j = 0; j < syntaxes; ++j)
            item.transfer.push_back(load_syntax(rest, j * syntax_size));
        rest = rest.subspan(syntaxes * syntax_size);
        bind.items.push_back(std::move(item));
    }
    // What is left over is padding, or items that are not counted: impacket repeats those of its
    // bind in an alter_context.
    return bind;
}

Result<BindAck> parse_bind_ack(Bytes body) {
    constexpr std::size_t fixed = 10;
    constexpr std::size_t result_size = 4 + syntax_size;
    if (body.size() < fixed) return pdu_error("bind_ack", counted(body.size(), "bytes"));
    BindAck ack;
    ack.max_transmit = load<std::uint16_t>(body, 0);
    ack.max_receive = load<std::uint16_t>(body, 2);
    ack.group = load<std::uint32_t>(body, 4);
    const std::size_t length = load<std::uint16_t>(body, 8);
    // Aligned with the PDU, whose header has 16 bytes.
    const std::size_t list = (fixed + length + 3) / 4 * 4;
    if (body.size() < list || body.size() - list < 4)
        return pdu_error("bind_ack", "the secondary address ends beyond the PDU");
    const auto* text = reinterpret_cast<const char*>(body.data() + fixed);
    ack.secondary_address.assign(text, std::find(text, text + length, '\0'));
    const std::size_t count = body[list];
    const Bytes rest = body.subspan(list + 4);
    if (rest.size() / result_size < count)
        return pdu_error("bind_ack", counted(count, "results in ") + counted(rest.size(), "bytes"));
    ack.results.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const Bytes result = rest.subspan(i * result_size, result_size);
        ack.results.push_back({load<std::uint16_t>(result, 0), load<std::uint16_t>(result, 2),
                               load_syntax(result, 4)});
    }
    if (rest.size() - count * result_size > most_padding)
        return pdu_error("bind_ack", "bytes are left over");
    return ack;
}

Result<BindNak> parse_bind_nak(Bytes body) {
    // The list of versions and the extended error are of no use to us.
    if (body.size() < 2) return pdu_error("bind_nak", counted(body.size(), "bytes"));
    return BindNak{load<std::uint16_t>(body, 0)};
}

std::vector<std::uint8_t> build_bind(const Bind& bind) {
    auto pdu = with_room_for_header();
    put(pdu, bind.max_transmit);
    put(pdu, bind.max_receive);
    put(pdu, bind.group);
    put(pdu, static_cast<std::uint32_t>(bind.items.size() & 0xff));
    for (const auto& item : bind.items) {
        put(pdu, item.id);
        put(pdu, static_cast<std::uint16_t>(item.transfer.size() & 0xff));
        put_syntax(pdu, item.abstract);
        for (const auto& syntax : item.transfer)
            put_syntax(pdu, syntax);
    }
    return pdu;
}

std::vector<std::uint8_t> build_bind_ack(const BindAck& ack) {
    auto pdu = with_room_for_header();
    put(pdu, ack.max_transmit);
    put(pdu, ack.max_receive);
    put(pdu, ack.group);
    if (ack.secondary_address.empty()) {
        put(pdu, std::uint16_t{0});
    } else {
        put(pdu, static_cast<std::uint16_t>(ack.secondary_address.size() + 1));
        pdu.insert(pdu.end(), ack.secondary_address.begin(), ack.secondary_address.end());
        pdu.push_back(0);
    }
    pad_to_4(pdu);
    put(pdu, static_cast<std::uint32_t>(ack.results.size() & 0xff));
    for (const auto& result : ack.results) {
        put(pdu, result.result);
        put(pdu, result.reason);
        put_syntax(pdu, result.transfer);
    }
    return pdu;
}

std::vector<std::uint8_t> build_bind_nak(const BindNak& nak) {
    auto pdu = with_room_for_header();
    put(pdu, nak.reason);
    pdu.insert(pdu.end(), {2, 5, 0, 5, 1});
    pad_to_4(pdu);
    return pdu;
}

Result<Request> parse_request(const Header& header, Bytes pdu) {
    const bool has_object = (header.flags & pfc::object) != 0;
    Request request;
    request.stub = request_header_size + (has_object ? object_size : 0);
    if (end_of_body(header, pdu) < request.stub)
        return pdu_error("request", counted(pdu.size(), "bytes"));
    request.alloc_hint = load<std::uint32_t>(pdu, 16);
    request.context = load<std::uint16_t>(pdu, 20);
    request.opnum = load<std::uint16_t>(pdu, 22);
    if (has_object) request.object = load_guid(pdu, request_header_size);
    return request;
}

Result<Response> parse_response(const Header& header, Bytes pdu) {
    if (end_of_body(header, pdu) < response_header_size)
        return pdu_error("response", counted(pdu.size(), "bytes"));
    return Response{load<std::uint32_t>(pdu, 16), load<std::uint16_t>(pdu, 20),
                    response_header_size};
}

Result<Fault> parse_fault(const Header& header, Bytes pdu) {
    // C706 has four reserved bytes after the status; some leave them out.
    if (end_of_body(header, pdu) < fault_header_size - 4)
        return pdu_error("fault", counted(pdu.size(), "bytes"));
    return Fault{load<std::uint16_t>(pdu, 20), load<std::uint32_t>(pdu, 24)};
}

std::vector<std::uint8_t> build_fault(const Header& header, const Fault& fault) {
    std::vector<std::uint8_t> pdu(fault_header_size);
    store(std::span(pdu), 16, std::uint32_t{fault_header_size}); // alloc_hint, as others send it
    store(std::span(pdu), 20, fault.context);
    store(std::span(pdu), 24, fault.status);
    store_header(pdu, header);
    return pdu;
}

} // namespace mpapi::rpc
