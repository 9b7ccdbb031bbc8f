// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bytes as a dump shows them, and what the tests of this folder inject: a clock and randomness that
// are no such.
#pragma once

#include "clusprep/dcom/ping_sets.hpp"
#include "tests/unit/cmocka.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using Bytes = std::vector<std::uint8_t>;

// "00 83 0014": blanks are for the reader.
inline Bytes bytes_of(std::string_view dump) {
    Bytes bytes;
    int high = -1;
    for (const char c : dump) {
        const auto found = std::string_view("0123456789abcdef").find(c);
        if (found == std::string_view::npos) continue;
        if (high < 0) {
            high = static_cast<int>(found);
        } else {
            bytes.push_back(static_cast<std::uint8_t>(high << 4 | static_cast<int>(found)));
            high = -1;
        }
    }
    return bytes;
}

inline std::string dump_of(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (const auto byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

inline void assert_bytes_equal(std::span<const std::uint8_t> actual,
                               std::span<const std::uint8_t> expected) {
    assert_text_equal(dump_of(actual), dump_of(expected));
}

// Each cut copy is a heap block of its own: a sanitizer sees what is read past it.
template <typename Parse>
void parse_every_prefix(const Bytes& whole, Parse parse) {
    for (std::size_t length = 0; length < whole.size(); ++length)
        parse(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
}

// Numbers that never repeat, in whichever copy.
inline mpapi::dcom::Random counting() {
    return [next = std::make_shared<std::uint64_t>(1)](std::span<std::uint8_t> bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::uint8_t>(*next >> (8 * (i % 8)));
        ++*next;
    };
}
