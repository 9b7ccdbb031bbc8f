// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterCleanup (MS-CSVP 3.6), server side: no state, no order. The time-out of
// CleanUpEvictedNode is the node's, for the job goes on after it, and after a restart of the
// daemon.
//
// ClearPR names a LUN by its number. It is the number that sessions of IClusterStorage2 use just
// now; without one there are no numbers, and a reservation is not cleared on a guess. Never on a
// disk that this system runs on.
#pragma once

#include "clusprep/interfaces/cluster_cleanup.hpp"
#include "clusprep/interfaces/dispatch.hpp"
#include "clusprep/interfaces/machine.hpp"

namespace mpapi::csvp {

class CleanupSession {
  public:
    using Interface = ClusterCleanup;
    using Methods = MethodList<CleanUpEvictedNode, ClearPR>;

    explicit CleanupSession(Machine& machine)
      : machine_(machine) {}

    Machine& machine() { return machine_; }

    void on(CleanUpEvictedNode, CleanUpEvictedNode::In, const Responder<CleanUpEvictedNode>&);
    void on(ClearPR, ClearPR::In, const Responder<ClearPR>&);

  private:
    Machine& machine_;
};

} // namespace mpapi::csvp
