// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What "istd discover" shows, as plain values, and how it looks. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::discovery {

struct Target {
    std::string name;                 // "iqn.2003-01.org.linux-iscsi.node1:sn.1"
    std::vector<std::string> portals; // "10.0.0.1:3260,1"

    bool operator==(const Target&) const = default;
};

struct Found {
    std::string name, address, interface;
    std::uint64_t took = 0;  // us
    std::uint64_t heard = 0; // us since 1970
    std::vector<Target> targets;
    std::string
        trouble; // why its targets are not known; empty where they are, or were not asked for

    bool operator==(const Found&) const = default;
};

// What iscsiadm(8) prints in discovery mode, a portal and a target in each line:
// "10.0.0.1:3260,1 iqn.2003-01.org.linux-iscsi.node1:sn.1". Other lines are passed over.
std::vector<Target> targets_in(std::string_view output);

std::string heading();
// A line for the server, and one for each target.
std::string as_text(const Found& found);
std::string as_json(const std::vector<Found>& found, bool with_targets);
// For --watch: {"event": "answered", ...}, {"event": "gone", "name": ...}.
std::string answered_as_json(const Found& found, bool with_targets);
std::string gone_as_json(const std::string& name);

} // namespace mpapi::discovery
