// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a packet of a neighbour says about an IP address, whatever protocol it says it in. This is
// all that conflict detection and defence know of the network.
#pragma once

#include "failover/address/hardware.hpp"
#include "failover/address/ip.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mpapi::failover {

using Nonce = std::array<std::uint8_t, 6>; // RFC 3971 5.3.2, RFC 7527 4.1

struct Claim {
    enum class Kind {
        Use,  // "I have it"
        Probe // "does anybody have it? I want it"
    };

    Ip address;
    Kind kind = Kind::Use;
    HardwareAddress from;
    bool marked = false;        // sent by this software
    std::optional<Nonce> nonce; // of a neighbour solicitation
    bool answer = false;        // to who has no address, as who probes

    bool operator==(const Claim&) const = default;
};

// What our packets carry after the protocol's own fields, so that two nodes that run this software
// know each other, and one of them yields. Others pass over it: ARP has a length of its own and
// frames are padded behind it anyway, and a neighbour discovery option of an unknown type is
// ignored (RFC 4861 4.6). As many bytes as pad an ARP packet to the shortest Ethernet frame.
inline constexpr std::string_view kMark = "mpapi/ipfailover/1";
static_assert(kMark.size() == 18);

} // namespace mpapi::failover
