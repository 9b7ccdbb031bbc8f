// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A UUID as DCE writes it: the first three fields are numbers in the sender's byte order, the rest
// are bytes (C706 Appendix A). Pure values.
#pragma once

#include "common/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace mpapi::ndr {

struct Guid {
    std::uint32_t data1 = 0;
    std::uint16_t data2 = 0;
    std::uint16_t data3 = 0;
    std::array<std::uint8_t, 8> data4{};

    auto operator<=>(const Guid&) const = default;
    constexpr bool is_nil() const { return *this == Guid{}; }
    // "12108a88-6858-4467-b92f-e6cf4568dfb6"
    std::string text() const;
};

// As on the wire of a little-endian sender.
std::array<std::uint8_t, 16> guid_bytes(const Guid& guid);
Guid guid_from_bytes(const std::array<std::uint8_t, 16>& bytes);

namespace detail {

constexpr int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// False for what is not eight-four-four-four-twelve.
constexpr bool parse_guid(std::string_view text, Guid& guid) {
    if (text.size() != 36) return false;
    std::array<std::uint8_t, 16> bytes{};
    std::size_t digit = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') return false;
            continue;
        }
        const int value = hex_digit(text[i]);
        if (value < 0) return false;
        bytes[digit / 2] = static_cast<std::uint8_t>(bytes[digit / 2] << 4 | value);
        ++digit;
    }
    Guid found;
    for (std::size_t i = 0; i < 4; ++i)
        found.data1 = found.data1 << 8 | bytes[i];
    found.data2 = static_cast<std::uint16_t>(bytes[4] << 8 | bytes[5]);
    found.data3 = static_cast<std::uint16_t>(bytes[6] << 8 | bytes[7]);
    for (std::size_t i = 0; i < 8; ++i)
        found.data4[i] = bytes[8 + i];
    guid = found;
    return true;
}

} // namespace detail

// With or without braces, either case.
Result<Guid> parse_guid(std::string_view text);

inline namespace literals {

// A constant: text that is no UUID does not compile.
constexpr Guid operator""_guid(const char* text, std::size_t length) {
    Guid guid;
    if (!detail::parse_guid(std::string_view(text, length), guid)) std::abort();
    return guid;
}

} // namespace literals

} // namespace mpapi::ndr
