// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Little-endian fields of the authentication messages. Loads and stores are total: a field that is
// not wholly inside the bytes reads as 0 and is not written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::rpc::wire {

namespace detail {

template <typename T>
constexpr T load(std::span<const std::uint8_t> bytes, std::size_t offset) noexcept {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        value = value << 8 | bytes[offset + i];
    return static_cast<T>(value);
}

template <typename T>
constexpr void store(std::span<std::uint8_t> bytes, std::size_t offset, T value) noexcept {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        bytes[offset + i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * i));
}

template <typename T>
void append(std::vector<std::uint8_t>& bytes, T value) {
    bytes.resize(bytes.size() + sizeof(T));
    store(std::span<std::uint8_t>(bytes), bytes.size() - sizeof(T), value);
}

} // namespace detail

constexpr std::uint16_t load_u16(std::span<const std::uint8_t> bytes, std::size_t offset) noexcept {
    return detail::load<std::uint16_t>(bytes, offset);
}
constexpr std::uint32_t load_u32(std::span<const std::uint8_t> bytes, std::size_t offset) noexcept {
    return detail::load<std::uint32_t>(bytes, offset);
}
constexpr std::uint64_t load_u64(std::span<const std::uint8_t> bytes, std::size_t offset) noexcept {
    return detail::load<std::uint64_t>(bytes, offset);
}
constexpr void store_u16(std::span<std::uint8_t> bytes, std::size_t offset, std::uint16_t value) {
    detail::store(bytes, offset, value);
}
constexpr void store_u32(std::span<std::uint8_t> bytes, std::size_t offset, std::uint32_t value) {
    detail::store(bytes, offset, value);
}
constexpr void store_u64(std::span<std::uint8_t> bytes, std::size_t offset, std::uint64_t value) {
    detail::store(bytes, offset, value);
}
inline void append_u16(std::vector<std::uint8_t>& bytes, std::uint16_t value) {
    detail::append(bytes, value);
}
inline void append_u32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
    detail::append(bytes, value);
}
inline void append_u64(std::vector<std::uint8_t>& bytes, std::uint64_t value) {
    detail::append(bytes, value);
}

} // namespace mpapi::rpc::wire
