// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/packet.hpp"

#include "discovery/wire/mailslot_write.hpp"

namespace mpapi::discovery {

Result<Octets> make_packet(Datagram datagram, std::string_view mailslot, OctetView message) {
    auto smb = make_mailslot_write(mailslot, message);
    if (!smb) return smb;
    datagram.data = *std::move(smb);
    return make_datagram(datagram);
}

} // namespace mpapi::discovery
