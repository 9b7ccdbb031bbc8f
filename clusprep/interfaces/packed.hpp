// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The structures that MS-CSVP carries as bytes inside a parameter (2.2.6 to 2.2.13): little-endian,
// no alignment, no NDR. A reader over hostile bytes that fails once and for good, and a writer.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::csvp {

class PackedWriter {
  public:
    explicit PackedWriter(std::size_t expected) { bytes_.reserve(expected); }

    void u16(std::uint16_t value) { number(value, 2); }
    void u32(std::uint32_t value) { number(value, 4); }
    void bytes(std::span<const std::uint8_t> value) {
        bytes_.insert(bytes_.end(), value.begin(), value.end());
    }
    void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
    void text(std::u16string_view value) {
        for (const char16_t unit : value)
            u16(unit);
    }

    std::size_t size() const { return bytes_.size(); }
    std::vector<std::uint8_t> take() && { return std::move(bytes_); }

  private:
    void number(std::uint32_t value, unsigned width) {
        for (unsigned i = 0; i < width; ++i)
            bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }

    std::vector<std::uint8_t> bytes_;
};

// After a read beyond the end every value is 0 or empty and failed() says so, so that a parser
// looks once for each loop and not after each field.
class PackedReader {
  public:
    explicit PackedReader(std::span<const std::uint8_t> bytes)
      : bytes_(bytes) {}

    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return number(4); }
    std::span<const std::uint8_t> bytes(std::size_t length) {
        if (failed_ || bytes_.size() - offset_ < length) {
            failed_ = true;
            return {};
        }
        const auto taken = bytes_.subspan(offset_, length);
        offset_ += length;
        return taken;
    }
    // `length` in bytes; an odd one fails.
    std::u16string text(std::size_t length) {
        if (length % 2 != 0) failed_ = true;
        const auto taken = bytes(length);
        std::u16string text;
        text.reserve(taken.size() / 2);
        for (std::size_t i = 0; i + 1 < taken.size(); i += 2)
            text += static_cast<char16_t>(taken[i] | taken[i + 1] << 8);
        return text;
    }

    std::size_t offset() const { return offset_; }
    std::size_t left() const { return bytes_.size() - offset_; }
    bool failed() const { return failed_; }

  private:
    std::uint32_t number(std::size_t width) {
        std::uint32_t value = 0;
        const auto taken = bytes(width);
        for (std::size_t i = 0; i < taken.size(); ++i)
            value |= static_cast<std::uint32_t>(taken[i]) << (8 * i);
        return value;
    }

    std::span<const std::uint8_t> bytes_;
    std::size_t offset_ = 0;
    bool failed_ = false;
};

} // namespace mpapi::csvp
