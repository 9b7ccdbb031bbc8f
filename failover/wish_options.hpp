// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The options of Online, an a{sv}, to and from a Wanted.
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

// A dictionary that must be empty: options that are to come.
std::optional<Refused> read_no_options(sd_bus_message* message);

} // namespace mpapi::failover
