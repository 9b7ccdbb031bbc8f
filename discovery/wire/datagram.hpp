// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The NetBIOS datagram service (RFC 1002 4.4): a header of 14 bytes, source name, destination name,
// user data. Of its packets these three carry data; the others (errors, and queries of a
// distribution server) are refused.
//
// We neither send nor put together fragments (RFC 1002 4.4.1, FIRST and MORE): a mailslot message
// of MS-ISTD is smaller than what a packet holds, 576 bytes with header and names. The source
// address in the header is not used: answers go where a packet came from. Pure.
#pragma once

#include "common/result.hpp"
#include "discovery/wire/netbios_name.hpp"
#include "discovery/wire/octets.hpp"

namespace mpapi::discovery {

inline constexpr std::uint16_t kDatagramPort = 138;
inline constexpr std::size_t kLargestDatagram = 576; // RFC 1002 4.4.1, without IP and UDP

struct Datagram {
    enum class Type : std::uint8_t { DirectUnique = 0x10, DirectGroup = 0x11, Broadcast = 0x12 };

    Type type = Type::DirectUnique;
    std::uint16_t id = 0;
    std::uint32_t source_address = 0; // IPv4, as a number: 10.0.0.1 is 0x0a000001
    std::uint16_t source_port = kDatagramPort;
    NetbiosName source, destination;
    Octets data;

    bool operator==(const Datagram&) const = default;
};

// `object` of the error is "NetBIOS datagram" or, where it is one of the kinds that we leave alone,
// the reason says so. A packet that is longer than its length says is cut off there.
Result<Datagram> parse_datagram(OctetView packet);

// Fails where the data does not fit.
Result<Octets> make_datagram(const Datagram& datagram);

} // namespace mpapi::discovery
