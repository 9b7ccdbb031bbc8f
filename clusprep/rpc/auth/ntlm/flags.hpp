// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NEGOTIATE flags, MS-NLMP 2.2.2.5, and which of them we insist on.
#pragma once

#include <cstdint>

namespace mpapi::rpc::ntlm {

constexpr std::uint32_t kUnicode = 0x00000001;
constexpr std::uint32_t kRequestTarget = 0x00000004;
constexpr std::uint32_t kSign = 0x00000010;
constexpr std::uint32_t kSeal = 0x00000020;
constexpr std::uint32_t kNtlm = 0x00000200;
constexpr std::uint32_t kAnonymous = 0x00000800;
constexpr std::uint32_t kAlwaysSign = 0x00008000;
constexpr std::uint32_t kTargetTypeServer = 0x00020000;
constexpr std::uint32_t kExtendedSessionSecurity = 0x00080000;
constexpr std::uint32_t kTargetInfo = 0x00800000;
constexpr std::uint32_t kVersion = 0x02000000;
constexpr std::uint32_t k128Bit = 0x20000000;
constexpr std::uint32_t kKeyExchange = 0x40000000;
constexpr std::uint32_t k56Bit = 0x80000000;

// Without any of these there is no session worth having. Sealing is negotiated apart: a client that
// only signs does not ask for it, and a context without it refuses to work at Privacy.
constexpr std::uint32_t kRequired =
    kUnicode | kSign | kExtendedSessionSecurity | k128Bit | kKeyExchange;

// What an acceptor grants of what it is asked for.
constexpr std::uint32_t kGranted =
    kRequired | kRequestTarget | kSeal | kNtlm | kAlwaysSign | k56Bit | kVersion;

// What an initiator asks for.
constexpr std::uint32_t kAsked =
    kRequired | kRequestTarget | kSeal | kNtlm | kAlwaysSign | kTargetInfo | k56Bit | kVersion;

} // namespace mpapi::rpc::ntlm
