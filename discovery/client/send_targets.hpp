// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The targets of servers, by iSCSI's own discovery session (SendTargets, RFC 7143 4.3 and appendix
// C), which iscsiadm(8) of open-iscsi carries out. Nothing is left in its database.
#pragma once

#include "common/result.hpp"
#include "discovery/client/found.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace mpapi::discovery {

// Of the server at that place in the list; called once for each, as they answer.
using TargetsTold = std::function<void(std::size_t, Result<std::vector<Target>>)>;

// `addresses`: of IPv4, each at port 3260. Some are asked at a time, so that one that does not
// answer holds up no other. Returns when all were told; iscsiadm is killed where it takes longer
// than `patience`. `program` is looked for in the path.
void send_targets(const std::vector<std::string>& addresses, std::chrono::milliseconds patience,
                  const TargetsTold& told, const std::string& program = "iscsiadm");

} // namespace mpapi::discovery
