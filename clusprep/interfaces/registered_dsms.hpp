// SPDX-License-Identifier: LGPL-2.1-or-later
//
// REGISTERED_DSMS and REGISTERED_DSM (MS-CSVP 2.2.6, 2.2.7): a count and 144 bytes for each, 64
// UTF-16 units of name among them.
#pragma once

#include "clusprep/interfaces/disks.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::csvp {

// A name over 63 units is cut, for it ends with a NUL.
std::vector<std::uint8_t> encode_dsms(const std::vector<Dsm>& dsms);
// Bytes behind the last one are not looked at: the buffer may be longer than what it holds.
Result<std::vector<Dsm>> decode_dsms(std::span<const std::uint8_t> bytes);

} // namespace mpapi::csvp
