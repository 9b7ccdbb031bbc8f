// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/datagram.hpp"

namespace mpapi::discovery {

namespace {

constexpr std::size_t kHeader = 14;
constexpr std::uint8_t kMore = 0x01, kFirst = 0x02; // the node type above them: 0, a B node

Error wrong(const char* why) {
    return {"read", "NetBIOS datagram", why};
}

} // namespace

Result<Datagram> parse_datagram(OctetView packet) {
    if (packet.size() < kHeader) return wrong("it ends within its header");
    Datagram datagram;
    switch (packet[0]) {
    case static_cast<std::uint8_t>(Datagram::Type::DirectUnique):
    case static_cast<std::uint8_t>(Datagram::Type::DirectGroup):
    case static_cast<std::uint8_t>(Datagram::Type::Broadcast):
        datagram.type = static_cast<Datagram::Type>(packet[0]);
        break;
    default:
        return wrong("it is of a kind that carries no data");
    }
    const std::uint8_t flags = packet[1];
    datagram.id = big16(packet, 2);
    datagram.source_address = big32(packet, 4);
    datagram.source_port = big16(packet, 8);
    const std::size_t length = big16(packet, 10); // of names and data
    if ((flags & kMore) != 0 || (flags & kFirst) == 0 || big16(packet, 12) != 0)
        return wrong("it is a fragment");
    if (length > packet.size() - kHeader) return wrong("it is shorter than it says");
    OctetView rest = packet.subspan(kHeader, length);
    const auto source = parse_netbios_name(rest);
    if (!source) return source.error();
    rest = rest.subspan(source->size);
    const auto destination = parse_netbios_name(rest);
    if (!destination) return destination.error();
    rest = rest.subspan(destination->size);
    datagram.source = source->name;
    datagram.destination = destination->name;
    datagram.data.assign(rest.begin(), rest.end());
    return datagram;
}

Result<Octets> make_datagram(const Datagram& datagram) {
    Octets names;
    append_netbios_name(names, datagram.source);
    append_netbios_name(names, datagram.destination);
    const std::size_t length = names.size() + datagram.data.size();
    if (kHeader + length > kLargestDatagram)
        return Error{"make", "NetBIOS datagram", "it would be larger than 576 bytes"};
    Octets packet;
    packet.reserve(kHeader + length);
    packet.push_back(static_cast<std::uint8_t>(datagram.type));
    packet.push_back(kFirst);
    append_big16(packet, datagram.id);
    append_big32(packet, datagram.source_address);
    append_big16(packet, datagram.source_port);
    append_big16(packet, static_cast<std::uint16_t>(length));
    append_big16(packet, 0);
    append(packet, names);
    append(packet, datagram.data);
    return packet;
}

} // namespace mpapi::discovery
