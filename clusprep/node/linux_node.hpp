// SPDX-License-Identifier: LGPL-2.1-or-later
//
// This machine as the interfaces see it: the parts of clusprep/node/ put together. Loop thread
// only.
#pragma once

#include "clusprep/interfaces/node.hpp"
#include "clusprep/node/cleanup/cleanup.hpp"
#include "clusprep/node/cleanup/loop_timers.hpp"
#include "clusprep/node/cleanup/service_stop.hpp"
#include "clusprep/node/host/identity.hpp"
#include "clusprep/node/logs/logs.hpp"
#include "clusprep/node/network/network.hpp"
#include "clusprep/node/secret/secret.hpp"
#include "common/service/socket.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::node {

class LinuxNode final : public csvp::Node {
  public:
    struct Options {
        std::string state_directory = "/var/lib/clusprep"; // only this user writes to it
        std::string full_name;                             // empty: as the host's files have it
        std::string cluster_service = "pacemaker.service"; // what a cleanup stops
        std::vector<std::uint16_t> ports;                  // where our objects are served
        std::string seal_socket = "/run/mpapi-seal.socket";
        NodeLogs::Options logs; // units: those of mpapi and the cluster service are added
    };
    // Gives up what this host holds of disks: defences, reservations of ours, claims.
    using ReleaseDisks = std::function<void(Cleanup::Then)>;
    using Note = std::function<void(int priority, const std::string& message)>; // to the journal

    // `bus` is the system's, attached to the loop; it, the loop and the disks outlive the node.
    LinuxNode(sd_event* loop, sd_bus* bus, csvp::Disks& disks, ReleaseDisks release_disks,
              const Options& options, const Note& note);

    // Goes on with a cleanup that an earlier process began. When everything else is ready to work.
    Status start() { return cleanup_.resume(); }

    csvp::Disks& disks() override { return disks_; }
    csvp::Network& network() override { return network_; }
    csvp::Host& host() override { return host_; }
    csvp::SecretStore& secret() override { return secret_; }
    csvp::Logs& logs() override { return logs_; }
    csvp::Cleanup& cleanup() override { return cleanup_; }

  private:
    csvp::Disks& disks_;
    HostIdentity host_;
    HostNetwork network_;
    service::Socket seal_;
    Secret secret_;
    NodeLogs logs_;
    LoopTimers timers_;
    ServiceStop service_stop_;
    Cleanup cleanup_;
};

} // namespace mpapi::node
