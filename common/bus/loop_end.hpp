// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ends the loop of a daemon besides itself. Loop thread only.
#pragma once

#include "common/result.hpp"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

namespace mpapi::bus {

// SIGTERM and SIGINT, which are blocked for it: with 0.
Status end_on_signals(sd_event* loop);

// The loss of the bus: with EXIT_FAILURE. Nobody reaches a daemon then; its service manager starts
// it again.
Status end_without_bus(sd_bus* bus, sd_event* loop);

} // namespace mpapi::bus
