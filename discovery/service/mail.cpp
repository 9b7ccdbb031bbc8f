// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/mail.hpp"

#include "discovery/wire/ascii.hpp"

#include <algorithm>

namespace mpapi::discovery {

namespace {

// "*", which Windows and Samba fill up with NULs, where other names have spaces.
bool is_everybody(std::string_view name) {
    return name.starts_with('*') &&
           std::all_of(name.begin() + 1, name.end(), [](char c) { return c == '\0' || c == ' '; });
}

} // namespace

bool Mail::to(std::string_view mailslot) const {
    return same_name(write.mailslot, mailslot);
}

Result<Mail> open_mail(const Arrival& arrival) {
    const auto datagram = parse_datagram(arrival.packet);
    if (!datagram) return datagram.error();
    auto write = parse_mailslot_write(datagram->data);
    if (!write) return std::move(write).error();
    return Mail{arrival.from, arrival.interface, datagram->type, datagram->destination,
                *std::move(write)};
}

bool Addressee::takes(const Mail& mail) const {
    const auto is = [&](const NetbiosName& name) {
        return name.suffix == mail.destination.suffix &&
               same_name(name.text, mail.destination.text);
    };
    switch (mail.type) {
    case Datagram::Type::DirectUnique:
        return is(own);
    case Datagram::Type::DirectGroup:
        return std::any_of(groups.begin(), groups.end(), is);
    case Datagram::Type::Broadcast:
        return is_everybody(mail.destination.text);
    }
    return false;
}

} // namespace mpapi::discovery
