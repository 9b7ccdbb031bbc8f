// SPDX-License-Identifier: LGPL-2.1-or-later
//
// --hold: a disk is kept until the user interrupts, and as long as the node keeps it. That it does
// is asked of the object itself, by CprepDiskIsOnline: each while, and at once when the connection
// ends. Pings cannot tell, for a set may outlive its objects (MS-DCOM 3.1.2.5.1.2). No method tells
// who owns a disk, so that another node took it shows only where the disk is offline by that.
//
// A node that is silent keeps the object until it has missed three pings (MS-DCOM 3.1.2.2), so that
// long silence does not end the hold.
#pragma once

#include "clusprep/client/perform.hpp"

namespace mpapi::client {

// Between questions, while there are answers and while there are none.
constexpr std::chrono::seconds hold_asks{30}, hold_asks_again{5};
constexpr std::chrono::minutes hold_patience{6};

// Waits that long, or less when there may be news of the node. Whether the user interrupts.
using HoldWait = std::function<Result<bool>(std::chrono::milliseconds)>;

// Of the disk that the command, which succeeded, has brought about. exit_done when interrupted;
// else the failure is told by which it is not held any more.
Exit hold(const Invocation& invocation, Server& server, const Console& console, const Clock& clock,
          const HoldWait& wait);

} // namespace mpapi::client
