// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/unique_ids.hpp"

#include "clusprep/interfaces/packed.hpp"

#include <algorithm>

namespace mpapi::csvp {

namespace {

// Any number does, as long as every server of one kind says the same (MS-CSVP 2.2.8). This one is
// what other servers send: the size of the structure with one byte of identifiers.
constexpr std::uint32_t version = 16;
constexpr std::size_t descriptor_header = 12;
constexpr std::size_t identifier_header = 16;

std::size_t padded(std::size_t length) {
    return (length + 3) / 4 * 4;
}

bool fits(const UniqueId& id) {
    return padded(identifier_header + id.identifier.size()) <= 0xffff;
}

Error refused(std::string reason) {
    return {"read STORAGE_DEVICE_ID_DESCRIPTOR", "", std::move(reason)};
}

} // namespace

std::vector<std::uint8_t> encode_unique_ids(const std::vector<UniqueId>& ids) {
    std::size_t size = descriptor_header;
    std::size_t last = 0; // behind the last one that fits
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!fits(ids[i])) continue;
        size = padded(size) + identifier_header + ids[i].identifier.size();
        last = i + 1;
        ++count;
    }
    PackedWriter writer(size);
    writer.u32(version);
    writer.u32(static_cast<std::uint32_t>(size));
    writer.u32(count);
    for (std::size_t i = 0; i < last; ++i) {
        const UniqueId& id = ids[i];
        if (!fits(id)) continue;
        const std::size_t length = identifier_header + id.identifier.size();
        const bool more = i + 1 < last;
        writer.u32(id.code_set);
        writer.u32(id.type);
        writer.u16(static_cast<std::uint16_t>(id.identifier.size()));
        writer.u16(more ? static_cast<std::uint16_t>(padded(length)) : std::uint16_t{0});
        writer.u32(id.association);
        writer.bytes(id.identifier);
        if (more) writer.zeros(padded(length) - length);
    }
    return std::move(writer).take();
}

Result<std::vector<UniqueId>> decode_unique_ids(std::span<const std::uint8_t> bytes) {
    PackedReader header(bytes);
    header.u32();
    const std::uint32_t size = header.u32();
    const std::uint32_t count = header.u32();
    if (header.failed() || size < descriptor_header || size > bytes.size())
        return refused(std::to_string(bytes.size()) + " bytes, " + std::to_string(size) +
                       " announced");
    auto rest = bytes.subspan(descriptor_header, size - descriptor_header);
    if (count > rest.size() / identifier_header)
        return refused(std::to_string(count) + " identifiers in " + std::to_string(rest.size()) +
                       " bytes");
    std::vector<UniqueId> ids;
    ids.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        PackedReader reader(rest);
        const std::uint32_t code_set = reader.u32();
        const std::uint32_t type = reader.u32();
        const std::size_t length = reader.u16();
        const std::size_t next = reader.u16();
        const std::uint32_t association = reader.u32();
        const auto value = reader.bytes(length);
        if (reader.failed())
            return refused("identifier " + std::to_string(i + 1) + " ends beyond the structure");
        if (code_set > 0xf || type > 0xf || association > 3)
            return refused("identifier " + std::to_string(i + 1) +
                           " holds a number that SPC-3 7.6.3.1 has no room for");
        ids.push_back({static_cast<std::uint8_t>(code_set),
                       static_cast<std::uint8_t>(type),
                       static_cast<std::uint8_t>(association),
                       {value.begin(), value.end()}});
        if (i + 1 == count) break;
        if (next < reader.offset() || next > rest.size())
            return refused("identifier " + std::to_string(i + 1) + " says the next is at " +
                           std::to_string(next));
        rest = rest.subspan(next);
    }
    return ids;
}

} // namespace mpapi::csvp
