// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/ndr/printer.hpp"

#include <cstdio>

namespace mpapi::ndr::detail {

namespace {

constexpr std::size_t most_bytes = 64;
constexpr std::size_t most_characters = 256;

} // namespace

std::string quoted(std::u16string_view text) {
    std::string quoted = "\"";
    for (const char16_t c : text.substr(0, most_characters)) {
        if (c >= 0x20 && c < 0x7f && c != u'"' && c != u'\\') {
            quoted += static_cast<char>(c);
        } else {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", unsigned{c});
            quoted += escaped;
        }
    }
    return quoted + (text.size() > most_characters ? "\"..." : "\"");
}

std::string quoted(std::string_view text) {
    std::u16string wide;
    for (const char c : text.substr(0, most_characters + 1))
        wide += static_cast<char16_t>(static_cast<unsigned char>(c));
    return quoted(wide);
}

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const auto byte : bytes.first(std::min(bytes.size(), most_bytes))) {
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    if (bytes.size() > most_bytes) text += "...";
    return text + " (" + std::to_string(bytes.size()) + " bytes)";
}

} // namespace mpapi::ndr::detail
