// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two messages of SPNEGO, RFC 4178 4.2 (with MS-SPNG 2.2.1, whose negHints take the place of
// the mechListMIC in a token that a server begins with: it is skipped, for nobody begins so here).
// Pure functions; the views in a result are into what was parsed.
#pragma once

#include "clusprep/rpc/auth/spnego/der.hpp"

#include <optional>
#include <vector>

namespace mpapi::rpc::spnego {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kMostToken = 65535;
constexpr std::size_t kMostMechanisms = 16;

enum class Mechanism {
    Kerberos,   // 1.2.840.113554.1.2.2
    MsKerberos, // 1.2.840.48018.1.2.2, an old slip of one bit that stays valid (MS-SPNG 3.1.5)
    Ntlm,       // 1.3.6.1.4.1.311.2.2.10
};

// nullopt for all others (NegoEx, IAKERB, …).
std::optional<Mechanism> mechanism_of(Bytes oid);
// The content of the OBJECT IDENTIFIER.
Bytes oid_of(Mechanism mechanism);

struct InitToken {
    std::vector<Bytes> mechanisms; // OIDs in the order of preference; at least one
    Bytes mechanism_list;          // as sent, which is what the MIC is made of
    std::optional<Bytes> token;
    std::optional<Bytes> mic;
};
Result<InitToken> parse_init(Bytes bytes);
std::vector<std::uint8_t> build_mechanism_list(std::span<const Mechanism> mechanisms);
std::vector<std::uint8_t> build_init(Bytes mechanism_list, Bytes token);

enum class State : std::uint8_t {
    AcceptCompleted = 0,
    AcceptIncomplete = 1,
    Reject = 2,
    RequestMic = 3,
};

struct RespToken {
    std::optional<State> state;
    std::optional<Bytes> mechanism; // OID
    std::optional<Bytes> token;
    std::optional<Bytes> mic;
};
Result<RespToken> parse_resp(Bytes bytes);
std::vector<std::uint8_t> build_resp(const RespToken& token);

} // namespace mpapi::rpc::spnego
