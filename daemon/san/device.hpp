// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A logical unit as one I_T nexus sees it: CDB in, status, sense data and bytes out, as an array
// would answer. Implements of SPC-4 (T10/1731-D): INQUIRY with VPD pages 00h, 80h and 83h, TEST
// UNIT READY, REQUEST SENSE, REPORT LUNS, REPORT and SET TARGET PORT GROUPS, PERSISTENT RESERVE IN
// and OUT; of SBC-3: READ CAPACITY (10) and (16), READ and WRITE (10) and (16), SYNCHRONIZE CACHE.
//
// The order in which a command meets trouble is that of a host: first the transport and the device
// as the kernel sees it, then a hang, then what the device is told to answer instead of the truth,
// then SAM-5 and SPC-4: no such unit, unit attention (SAM-5 5.14), access state (SPC-4 5.15.2.4),
// reservations (SPC-4 5.13.1), the command itself.
#pragma once

#include "daemon/san/fabric.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace mpapi::san {

// Any thread, no stripe held. `life` is that of the path when the disk was opened; a disk that was
// removed since answers no more. Without it the command comes from a port that has no disk.
// Blocks while a fault lets the command hang.
daemon::ScsiReply execute(Fabric& fabric, std::uint32_t path, std::optional<std::uint16_t> life,
                          std::span<const std::uint8_t> cdb, std::span<const std::uint8_t> out,
                          std::span<std::uint8_t> in);

// VPD page 83h of the unit as seen through the path, with `identity` in place of the unit's own.
std::vector<std::uint8_t> device_identification(const Fabric& fabric, const Path& path,
                                                const Identity& identity);

// Leaves a unit attention for every nexus of the unit but `except` (its stripe held).
void establish(Fabric& fabric, std::uint32_t unit, Condition condition,
               std::uint32_t except = none);

} // namespace mpapi::san
