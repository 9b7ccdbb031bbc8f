// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lower-case hexadecimal digits, without a prefix. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace mpapi {

// A number of at least so many digits.
inline std::string hex(std::uint64_t number, std::size_t digits) {
    std::string text;
    for (; number != 0 || text.size() < digits; number >>= 4)
        text.insert(text.begin(), "0123456789abcdef"[number & 15]);
    return text;
}

// Two digits for each byte, of a string or a vector.
template <typename Bytes>
std::string hex_of(const Bytes& bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const auto each : bytes) {
        const auto byte = static_cast<std::uint8_t>(each);
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

} // namespace mpapi
