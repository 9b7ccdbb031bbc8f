// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Little-endian fields without padding, as OBJREF (MS-DCOM 2.2.18) and towers (C706 appendix L)
// have them; in NDR they travel as opaque bytes.
#pragma once

#include "clusprep/rpc/ndr/guid.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace mpapi::dcom {

// Total: a field that is not wholly there reads as 0, takes nothing, and makes the reader short for
// good. A parser reads a group of fields and then asks once.
class PackedReader {
  public:
    explicit PackedReader(std::span<const std::uint8_t> bytes)
      : left_(bytes) {}

    bool is_short() const noexcept { return short_; }
    std::span<const std::uint8_t> left() const noexcept { return left_; }

    std::uint16_t u16() { return number<std::uint16_t>(); }
    std::uint32_t u32() { return number<std::uint32_t>(); }
    std::uint64_t u64() { return number<std::uint64_t>(); }
    ndr::Guid guid() {
        std::array<std::uint8_t, 16> field{};
        const auto found = bytes(field.size());
        std::copy(found.begin(), found.end(), field.begin());
        return ndr::guid_from_bytes(field);
    }
    // A view into what is read.
    std::span<const std::uint8_t> bytes(std::size_t count) {
        if (short_ || left_.size() < count) {
            short_ = true;
            return {};
        }
        const auto found = left_.first(count);
        left_ = left_.subspan(count);
        return found;
    }

  private:
    template <typename T>
    T number() {
        const auto field = bytes(sizeof(T));
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < field.size(); ++i)
            value |= std::uint64_t{field[i]} << (8 * i);
        return static_cast<T>(value);
    }

    std::span<const std::uint8_t> left_;
    bool short_ = false;
};

class PackedWriter {
  public:
    void u16(std::uint16_t value) { number(value); }
    void u32(std::uint32_t value) { number(value); }
    void u64(std::uint64_t value) { number(value); }
    void guid(const ndr::Guid& value) { bytes(ndr::guid_bytes(value)); }
    void bytes(std::span<const std::uint8_t> value) {
        bytes_.insert(bytes_.end(), value.begin(), value.end());
    }
    void u8(std::uint8_t value) { bytes_.push_back(value); }

    std::size_t size() const noexcept { return bytes_.size(); }
    std::vector<std::uint8_t> take() && { return std::move(bytes_); }

  private:
    template <typename T>
    void number(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            bytes_.push_back(static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * i)));
    }

    std::vector<std::uint8_t> bytes_;
};

} // namespace mpapi::dcom
