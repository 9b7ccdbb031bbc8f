// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The throw-away process's side of an errand: one request from its connection, one reply, perhaps
// with a descriptor. Blocks; the unit's time limit ends who waits for ever.
#pragma once

#include "daemon/disks/errands/errand.hpp"

namespace mpapi::disks {

Result<Lines> receive_errand(int connection);

// `passed` is a descriptor that goes with the reply; negative: none.
Status answer_errand(int connection, const Lines& reply, int passed = -1);

} // namespace mpapi::disks
