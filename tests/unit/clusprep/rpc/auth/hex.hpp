// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bytes written as hexadecimal text, and compared so that a difference can be read.
#pragma once

#include "tests/unit/cmocka.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::rpc::test {

// Spaces are ignored.
inline std::vector<std::uint8_t> bytes_of_hex(std::string_view hex) {
    std::vector<std::uint8_t> bytes;
    unsigned digits = 0, value = 0;
    for (const char c : hex) {
        if (c == ' ') continue;
        value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        if (++digits % 2 == 0) {
            bytes.push_back(static_cast<std::uint8_t>(value));
            value = 0;
        }
    }
    return bytes;
}

inline std::string hex_of(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text.push_back("0123456789abcdef"[byte >> 4]);
        text.push_back("0123456789abcdef"[byte & 15]);
    }
    return text;
}

inline void assert_hex_equal(std::span<const std::uint8_t> actual, std::string_view expected) {
    assert_string_equal(hex_of(actual).c_str(), hex_of(bytes_of_hex(expected)).c_str());
}

} // namespace mpapi::rpc::test
