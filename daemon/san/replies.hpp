// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What commands answer with, made in one place.
#pragma once

#include "common/scsi/bytes.hpp"
#include "common/scsi/sense.hpp"
#include "daemon/hardware.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::san {

// CHECK CONDITION with this sense data.
daemon::ScsiReply refused(scsi::SenseKey key, std::uint8_t asc, std::uint8_t ascq);
daemon::ScsiReply invalid_field_in_cdb();
daemon::ScsiReply invalid_field_in_list();
daemon::ScsiReply unknown_command();
daemon::ScsiReply reservation_conflict();

// The command never reached the unit.
daemon::ScsiReply not_carried(const char* reason, int errnum);

// What fits: the caller's buffer and the allocation length (SPC-4 4.2.5.6).
daemon::ScsiReply answer(scsi::Bytes bytes, std::span<std::uint8_t> in,
                         std::size_t allocation = SIZE_MAX);
daemon::ScsiReply answer(const Result<std::vector<std::uint8_t>>& bytes, std::span<std::uint8_t> in,
                         std::size_t allocation);

} // namespace mpapi::san
