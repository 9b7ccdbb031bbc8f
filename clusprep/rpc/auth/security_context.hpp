// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a connection needs of an authentication mechanism, either side of it: the exchange of
// tokens, who the peer is, and the protection of each PDU (C706 13, MS-RPCE 2.2.1.1.7 and 3.3.1.5).
//
// Everything is called on the loop's thread. A context belongs to one connection and one
// auth_context_id; the order of protect() and of unprotect() calls is the order of the PDUs on the
// wire, for both count.
//
// Legs. On the side that begins, step() with no token makes the first one. After each step:
//   - not complete(): the token goes out in bind or alter_context (server: bind_ack or
//     alter_context_resp) and an answer is expected;
//   - complete() and a token on the client: it goes out in rpc_auth_3, which has no answer;
//   - complete() and a token on the server: it goes out in the answer;
//   - complete() and no token: nothing is left to send (an answer that is owed carries none).
#pragma once

#include "clusprep/rpc/peer_address.hpp"
#include "common/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mpapi::rpc {

// auth_type, MS-RPCE 2.2.1.1.7. Others (Schannel, Netlogon) exist and are refused.
enum class AuthType : std::uint8_t { None = 0, Spnego = 9, Ntlm = 10, Kerberos = 16 };

// auth_level, MS-RPCE 2.2.1.1.8. Call means Packet on a connection (C706 13.1.2.1). Packet is
// protected like Integrity: every mechanism here signs the whole of it.
enum class AuthLevel : std::uint8_t {
    None = 1,
    Connect = 2,
    Call = 3,
    Packet = 4,
    Integrity = 5,
    Privacy = 6,
};

// Who was authenticated.
struct Principal {
    std::string name;                    // "DOMAIN\\user", "user@REALM"; UTF-8
    std::vector<std::string> groups;     // SIDs ("S-1-5-…", the account's own first) or names
    AuthType mechanism = AuthType::None; // Ntlm or Kerberos, also within SPNEGO

    bool operator==(const Principal&) const = default;
};

class SecurityContext {
  public:
    using Token = std::vector<std::uint8_t>;
    using StepDone = std::function<void(Result<Token>)>;

    SecurityContext() = default;
    SecurityContext(const SecurityContext&) = delete;
    SecurityContext& operator=(const SecurityContext&) = delete;
    virtual ~SecurityContext() = default;

    // The peer's token; empty to begin, on the initiator only. `token` is not used after the call
    // returned. `done` gets our next token, from within the call or later from the loop; it is not
    // called any more once the context is gone, and may destroy it. One step at a time. After an
    // error the context is of no use. The error's text is for our log: the peer learns nothing but
    // that access was denied. A step on a complete context is an error and leaves it complete
    // (clients do repeat stale tokens; they are to be ignored).
    virtual void step(std::span<const std::uint8_t> token, StepDone done) = 0;

    virtual bool complete() const = 0;

    // Of the peer on an acceptor; on an initiator ourselves as far as known. complete() only.
    virtual const Principal& principal() const = 0;

    // Whether bind and bind_ack agreed on PFC_SUPPORT_HEADER_SIGN (MS-RPCE 2.2.2.3); before the
    // first protect() or unprotect(). NTLM signs the header in any case.
    virtual void sign_header(bool negotiated) = 0;

    // Bytes of auth_value for a PDU whose stub and padding have `data_length` bytes, at Packet and
    // above. complete() only; the same for every PDU of that length.
    virtual std::size_t signature_length(AuthLevel level, std::size_t data_length) const = 0;

    // `pdu` is the whole PDU from its header to the end of the sec_trailer, without the auth_value,
    // frag_length and auth_length already set; [offset, offset + length) are stub and padding,
    // sealed in place at Privacy. `signature` has signature_length() bytes and does not overlap
    // `pdu`, though it may follow it directly. An error of unprotect() means that the PDU is not
    // the peer's: its bytes are then undefined and the context is of no use.
    virtual Status protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                           std::size_t length, std::span<std::uint8_t> signature) = 0;
    virtual Status unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                             std::size_t length, std::span<const std::uint8_t> signature) = 0;
};

// The server's side. Outlives the contexts it made.
class Acceptors {
  public:
    virtual ~Acceptors() = default;
    // Failed attempts are counted by `peer`. Fails for a mechanism that is not offered (answered
    // with bind_nak or alter_context's fault).
    virtual Result<std::unique_ptr<SecurityContext>> accept(AuthType type,
                                                            const PeerAddress& peer) = 0;
};

// The client's side. Outlives the contexts it made.
class Initiators {
  public:
    virtual ~Initiators() = default;
    // `target_host` as the user named it; Kerberos makes its service principal of it.
    virtual Result<std::unique_ptr<SecurityContext>> initiate(AuthType type,
                                                              const std::string& target_host) = 0;
};

} // namespace mpapi::rpc
