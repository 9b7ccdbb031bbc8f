// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterFirewall (MS-CSVP 3.12), server side. InitializeAdapterConfiguration takes a snapshot
// that the object keeps: the indexes of GetNextAdapterFirewallConfiguration mean the adapters of
// then, whatever has come and gone since. Before it: E_UNEXPECTED; an index beyond it:
// E_INVALIDARG.
#pragma once

#include "clusprep/interfaces/cluster_firewall.hpp"
#include "clusprep/interfaces/dispatch.hpp"
#include "clusprep/interfaces/machine.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace mpapi::csvp {

class FirewallSession : public std::enable_shared_from_this<FirewallSession> {
  public:
    using Interface = ClusterFirewall;
    using Methods = MethodList<InitializeAdapterConfiguration, GetNextAdapterFirewallConfiguration>;

    explicit FirewallSession(Machine& machine)
      : machine_(machine) {}

    Machine& machine() { return machine_; }

    void on(InitializeAdapterConfiguration, NoParameters,
            const Responder<InitializeAdapterConfiguration>&);
    void on(GetNextAdapterFirewallConfiguration, GetNextAdapterFirewallConfiguration::In,
            const Responder<GetNextAdapterFirewallConfiguration>&);

  private:
    Machine& machine_;
    std::optional<std::vector<AdapterFirewall>> snapshot_;
};

} // namespace mpapi::csvp
