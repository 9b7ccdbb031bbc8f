// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls that are answered later. A message of the system bus may have 32 MiB, polkit may wait for
// minutes until somebody has typed a password, and strangers may call: who kept their messages
// would hand out its memory. Loop thread only.
#pragma once

#include "common/system/handle.hpp"

namespace mpapi::bus {

// What an answer needs: who called what, where, and whether he waits and may be asked for a
// password. Arguments are not kept: they have been read, or never are.
BusMessage hold(sd_bus_message* call);

} // namespace mpapi::bus
