// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NetBIOS names and their first-level encoding (RFC 1001 14.1, RFC 1002 4.1): fifteen characters,
// filled with spaces, and a byte that says what the name is for, each byte as two letters "A" to
// "P"; then the labels of a scope, if there is one, and a zero.
//
// A pointer to a name elsewhere in the packet is refused: the names of a datagram come first, so
// there is nothing before them to point to (RFC 1002 4.4.2 shows none). A scope is passed over:
// names are ours or not by themselves, as Windows and Samba have it. Pure.
#pragma once

#include "common/result.hpp"
#include "discovery/wire/octets.hpp"

#include <string>
#include <string_view>

namespace mpapi::discovery {

struct NetbiosName {
    static constexpr std::size_t kLongest = 15;
    static constexpr std::uint8_t kWorkstation = 0x00; // "<00>": a computer, or a group of them

    std::string text; // 15 bytes at most, without the spaces at its end
    std::uint8_t suffix = kWorkstation;

    bool operator==(const NetbiosName&) const = default;

    // "WORKGROUP<00>"; bytes that are no printable ASCII as "?".
    std::string shown() const;
};

// Cut to 15 characters, ASCII in upper case.
NetbiosName workstation_name(std::string_view computer);

struct ParsedName {
    NetbiosName name;
    std::size_t size = 0; // bytes that it took, the zero at its end with them
};
Result<ParsedName> parse_netbios_name(OctetView bytes);

// 34 bytes; no scope.
void append_netbios_name(Octets& out, const NetbiosName& name);

} // namespace mpapi::discovery
