// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Protocol towers (C706 appendix L, identifiers of appendix I): by which interface, transfer
// syntax, protocol, port and address something is called, one floor each, as an octet string in
// which only ports and addresses are big-endian. Only the five floors of ncacn_ip_tcp are known;
// there is no floor for IPv6 addresses, so such an endpoint is told with address 0.0.0.0, which
// clients replace by the one that they have dialled.
#pragma once

#include "clusprep/rpc/syntax.hpp"
#include "common/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::dcom {

struct Tower {
    rpc::SyntaxId interface;
    rpc::SyntaxId transfer = rpc::ndr_syntax;
    std::uint16_t port = 0;                // 0 in a question: any
    std::array<std::uint8_t, 4> address{}; // of IPv4
    bool operator==(const Tower&) const = default;
};

std::vector<std::uint8_t> build_tower(const Tower& tower);

// Fails on what is short, has bytes behind its floors, or has other floors.
Result<Tower> parse_tower(std::span<const std::uint8_t> bytes);

} // namespace mpapi::dcom
