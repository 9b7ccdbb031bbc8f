// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterLog (MS-CSVP 3.10), server side: no state. The answer is "share\file", without a
// separator in front, so that "\\server\" and it make a UNC path.
#pragma once

#include "clusprep/interfaces/cluster_log.hpp"
#include "clusprep/interfaces/dispatch.hpp"
#include "clusprep/interfaces/machine.hpp"

namespace mpapi::csvp {

class LogSession {
  public:
    using Interface = ClusterLog;
    using Methods = MethodList<GenerateClusterLog, GenerateTimeSpanLog>;

    explicit LogSession(Machine& machine)
      : machine_(machine) {}

    Machine& machine() { return machine_; }

    void on(GenerateClusterLog, NoParameters, const Responder<GenerateClusterLog>&);
    void on(GenerateTimeSpanLog, GenerateTimeSpanLog::In, const Responder<GenerateTimeSpanLog>&);

  private:
    Machine& machine_;
};

} // namespace mpapi::csvp
