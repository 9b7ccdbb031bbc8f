// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The verbs of ipfailover about this host's network, none of which changes anything.
#pragma once

#include "failover/client/command.hpp"

namespace mpapi::failover::client {

int adapters(Service& service, const Wanted& wanted);
int firewall(Service& service, const Wanted& wanted);

} // namespace mpapi::failover::client
