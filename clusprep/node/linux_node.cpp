// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/linux_node.hpp"

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace mpapi::node {

namespace {

// Ours, and those that a cluster's node runs on Linux.
constexpr std::array kUnits{"clusprepd.service",   "corosync.service",  "dlm.service",
                            "ipfailoverd.service", "iscsid.service",    "mpapid.service",
                            "multipathd.service",  "pacemaker.service", "sbd.service"};

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "";
    const std::string whole(name.data());
    return whole.substr(0, whole.find('.'));
}

NodeLogs::Options logs_of(const LinuxNode::Options& options) {
    NodeLogs::Options made = options.logs;
    made.units.insert(made.units.end(), kUnits.begin(), kUnits.end());
    made.units.push_back(options.cluster_service);
    std::sort(made.units.begin(), made.units.end());
    made.units.erase(std::unique(made.units.begin(), made.units.end()), made.units.end());
    if (made.host.empty()) made.host = host_name();
    return made;
}

} // namespace

LinuxNode::LinuxNode(sd_event* loop, sd_bus* bus, csvp::Disks& disks, ReleaseDisks release_disks,
                     const Options& options, const Note& note)
  : disks_(disks)
  , host_({}, options.full_name)
  , network_({bus, options.ports, [note](const std::string& reason) { note(LOG_INFO, reason); },
              adapter_id})
  , seal_(loop, options.seal_socket, {})
  , secret_(options.state_directory + "/secret",
            [this](Secret::Direction direction, std::string bytes,
                   std::function<void(Result<std::string>)> done) {
                seal_.ask(static_cast<char>(direction) + std::move(bytes), std::move(done));
            })
  , logs_(loop, logs_of(options))
  , timers_(loop)
  , service_stop_(bus)
  , cleanup_(options.state_directory + "/cleanup",
             {std::chrono::system_clock::now, &timers_,
              [this, unit = options.cluster_service](bool wait, Cleanup::Then then) {
                  service_stop_.stop(unit, wait, std::move(then));
              },
              [this](Cleanup::Then then) {
                  secret_.remove([then = std::move(then)](const csvp::Outcome<Done>& removed) {
                      then(removed ? Status(Done{}) : Status(removed.failure().error));
                  });
              },
              std::move(release_disks),
              [note](const std::string& notice) { note(LOG_NOTICE, notice); }}) {}

} // namespace mpapi::node
