// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A message of MS-ISTD with all that is around it on the wire: mailslot write in a NetBIOS
// datagram.
#pragma once

#include "common/result.hpp"
#include "discovery/wire/datagram.hpp"
#include "discovery/wire/octets.hpp"

#include <string_view>

namespace mpapi::discovery {

// The datagram's data is made of the mailslot and the message. Errors are those of the two makers.
Result<Octets> make_packet(Datagram datagram, std::string_view mailslot, OctetView message);

} // namespace mpapi::discovery
