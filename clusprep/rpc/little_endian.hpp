// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers as a little-endian sender writes them. A load outside the bytes reads as 0: the parser
// has checked lengths before, and a check that was forgotten shows in a test, not past the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::rpc {

using Bytes = std::span<const std::uint8_t>;

template <typename T>
constexpr T load(Bytes bytes, std::size_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        value = value << 8 | bytes[offset + i];
    return static_cast<T>(value);
}

template <typename T>
constexpr void store(std::span<std::uint8_t> bytes, std::size_t offset, T value) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        bytes[offset + i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * i));
}

template <typename T>
void put(std::vector<std::uint8_t>& bytes, T value) {
    bytes.resize(bytes.size() + sizeof(T));
    store(std::span(bytes), bytes.size() - sizeof(T), value);
}

} // namespace mpapi::rpc
