// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterNetwork2 (MS-CSVP 3.4), server side. The state of an object is its Initialization State:
// SendRTMessage and CleanupNode fail with InvalidServerState while it is false, the other two
// queries do not look at it (3.4.4). Versions and numbers are those of Windows Server 2008 R2
// (product notes 3 to 5, 10).
#pragma once

#include "clusprep/interfaces/cluster_network2.hpp"
#include "clusprep/interfaces/dispatch.hpp"
#include "clusprep/interfaces/machine.hpp"

namespace mpapi::csvp {

class NetworkSession {
  public:
    using Interface = ClusterNetwork2;
    using Methods = MethodList<SendRTMessage, InitializeNode, GetIpConfigSerialized, CleanupNode,
                               QueryFirewallConfiguration>;

    explicit NetworkSession(Machine& machine)
      : machine_(machine) {}

    Machine& machine() { return machine_; }

    void on(SendRTMessage, const SendRTMessage::In&, const Responder<SendRTMessage>&);
    void on(InitializeNode, InitializeNode::In, const Responder<InitializeNode>&);
    void on(GetIpConfigSerialized, GetIpConfigSerialized::In,
            const Responder<GetIpConfigSerialized>&);
    void on(CleanupNode, NoParameters, const Responder<CleanupNode>&);
    void on(QueryFirewallConfiguration, NoParameters, const Responder<QueryFirewallConfiguration>&);

  private:
    Machine& machine_;
    bool initialized_ = false;
};

} // namespace mpapi::csvp
