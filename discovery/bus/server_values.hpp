// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A server as the five values that tell it on the bus: name, address, interface, the microseconds
// until it answered, and when that was.
#pragma once

#include "discovery/search/server.hpp"

#include <systemd/sd-bus.h>

namespace mpapi::discovery {

inline constexpr char kServerValues[] = "ssstt";

// As sd_bus_message_append().
int append_server(sd_bus_message* message, const Server& server);

// A signal with these as its arguments.
void tell_server(sd_bus* bus, const char* path, const char* interface, const char* signal,
                 const Server& server);

} // namespace mpapi::discovery
