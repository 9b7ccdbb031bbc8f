// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The targets of a server, by iSCSI's own discovery session (SendTargets, RFC 7143 4.3 and appendix
// C), which iscsiadm(8) of open-iscsi carries out. Nothing is left in its database.
#pragma once

#include "common/result.hpp"
#include "discovery/client/found.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace mpapi::discovery {

// `address`: an IPv4 address, at port 3260. Waits until iscsiadm has ended, or kills it when the
// time is over. `program` is looked for in the path.
Result<std::vector<Target>> send_targets(const std::string& address,
                                         std::chrono::milliseconds patience,
                                         const std::string& program = "iscsiadm");

} // namespace mpapi::discovery
