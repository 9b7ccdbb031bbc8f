// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A block device as device-mapper writes it in tables: "major:minor".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::dm {

// Widths are the kernel's: MINORBITS is 20 (include/linux/kdev_t.h).
struct DeviceNumber {
    std::uint32_t major = 0; // 0 .. 4095
    std::uint32_t minor = 0; // 0 .. 1048575

    auto operator<=>(const DeviceNumber&) const = default;
    bool operator==(const DeviceNumber&) const = default;
};

// "8:16" and nothing else; empty for a name ("/dev/sdb") or a number out of range.
std::optional<DeviceNumber> parse_device_number(std::string_view text) noexcept;

std::string to_string(DeviceNumber number);

} // namespace mpapi::dm
