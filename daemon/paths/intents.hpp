// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What administrators asked for and what shall stay so: over checker runs, the loss and return of
// paths, a reconfiguration of multipathd, a restart of anything. Plain values. A change is one set
// of intents in the place of another, and a path manager (path_manager.hpp) makes the world follow.
//
// What is not set is left as the path manager finds it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mpapi::paths {

// An I_T_L nexus and the logical unit behind it: what a path is called over reboots, when kernel
// names and LUNs may have been given to others.
struct PathName {
    std::string unit_name; // the designator, as model::LogicalUnit::unit_name
    std::string initiator_port;
    std::string target_port;
    std::uint64_t lun = 0;
    bool operator==(const PathName&) const = default;
    auto operator<=>(const PathName&) const = default;
};

// Settings that the standard has for a plugin as well as for a logical unit.
struct Settings {
    std::optional<std::string> selector; // with its arguments, as in a table: "queue-length 0"
    std::optional<bool> auto_failback;
    std::optional<std::uint32_t> failback_rate; // seconds
    std::optional<bool> auto_probing;
    std::optional<std::uint32_t> probing_rate; // seconds
    bool operator==(const Settings&) const = default;
};

struct UnitIntent {
    Settings settings;
    std::optional<PathName> override_path;
    std::map<PathName, std::uint32_t> weights;
    // How the paths were grouped before the first of these made us group them otherwise: what they
    // return to. Only of a path manager that loads tables itself.
    std::vector<std::vector<PathName>> groups;

    bool empty() const { return *this == UnitIntent(); }
    bool operator==(const UnitIntent&) const = default;
};

struct Intents {
    Settings everywhere;                     // what a unit without a setting of its own has
    std::map<std::string, UnitIntent> units; // by model::LogicalUnit::key; none is empty
    std::set<PathName> disabled;
    bool operator==(const Intents&) const = default;
};

} // namespace mpapi::paths
