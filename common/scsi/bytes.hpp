// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Big-endian fields by byte number, as the tables of SPC and SBC give them.
//
// Loads are total: a field that is not wholly inside the bytes reads as 0. A parser checks lengths
// first, because it owes its caller a reason; a check that was forgotten then yields a wrong value
// in a test and not a read past the end.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::scsi {

using Bytes = std::span<const std::uint8_t>;

namespace detail {

template <typename T, std::size_t width = sizeof(T)>
constexpr T load(Bytes bytes, std::size_t offset) noexcept {
    if (offset > bytes.size() || bytes.size() - offset < width) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
        value = value << 8 | bytes[offset + i];
    return static_cast<T>(value);
}

template <typename T, std::size_t width = sizeof(T)>
constexpr void store(std::span<std::uint8_t> bytes, std::size_t offset, T value) noexcept {
    if (offset > bytes.size() || bytes.size() - offset < width) return;
    for (std::size_t i = 0; i < width; ++i)
        bytes[offset + i] =
            static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * (width - 1 - i)));
}

} // namespace detail

constexpr std::uint8_t load_u8(Bytes bytes, std::size_t offset) noexcept {
    return detail::load<std::uint8_t>(bytes, offset);
}
constexpr std::uint16_t load_u16(Bytes bytes, std::size_t offset) noexcept {
    return detail::load<std::uint16_t>(bytes, offset);
}
constexpr std::uint32_t load_u32(Bytes bytes, std::size_t offset) noexcept {
    return detail::load<std::uint32_t>(bytes, offset);
}
constexpr std::uint64_t load_u64(Bytes bytes, std::size_t offset) noexcept {
    return detail::load<std::uint64_t>(bytes, offset);
}

constexpr void store_u16(std::span<std::uint8_t> bytes, std::size_t offset, std::uint16_t value) {
    detail::store(bytes, offset, value);
}
constexpr void store_u32(std::span<std::uint8_t> bytes, std::size_t offset, std::uint32_t value) {
    detail::store(bytes, offset, value);
}

// What of [offset, offset + length) lies inside the bytes.
constexpr Bytes slice(Bytes bytes, std::size_t offset, std::size_t length) noexcept {
    offset = std::min(offset, bytes.size());
    return bytes.subspan(offset, std::min(length, bytes.size() - offset));
}

// Appends the fields of a reply or parameter list in order; lengths are filled in afterwards.
class Writer {
  public:
    explicit Writer(std::size_t expected = 64) { bytes_.reserve(expected); }

    void u8(std::uint8_t value) { bytes_.push_back(value); }
    void u16(std::uint16_t value) { number(value); }
    void u32(std::uint32_t value) { number(value); }
    void u64(std::uint64_t value) { number(value); }
    void zeros(std::size_t count) { bytes_.insert(bytes_.end(), count, 0); }
    void bytes(Bytes value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
    void text(std::string_view value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
    // Exactly `width` bytes: cut off, or filled with spaces on the right (SPC-3 4.4.1).
    void text(std::string_view value, std::size_t width) {
        value = value.substr(0, width);
        text(value);
        bytes_.insert(bytes_.end(), width - value.size(), ' ');
    }
    void set_u16(std::size_t offset, std::uint16_t value) { store_u16(bytes_, offset, value); }
    void set_u32(std::size_t offset, std::uint32_t value) { store_u32(bytes_, offset, value); }

    std::size_t size() const noexcept { return bytes_.size(); }
    std::vector<std::uint8_t> take() && { return std::move(bytes_); }

  private:
    template <typename T>
    void number(T value) {
        std::array<std::uint8_t, sizeof(T)> field{};
        detail::store(std::span<std::uint8_t>(field), 0, value);
        bytes(field);
    }

    std::vector<std::uint8_t> bytes_;
};

} // namespace mpapi::scsi
