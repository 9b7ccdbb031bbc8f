// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterSetup (MS-CSVP 3.8), server side: no state of its own. The secret is the machine's and is
// any bytes: a BSTR may have an odd length and hold NULs. An empty or null one is a secret that is
// empty; none ever stored is FileNotFound (3.8.4.2). RetrieveHostLabel answers the first label of
// the full name (3.8.4.3).
#pragma once

#include "clusprep/interfaces/cluster_setup.hpp"
#include "clusprep/interfaces/dispatch.hpp"
#include "clusprep/interfaces/machine.hpp"

namespace mpapi::csvp {

class SetupSession {
  public:
    using Interface = ClusterSetup;
    using Methods = MethodList<ConfigSvcSecret, RetrieveSvcSecret, RetrieveHostLabel>;

    explicit SetupSession(Machine& machine)
      : machine_(machine) {}

    Machine& machine() { return machine_; }

    void on(ConfigSvcSecret, const ConfigSvcSecret::In&, const Responder<ConfigSvcSecret>&);
    void on(RetrieveSvcSecret, NoParameters, const Responder<RetrieveSvcSecret>&);
    void on(RetrieveHostLabel, NoParameters, const Responder<RetrieveHostLabel>&);

  private:
    Machine& machine_;
};

} // namespace mpapi::csvp
