// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How the kernel's SCSI disk driver names its n-th disk (sd_format_disk_name() and sd_probe() in
// drivers/scsi/sd.c of Linux): "sda" … "sdz", "sdaa" …, and the device number, which spreads
// the index over sixteen majors and twenty bits of minor. Name, index and number determine each
// other, so a disk keeps the index alone.
#pragma once

#include "common/model/values.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::san {

std::string disk_name(std::uint32_t index);
// nullopt for what is no "sd…" name or is beyond 20 bits.
std::optional<std::uint32_t> disk_index(std::string_view name);
model::DeviceNumber disk_number(std::uint32_t index);
// nullopt for a number that no disk has.
std::optional<std::uint32_t> disk_index(model::DeviceNumber number);

// scsilun_to_int(): LUNs from 256 on use flat space addressing (SAM-5 4.7.7.3), and the method bits
// stay in the kernel's number.
constexpr std::uint64_t kernel_lun(std::uint32_t lun) noexcept {
    return lun < 256 ? lun : 0x4000u | lun;
}

} // namespace mpapi::san
