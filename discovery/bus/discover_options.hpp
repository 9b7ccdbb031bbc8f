// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What Discover() is called with: {timeout, interface}; what is not known is a mistake of the
// caller.
#pragma once

#include "common/result.hpp"
#include "discovery/search/searches.hpp"

#include <systemd/sd-bus.h>

namespace mpapi::discovery {

// From an a{sv}. Errors are for the caller to read.
Result<Searches::Request> read_discover_options(sd_bus_message* call);

} // namespace mpapi::discovery
