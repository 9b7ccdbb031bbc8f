// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What multipath-tools make of units and disks, answered from what was learnt of multipathd before:
// its configuration as it has loaded it, the files that say so, and what it and udev remember of
// disks. The follower (follower.hpp) keeps it fed; here nobody is asked and nothing is read.
//
// Settings are worked out once for each kind of device and shared by all its maps; only a map that
// a `multipaths` section names has a list of its own.
//
// Loop's thread only.
#pragma once

#include "common/multipath_conf/effective.hpp"
#include "common/multipath_conf/exclusion.hpp"
#include "daemon/inventory/policy.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace mpapi::multipathd {

class MultipathdPolicy final : public daemon::MultipathPolicy {
  public:
    using Wwids = std::set<std::string, std::less<>>;
    using Watched = std::map<std::string, multipath_conf::WatchState, std::less<>>;

    MultipathdPolicy();

    // While it does not run, or it is not known, a map's settings are what its table says.
    // Forgets configuration and devices.
    void set_not_running(multipath_conf::ManagerState state, std::string reason);
    // It runs, and this is its configuration: the files in the order in which it reads them, and
    // its reply to "show config", if there was one.
    void set_configuration(std::vector<multipath_conf::ConfFile> files,
                           std::optional<multipath_conf::ConfFile> shown);
    // Its reply to "show devices".
    void set_devices(Watched devices);
    // The wwids file (empty: there is none, or it cannot be read), and maps that failed.
    void set_wwids(std::optional<Wwids> known, Wwids failed);
    // nompath or multipath=off.
    void set_disabled_on_command_line(bool disabled);

    model::Shared<std::vector<model::Setting>> settings(const model::LogicalUnit& unit,
                                                        model::Transport transport) override;
    Exclusion exclusion(const daemon::UnmappedDisk& disk) override;

  private:
    using Settings = model::Shared<std::vector<model::Setting>>;
    using Kind = std::tuple<std::string, std::string, std::string, std::string>;
    struct Own {
        Kind kind;
        Settings settings;
    };

    Settings work_out(const multipath_conf::MapIdentity& map);
    void prepare_exclusions();

    daemon::TablePolicy table_;
    std::optional<multipath_conf::EffectiveSettings> effective_; // empty: not running, or not known
    std::map<Kind, Settings> by_kind_;
    Wwids named_;                              // by sections "multipaths"
    std::unordered_map<std::string, Own> own_; // of these

    multipath_conf::ManagerFacts manager_; // without devices
    multipath_conf::Exclusions exclusions_;
    std::optional<Wwids> known_wwids_;
    Wwids failed_wwids_;
};

} // namespace mpapi::multipathd
