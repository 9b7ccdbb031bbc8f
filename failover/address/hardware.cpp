// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/address/hardware.hpp"

#include <charconv>
#include <vector>

namespace mpapi::failover {

std::optional<HardwareAddress> HardwareAddress::parse(const std::string& text) {
    std::vector<std::uint8_t> bytes;
    if (text.size() % 3 != 2 || text.size() > 3 * kLongest) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint8_t byte = 0;
        const char* const first = text.data() + i;
        const auto [end, error] = std::from_chars(first, first + 2, byte, 16);
        if (error != std::errc() || end != first + 2) return std::nullopt;
        if (i + 2 < text.size() && text[i + 2] != ':') return std::nullopt;
        bytes.push_back(byte);
    }
    return of(bytes);
}

std::string HardwareAddress::text() const {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes()) {
        if (!text.empty()) text += ':';
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

} // namespace mpapi::failover
