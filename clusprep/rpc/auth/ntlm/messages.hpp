// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The three messages of NTLM (MS-NLMP 2.2.1) and the NTLMv2 response in the third (2.2.2.7).
//
// NTLMv2 is all there is: a response of another length is NTLMv1 or LM and is refused here, before
// any key is looked up; so are OEM character sets and names that are no text. What a message points
// to must lie inside it and behind its fixed part; that two fields name the same bytes is allowed,
// for nothing is written to them. The domain and workstation of a NEGOTIATE serve nothing and are
// not looked at, nor are the version fields. Pure functions; the views in a result are into what
// was parsed.
#pragma once

#include "common/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::rpc::ntlm {

using Bytes = std::span<const std::uint8_t>;
using Key = std::array<std::uint8_t, 16>;
using Challenge = std::array<std::uint8_t, 8>;

constexpr std::size_t kMostMessage = 16384; // ours are under 1 KiB; Windows caps a field at 64 KiB
constexpr std::size_t kMostName = 256;      // UTF-16 code units
constexpr std::size_t kMostAvPairs = 64;

// AvId, MS-NLMP 2.2.2.1.
enum class AvId : std::uint16_t {
    End = 0,
    NetbiosComputer = 1,
    NetbiosDomain = 2,
    DnsComputer = 3,
    DnsDomain = 4,
    DnsTree = 5,
    Flags = 6,
    Timestamp = 7,
    SingleHost = 8,
    TargetName = 9,
    ChannelBindings = 10,
};
constexpr std::uint32_t kAvMicProvided = 0x2;

struct AvPair {
    AvId id = AvId::End;
    Bytes value;
};

// Up to MsvAvEOL, which must be there; what follows it (padding) is not looked at.
Result<std::vector<AvPair>> parse_av_pairs(Bytes bytes);
// With the MsvAvEOL.
std::vector<std::uint8_t> build_av_pairs(std::span<const AvPair> pairs);
// The value of the first that has this id.
std::optional<Bytes> find_av(std::span<const AvPair> pairs, AvId id);

struct Negotiate {
    std::uint32_t flags = 0;
};
Result<Negotiate> parse_negotiate(Bytes message);
std::vector<std::uint8_t> build_negotiate(std::uint32_t flags);

struct ChallengeMessage {
    std::uint32_t flags = 0;
    Challenge server_challenge{};
    std::u16string target_name;
    Bytes target_info; // AV pairs, not yet parsed
};
Result<ChallengeMessage> parse_challenge(Bytes message);
std::vector<std::uint8_t> build_challenge(const ChallengeMessage& message);

// NTLMv2_RESPONSE and NTLMv2_CLIENT_CHALLENGE.
struct Response {
    Key proof{}; // NTProofStr
    Bytes blob;  // NTLMv2_CLIENT_CHALLENGE as sent, over which the proof is made
    std::uint64_t timestamp = 0;
    Challenge client_challenge{};
    std::vector<AvPair> target_info;
};
Result<Response> parse_response(Bytes bytes);
// The blob alone; the proof is put before it.
std::vector<std::uint8_t> build_blob(std::uint64_t timestamp, const Challenge& client_challenge,
                                     Bytes target_info);

constexpr std::size_t kMicOffset = 72;

struct Authenticate {
    std::uint32_t flags = 0;
    std::u16string domain;
    std::u16string user;
    std::u16string workstation;
    Bytes nt_response;
    Response response; // nt_response parsed
    Key encrypted_session_key{};
    std::optional<Key> mic; // there if the response promises it
};
// Refuses whatever is not NTLMv2 with a user's name and a session key.
Result<Authenticate> parse_authenticate(Bytes message);
// With room for the MIC, which is zero. `nt_response` and the names are used, not `response`.
std::vector<std::uint8_t> build_authenticate(const Authenticate& message);

} // namespace mpapi::rpc::ntlm
