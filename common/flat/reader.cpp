// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/flat/reader.hpp"

namespace mpapi::flat {

Result<Reader> Reader::open(std::span<const std::byte> bytes, std::uint64_t build) {
    auto refuse = [](const char* reason) { return Error{"read a snapshot", "", reason, 0}; };
    if (bytes.size() < sizeof(Header)) return refuse("it is shorter than its header");
    const Reader reader(bytes);
    const Header& header = reader.header();
    if (header.magic != kMagic) return refuse("it is no snapshot");
    if (header.layout != kLayout || header.header_size != sizeof(Header) || header.build != build)
        return refuse("it was written by another version of the daemon");
    if (header.total_size != bytes.size()) return refuse("it was cut off");

    auto fits = [&](const Table& table, std::size_t record_size) {
        const std::uint64_t offset = table.offset;
        return table.record_size == record_size && offset <= bytes.size() &&
               table.count <= (bytes.size() - offset) / record_size;
    };
    const bool good =
        fits(header.plugins, sizeof(Plugin)) && fits(header.load_balances, sizeof(LoadBalance)) &&
        fits(header.products, sizeof(DeviceProduct)) &&
        fits(header.initiator_ports, sizeof(InitiatorPort)) &&
        fits(header.target_ports, sizeof(TargetPort)) && fits(header.units, sizeof(LogicalUnit)) &&
        fits(header.groups, sizeof(TargetPortGroup)) && fits(header.paths, sizeof(Path)) &&
        fits(header.disks, sizeof(Disk)) && fits(header.settings, sizeof(Setting)) &&
        fits(header.texts, sizeof(Text)) && fits(header.numbers, sizeof(U64)) &&
        fits(header.strings, 1);
    if (!good) return refuse("a table ends beyond it");
    return reader;
}

std::string_view Reader::text(const Text& text) const {
    const Table& strings = header().strings;
    const std::size_t offset = text.offset;
    const std::size_t length = text.length;
    if (offset > strings.count || length > strings.count - offset) return {};
    return {at<char>(static_cast<std::size_t>(strings.offset) + offset), length};
}

} // namespace mpapi::flat
