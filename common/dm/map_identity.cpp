// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/map_identity.hpp"

#include <charconv>

namespace mpapi::dm {

namespace {

constexpr std::string_view map_prefix = "mpath-";
constexpr std::string_view partition_prefix = "part";

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr bool stays_plain(char c) noexcept {
    const bool letter_or_digit =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return letter_or_digit || std::string_view("#+-.:=@_").find(c) != std::string_view::npos;
}

} // namespace

std::optional<MapUuid> parse_map_uuid(std::string_view uuid) {
    MapUuid result;
    if (uuid.starts_with(partition_prefix)) {
        uuid.remove_prefix(partition_prefix.size());
        std::uint32_t number = 0;
        const char* const end = uuid.data() + uuid.size();
        const auto parsed = std::from_chars(uuid.data(), end, number);
        if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != '-' || number == 0)
            return std::nullopt;
        uuid.remove_prefix(static_cast<std::size_t>(parsed.ptr - uuid.data()) + 1);
        result.partition = number;
    }
    if (!uuid.starts_with(map_prefix) || uuid.size() == map_prefix.size()) return std::nullopt;
    result.wwid = uuid.substr(map_prefix.size());
    return result;
}

std::string build_map_uuid(const MapUuid& uuid) {
    std::string text;
    if (uuid.partition) {
        text += partition_prefix;
        text += std::to_string(*uuid.partition) + "-";
    }
    text += map_prefix;
    return text + uuid.wwid;
}

std::string unmangle(std::string_view kernel_name) {
    std::string name;
    name.reserve(kernel_name.size());
    for (std::size_t i = 0; i < kernel_name.size(); ++i) {
        const std::string_view rest = kernel_name.substr(i);
        if (rest.size() >= 4 && rest[0] == '\\' && rest[1] == 'x') {
            const int high = hex_digit(rest[2]);
            const int low = hex_digit(rest[3]);
            // No name holds a NUL; decoding one would cut the name short in C interfaces.
            if (high >= 0 && low >= 0 && high + low > 0) {
                name += static_cast<char>(high * 16 + low);
                i += 3;
                continue;
            }
        }
        name += kernel_name[i];
    }
    return name;
}

std::string mangle(std::string_view name) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(name.size());
    for (const char c : name) {
        if (stays_plain(c)) {
            text += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        text += "\\x";
        text += digits[byte >> 4U];
        text += digits[byte & 0x0fU];
    }
    return text;
}

} // namespace mpapi::dm
