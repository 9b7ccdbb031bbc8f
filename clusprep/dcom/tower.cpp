// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/tower.hpp"

#include "clusprep/dcom/packed.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace mpapi::dcom {

namespace {

// Protocol identifiers, C706 appendix I.
enum Protocol : std::uint8_t { Tcp = 0x07, Ip = 0x09, ConnectionOriented = 0x0b, Uuid = 0x0d };

Error malformed(std::string reason) {
    return {"parse protocol tower", "", std::move(reason)};
}

struct Floor {
    std::span<const std::uint8_t> left, right;
};

Floor read_floor(PackedReader& reader) {
    Floor floor;
    floor.left = reader.bytes(reader.u16());
    floor.right = reader.bytes(reader.u16());
    return floor;
}

bool read_syntax(const Floor& floor, rpc::SyntaxId& syntax) {
    if (floor.left.size() != 19 || floor.left[0] != Uuid || floor.right.size() != 2) return false;
    PackedReader left(floor.left.subspan(1));
    syntax.uuid = left.guid();
    syntax.major = left.u16();
    syntax.minor = PackedReader(floor.right).u16();
    return true;
}

bool is_protocol(const Floor& floor, Protocol protocol, std::size_t right) {
    return floor.left.size() == 1 && floor.left[0] == protocol && floor.right.size() == right;
}

void write_syntax(PackedWriter& writer, const rpc::SyntaxId& syntax) {
    writer.u16(19);
    writer.u8(Uuid);
    writer.guid(syntax.uuid);
    writer.u16(syntax.major);
    writer.u16(2);
    writer.u16(syntax.minor);
}

void write_floor(PackedWriter& writer, Protocol protocol, std::span<const std::uint8_t> right) {
    writer.u16(1);
    writer.u8(protocol);
    writer.u16(static_cast<std::uint16_t>(right.size()));
    writer.bytes(right);
}

} // namespace

std::vector<std::uint8_t> build_tower(const Tower& tower) {
    PackedWriter writer;
    writer.u16(5);
    write_syntax(writer, tower.interface);
    write_syntax(writer, tower.transfer);
    const std::uint8_t minor_version[] = {0, 0};
    write_floor(writer, ConnectionOriented, minor_version);
    const std::uint8_t port[] = {static_cast<std::uint8_t>(tower.port >> 8),
                                 static_cast<std::uint8_t>(tower.port & 0xff)};
    write_floor(writer, Tcp, port);
    write_floor(writer, Ip, tower.address);
    return std::move(writer).take();
}

Result<Tower> parse_tower(std::span<const std::uint8_t> bytes) {
    PackedReader reader(bytes);
    const std::uint16_t count = reader.u16();
    if (reader.is_short()) return malformed("has no floors");
    if (count != 5) return malformed("has " + std::to_string(count) + " floors, expected 5");
    Floor floors[5];
    for (auto& floor : floors)
        floor = read_floor(reader);
    if (reader.is_short()) return malformed("ends early");
    if (!reader.left().empty()) return malformed("has bytes behind its floors");
    Tower tower;
    if (!read_syntax(floors[0], tower.interface) || !read_syntax(floors[1], tower.transfer))
        return malformed("does not begin with two interface identifiers");
    if (!is_protocol(floors[2], ConnectionOriented, 2) || !is_protocol(floors[3], Tcp, 2) ||
        !is_protocol(floors[4], Ip, tower.address.size()))
        return malformed("is not of ncacn_ip_tcp");
    tower.port = static_cast<std::uint16_t>(floors[3].right[0] << 8 | floors[3].right[1]);
    std::copy(floors[4].right.begin(), floors[4].right.end(), tower.address.begin());
    return tower;
}

} // namespace mpapi::dcom
