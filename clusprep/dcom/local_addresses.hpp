// SPDX-License-Identifier: LGPL-2.1-or-later
//
// By which addresses a client reaches us, for bindings that name every one of them.
#pragma once

#include <string>
#include <vector>

namespace mpapi::dcom {

// For sockets on these addresses ("0.0.0.0" and "::" mean all): IPv4, then IPv6, then what only
// this machine reaches. Link-local IPv6 addresses are left out, as they mean nothing without the
// client's own interface.
std::vector<std::string> local_addresses(const std::vector<std::string>& listen);

} // namespace mpapi::dcom
