// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A change: one method of one object of the daemon, on a connection of its own, so that one that
// takes its time (a failover, an administrator who types a password) holds up nothing else. The
// daemon decides whether it can be done; what it answers becomes the status here and nowhere else.
// A method that this daemon does not have is MP_STATUS_UNSUPPORTED.
#pragma once

#include "library/include/mpapi.h"
#include "plugin/connection.hpp"

#include <functional>
#include <string>

namespace mpapi::plugin {

MP_STATUS status_of(const CallError& error);

// `arguments` appends the method's own; options (a{sv}), of which there are none yet, follow.
MP_STATUS change(const std::string& object_path, const char* interface, const char* method,
                 const std::function<int(sd_bus_message*)>& arguments);

} // namespace mpapi::plugin
