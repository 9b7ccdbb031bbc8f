// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A packet that arrived, opened: what the layers of the wire say of it. Pure.
#pragma once

#include "common/result.hpp"
#include "discovery/wire/datagram.hpp"
#include "discovery/wire/mailslot_write.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::discovery {

struct Arrival {
    std::uint32_t from = 0; // IPv4, the sender's by the IP header
    int interface = 0;      // index; 0 where it is not known
    OctetView packet;       // as long as the call that hands it on
};

struct Mail {
    std::uint32_t from = 0;
    int interface = 0;
    Datagram::Type type = Datagram::Type::DirectUnique;
    NetbiosName destination;
    MailslotWrite write;

    bool to(std::string_view mailslot) const;
};

Result<Mail> open_mail(const Arrival& arrival);

// The names that mail for this machine bears: its own, and those of the groups that it is in, each
// with the suffix <00>; and "*", which is everybody's (RFC 1001 15.1.2).
struct Addressee {
    NetbiosName own;
    std::vector<NetbiosName> groups;

    bool takes(const Mail& mail) const;
};

} // namespace mpapi::discovery
