// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The options of Online, an a{sv}, to and from a Wanted; and those of Offline.
#pragma once

#include "failover/refused.hpp"
#include "failover/wanted.hpp"

#include <systemd/sd-bus.h>

#include <optional>

namespace mpapi::failover {

// Reads the dictionary that is next in the message. `wanted` has the defaults, and is another only
// where all is well.
std::optional<Refused> read_options(sd_bus_message* message, Wanted& wanted);
int append_options(sd_bus_message* message, const Wanted& wanted, const Wish& wish);

// `reset`: whether the peers of its connections are told.
std::optional<Refused> read_offline_options(sd_bus_message* message, bool& reset);

} // namespace mpapi::failover
