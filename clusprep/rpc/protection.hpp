// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A stub in protected fragments and back (C706 12.6.4.9 and 13.2, MS-RPCE 2.2.2.11 and 3.3.1.5.2).
// Each fragment is sealed by itself and carries its own verifier.
#pragma once

#include "clusprep/rpc/auth/security_context.hpp"
#include "clusprep/rpc/pdu.hpp"

#include <functional>

namespace mpapi::rpc {

// What bind or alter_context agreed on under an auth_context_id.
struct Security {
    AuthType type = AuthType::None;
    AuthLevel level = AuthLevel::None;
    std::uint32_t id = 0;
    SecurityContext* context = nullptr;

    // Whether each PDU has a verifier that covers it. At Connect only the bind has one.
    bool covers_calls() const { return level >= AuthLevel::Call; }
    bool operator==(const Security&) const = default;
};

// Hands out the PDUs that carry `stub`, small ones in one piece, those of a long stub as they are
// made: the peer opens the first while the next are sealed. `head` is header and body of request or
// response up to the stub; of `header` the lengths and the flags for first and last are set here.
// Ends early when `send` returns false.
using SendPdus = std::function<bool(std::vector<std::uint8_t>)>;
Status send_fragments(const SendPdus& send, Header header, Bytes head, Bytes stub,
                      std::size_t max_fragment, const Security& security);

// Appends a PDU without stub and its verifier, which carries a token and protects nothing.
Status append_with_token(std::vector<std::uint8_t>& out, std::vector<std::uint8_t> pdu,
                         Header header, const Security& security, Bytes token);

// Unseals and verifies in place; what is left are the bytes of the stub. `stub` is its offset.
Result<Bytes> open_fragment(std::span<std::uint8_t> pdu, std::size_t stub,
                            const std::optional<Verifier>& verifier, const Security& security);

} // namespace mpapi::rpc
