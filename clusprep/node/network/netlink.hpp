// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks the kernel over rtnetlink, and drivers over SIOCETHTOOL. Needs no privilege. The kernel
// answers at once, so this is done on the loop; of a large routing table only the default routes
// are kept.
#pragma once

#include "clusprep/node/network/facts.hpp"
#include "common/result.hpp"

namespace mpapi::node {

Result<NetworkFacts> read_network();

} // namespace mpapi::node
