// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/protection.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

// Of stub and padding together: a fragment's stub must be a multiple of 8 unless it is the last
// (C706 12.6.3.5), the sec_trailer wants 4, and others use 16.
constexpr std::size_t stub_alignment = 16;

// What is worth a system call of its own.
constexpr std::size_t batch = 48u << 10;

std::size_t aligned(std::size_t size) {
    return (size + stub_alignment - 1) / stub_alignment * stub_alignment;
}

} // namespace

Status send_fragments(const SendPdus& send, Header header, Bytes head, Bytes stub,
                      std::size_t max_fragment, const Security& security) {
    const bool covered = security.covers_calls();
    const std::size_t most_signature =
        covered ? security.context->signature_length(security.level, max_fragment) : 0;
    const std::size_t around =
        head.size() + (covered ? sec_trailer_size + most_signature : 0) + stub_alignment;
    if (max_fragment < around)
        return Error{"write RPC PDU", "",
                     "fragments of " + std::to_string(max_fragment) + " bytes hold no stub"};
    const std::size_t chunk =
        (max_fragment - around) / stub_alignment * stub_alignment + stub_alignment;

    std::vector<std::uint8_t> out;
    out.reserve(std::min(stub.size() + (stub.size() / chunk + 1) * around, batch + max_fragment));
    Bytes rest = stub;
    do {
        const Bytes part = rest.first(std::min(chunk, rest.size()));
        header.flags &= static_cast<std::uint8_t>(~pfc::whole);
        if (rest.size() == stub.size()) header.flags |= pfc::first;
        if (part.size() == rest.size()) header.flags |= pfc::last;
        const std::size_t start = out.size();
        out.insert(out.end(), head.begin(), head.end());
        out.insert(out.end(), part.begin(), part.end());
        std::size_t protected_size = part.size();
        header.auth_length = 0;
        if (covered) {
            protected_size = aligned(part.size());
            const auto padding = static_cast<std::uint8_t>(protected_size - part.size());
            out.resize(out.size() + padding);
            append_trailer(out, {static_cast<std::uint8_t>(security.type),
                                 static_cast<std::uint8_t>(security.level), padding, security.id});
            header.auth_length = static_cast<std::uint16_t>(
                security.context->signature_length(security.level, protected_size));
        }
        const std::size_t size = out.size() - start;
        out.resize(out.size() + header.auth_length);
        const auto pdu = std::span(out).subspan(start, size);
        store_header(pdu, header);
        store(pdu, header_size, static_cast<std::uint32_t>(rest.size())); // alloc_hint
        if (covered) {
            const auto signature = std::span(out).subspan(start + size);
            auto done = security.context->protect(security.level, pdu, head.size(), protected_size,
                                                  signature);
            if (!done) return done;
        }
        rest = rest.subspan(part.size());
        if (out.size() < batch || rest.empty()) continue;
        if (!send(std::exchange(out, {}))) return Done{};
        out.reserve(
            std::min(rest.size() + (rest.size() / chunk + 1) * around, batch + max_fragment));
    } while (!rest.empty());
    (void)send(std::move(out));
    return Done{};
}

Status append_with_token(std::vector<std::uint8_t>& out, std::vector<std::uint8_t> pdu,
                         Header header, const Security& security, Bytes token) {
    if (pdu.size() + sec_trailer_size + token.size() > 0xffff)
        return Error{"write RPC PDU", "",
                     "a token of " + std::to_string(token.size()) + " bytes does not fit"};
    if (!token.empty()) {
        append_trailer(pdu, {static_cast<std::uint8_t>(security.type),
                             static_cast<std::uint8_t>(security.level), 0, security.id});
        header.auth_length = static_cast<std::uint16_t>(token.size());
    }
    store_header(pdu, header);
    out.insert(out.end(), pdu.begin(), pdu.end());
    out.insert(out.end(), token.begin(), token.end());
    return Done{};
}

Result<Bytes> open_fragment(std::span<std::uint8_t> pdu, std::size_t stub,
                            const std::optional<Verifier>& verifier, const Security& security) {
    if (!verifier) {
        if (security.covers_calls()) return Error{"verify RPC PDU", "", "it has no verifier"};
        return Bytes(pdu.subspan(stub));
    }
    if (verifier->trailer.type != static_cast<std::uint8_t>(security.type) ||
        verifier->trailer.level != static_cast<std::uint8_t>(security.level) ||
        verifier->trailer.context != security.id)
        return Error{"verify RPC PDU", "", "its verifier is of another security context"};
    const std::size_t size = verifier->offset - stub;
    if (verifier->trailer.padding > size)
        return Error{"verify RPC PDU", "", "the padding is longer than the stub"};
    if (security.covers_calls()) {
        auto done = security.context->unprotect(security.level,
                                                pdu.first(verifier->offset + sec_trailer_size),
                                                stub, size, verifier->value);
        if (!done) return std::move(done).error();
    }
    return Bytes(pdu.subspan(stub, size - verifier->trailer.padding));
}

} // namespace mpapi::rpc
