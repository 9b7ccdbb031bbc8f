// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/device_number.hpp"

#include <charconv>

namespace mpapi::dm {

namespace {

constexpr std::uint32_t largest_major = (1U << 12U) - 1;
constexpr std::uint32_t largest_minor = (1U << 20U) - 1;

} // namespace

std::optional<DeviceNumber> parse_device_number(std::string_view text) noexcept {
    DeviceNumber number;
    const char* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, number.major);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != ':') return std::nullopt;
    const auto minor = std::from_chars(major.ptr + 1, end, number.minor);
    if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
    if (number.major > largest_major || number.minor > largest_minor) return std::nullopt;
    return number;
}

std::string to_string(DeviceNumber number) {
    return std::to_string(number.major) + ":" + std::to_string(number.minor);
}

} // namespace mpapi::dm
