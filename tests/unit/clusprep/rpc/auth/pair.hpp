// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Both sides of a mechanism against each other, as a connection would drive them.
#pragma once

#include "clusprep/rpc/auth/security_context.hpp"
#include "tests/unit/clusprep/rpc/auth/hex.hpp"

#include <numeric>
#include <optional>

namespace mpapi::rpc::test {

using Token = SecurityContext::Token;

// A step that is answered from within the call.
inline Result<Token> step(SecurityContext& context, std::span<const std::uint8_t> token) {
    std::optional<Result<Token>> answer;
    context.step(token, [&](Result<Token>&& result) { answer.emplace(std::move(result)); });
    if (!answer) fail_msg("the step was not answered at once");
    return std::move(*answer);
}

// Until both are complete or one fails. `tamper` may change each token on its way.
inline Status exchange(SecurityContext& initiator, SecurityContext& acceptor,
                       const std::function<void(int leg, Token&)>& tamper = {}) {
    Token token;
    for (int leg = 0; leg < 8; ++leg) {
        SecurityContext& side = leg % 2 == 0 ? initiator : acceptor;
        if (leg > 0 && side.complete() && token.empty()) break;
        auto next = step(side, token);
        if (!next) return std::move(next).error();
        token = std::move(*next);
        if (tamper) tamper(leg, token);
        if (initiator.complete() && acceptor.complete() && token.empty()) break;
    }
    if (!initiator.complete() || !acceptor.complete())
        return Error{"exchange tokens", "", "it came to no end"};
    return Done{};
}

struct Pdu {
    std::vector<std::uint8_t> bytes; // header, stub, trailer, signature
    std::size_t signature = 0;
    static constexpr std::size_t header = 24, trailer = 8;

    std::size_t body() const { return bytes.size() - signature; }
    std::size_t stub() const { return body() - header - trailer; }
};

inline Pdu protect(SecurityContext& context, AuthLevel level, std::size_t stub) {
    Pdu pdu;
    pdu.signature = context.signature_length(level, stub);
    pdu.bytes.resize(Pdu::header + stub + Pdu::trailer + pdu.signature);
    std::iota(pdu.bytes.begin(), pdu.bytes.begin() + static_cast<std::ptrdiff_t>(pdu.body()),
              std::uint8_t{1});
    const std::span<std::uint8_t> all(pdu.bytes);
    assert_ok(
        context.protect(level, all.first(pdu.body()), Pdu::header, stub, all.subspan(pdu.body())));
    return pdu;
}

inline Status unprotect(SecurityContext& context, AuthLevel level, Pdu& pdu) {
    const std::span<std::uint8_t> all(pdu.bytes);
    return context.unprotect(level, all.first(pdu.body()), Pdu::header, pdu.stub(),
                             all.subspan(pdu.body()));
}

// Sealed at Privacy, readable at Integrity, whole again at the other end, `count` times.
inline void assert_carries(SecurityContext& from, SecurityContext& to, int count = 20) {
    for (int i = 0; i < count; ++i)
        for (const AuthLevel level : {AuthLevel::Privacy, AuthLevel::Integrity}) {
            const std::size_t stub = static_cast<std::size_t>(i) * 16;
            Pdu pdu = protect(from, level, stub);
            std::vector<std::uint8_t> plain(pdu.body());
            std::iota(plain.begin(), plain.end(), std::uint8_t{1});
            const std::vector<std::uint8_t> sent(
                pdu.bytes.begin(), pdu.bytes.begin() + static_cast<std::ptrdiff_t>(pdu.body()));
            assert_int_equal(sent == plain, level == AuthLevel::Integrity || stub == 0);
            assert_ok(unprotect(to, level, pdu));
            assert_memory_equal(pdu.bytes.data(), plain.data(), plain.size());
        }
}

// One changed byte in the stub or signature, and (if it is signed) in header or trailer.
inline void assert_notices_byte(SecurityContext& from, SecurityContext& to, std::size_t place) {
    Pdu pdu = protect(from, AuthLevel::Privacy, 64);
    pdu.bytes[place] ^= 1;
    assert_false(unprotect(to, AuthLevel::Privacy, pdu).has_value());
}

} // namespace mpapi::rpc::test
