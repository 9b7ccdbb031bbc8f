// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A link-layer address: six bytes on Ethernet, twenty on InfiniBand (RFC 4391). A value.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace mpapi::failover {

class HardwareAddress {
  public:
    static constexpr std::size_t kLongest = 20;

    HardwareAddress() = default;
    // Nothing where it is longer than any that is known.
    static std::optional<HardwareAddress> of(std::span<const std::uint8_t> bytes) {
        if (bytes.size() > kLongest) return std::nullopt;
        HardwareAddress address;
        std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
        address.size_ = static_cast<std::uint8_t>(bytes.size());
        return address;
    }
    // "02:00:00:00:00:01"
    static std::optional<HardwareAddress> parse(const std::string& text);

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }
    std::string text() const; // lower case

    // By value, as RFC 5227's and our rivals are compared: the lower one defends.
    auto operator<=>(const HardwareAddress&) const = default;

  private:
    std::array<std::uint8_t, kLongest> bytes_{};
    std::uint8_t size_ = 0;
};

} // namespace mpapi::failover
