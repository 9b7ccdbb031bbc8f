// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/command.hpp"

#include <charconv>
#include <cstdio>

namespace mpapi::client {
namespace {

// All of it, and nothing else.
bool parse_number(std::string_view text, int base, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc() && end == text.data() + text.size();
}

} // namespace

Result<csvp::DiskId> parse_disk(const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::string kind = colon == std::string::npos ? "number" : text.substr(0, colon);
    std::string_view rest = text;
    if (colon != std::string::npos) rest.remove_prefix(colon + 1);
    std::uint32_t number = 0;
    if (kind == "number" && parse_number(rest, 10, number)) return csvp::DiskId::of_number(number);
    if (kind == "signature") {
        if (rest.starts_with("0x")) rest.remove_prefix(2);
        if (parse_number(rest, 16, number)) return csvp::DiskId::of_signature(number);
    }
    if (kind == "guid")
        if (const auto guid = ndr::parse_guid(rest)) return csvp::DiskId::of_guid(*guid);
    return Error{"read disk", text, "expected a number, signature:HEX or guid:UUID"};
}

std::string text(const csvp::DiskId& disk) {
    char digits[9];
    switch (disk.type) {
    case csvp::DiskIdType::Signature:
        std::snprintf(digits, sizeof digits, "%08x", disk.number);
        return std::string("signature:") + digits;
    case csvp::DiskIdType::Guid:
        return "guid:" + disk.guid.text();
    case csvp::DiskIdType::Number:
        return "number:" + std::to_string(disk.number);
    case csvp::DiskIdType::Unknown:
        break;
    }
    return "unknown";
}

Result<Sector> parse_sector(const std::string& text) {
    if (text == "x") return Sector{Sector::Which::X, 0};
    if (text == "y") return Sector{Sector::Which::Y, 0};
    Sector sector{Sector::Which::Number, 0};
    if (parse_number(text, 10, sector.number)) return sector;
    return Error{"read sector", text, "expected a number, x or y"};
}

Result<std::vector<std::uint8_t>> parse_hex(const std::string& text) {
    std::vector<std::uint8_t> bytes;
    if (text.size() % 2 != 0) return Error{"read bytes", text, "expected pairs of digits"};
    for (std::size_t at = 0; at < text.size(); at += 2) {
        std::uint32_t byte = 0;
        if (!parse_number(std::string_view(text).substr(at, 2), 16, byte))
            return Error{"read bytes", text, "expected hexadecimal digits"};
        bytes.push_back(static_cast<std::uint8_t>(byte));
    }
    return bytes;
}

} // namespace mpapi::client
