// SPDX-License-Identifier: LGPL-2.1-or-later
//
// DUALSTRINGARRAY (MS-DCOM 2.2.19): by which addresses an object exporter or resolver is reached,
// and by which authentication services. It stands in two frames: packed within an OBJREF
// (2.2.19.1), and as a conformant structure in NDR (2.2.19.2). What both have in common, the
// 16-bit entries, is read and written here.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mpapi::dcom {

// Protocol identifiers of towers and string bindings (MS-DCOM 2.2.19.3, C706 appendix I).
constexpr std::uint16_t kTcpTower = 0x07; // ncacn_ip_tcp

struct StringBinding {
    std::uint16_t tower = kTcpTower;
    std::string address; // UTF-8: "192.0.2.1[49152]", "node1.example"
    bool operator==(const StringBinding&) const = default;
};

struct SecurityBinding {
    std::uint16_t service = 0; // auth_type (MS-RPCE 2.2.1.1.7)
    std::string principal;     // UTF-8; usually empty
    bool operator==(const SecurityBinding&) const = default;
};

struct DualStringArray {
    std::vector<StringBinding> strings;
    std::vector<SecurityBinding> security;
    bool operator==(const DualStringArray&) const = default;
};

// aStringArray with both halves and their ends, and where the second half begins.
struct DualStringEntries {
    std::vector<std::uint16_t> entries; // wNumEntries of them
    std::uint16_t security_offset = 0;  // wSecurityOffset
    bool operator==(const DualStringEntries&) const = default;
};

// Bindings that do not fit 65535 entries are left out, last ones first.
DualStringEntries to_entries(const DualStringArray& bindings);

// Of a peer: fails on an offset outside the entries, on a half without its end, on text that is no
// UTF-16 and on more than 256 bindings. What stands behind the end of a half is ignored, as are
// bindings of unknown towers: they are given back as they are.
Result<DualStringArray> from_entries(std::span<const std::uint16_t> entries,
                                     std::uint16_t security_offset);

// The address and the port of a string binding: "192.0.2.1[49152]", "fe80::1[135]" and names.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0; // 0: none was given
    bool operator==(const Endpoint&) const = default;
};
Result<Endpoint> endpoint_of(const std::string& address);

} // namespace mpapi::dcom
