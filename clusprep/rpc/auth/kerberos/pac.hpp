// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who a user is to his domain: KERB_VALIDATION_INFO (MS-PAC 2.5), which a domain controller puts
// into the tickets it issues. The library checked its signature with our key before it gave it to
// us; it is parsed like any other bytes nevertheless. Pure functions.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mpapi::rpc {

// The SIDs of the user, his primary group, his groups of the domain, of others and of the resource
// domain, in this order; those that are there only to deny are left out. `logon_info` is the buffer
// of type 1 of the PAC.
Result<std::vector<std::string>> sids_of_pac(std::span<const std::uint8_t> logon_info);

} // namespace mpapi::rpc
