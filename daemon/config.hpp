// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an administrator can set, with the values in force when nothing is set. Each key is
// documented in mpapid.toml(5); the reader (config.cpp) refuses what it does not know.
#pragma once

#include "common/settings/document.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::daemon {

// Who changes multipath tables. `Auto` follows multipathd's unit and otherwise observes; it never
// becomes Standalone.
enum class ManagerMode { Auto, Multipathd, Standalone, Observe };

struct Config {
    ManagerMode manager = ManagerMode::Auto;
    std::string state_directory = "/var/lib/mpapi";

    // [refresh]: how often a logical unit is asked for its target port groups when nothing was
    // heard of them. After activity `shortest`, then doubling to `longest`.
    struct Refresh {
        bool operator==(const Refresh&) const = default;
        bool enabled = true;
        std::chrono::seconds shortest{5};
        std::chrono::seconds longest{60};
    } refresh;

    // [commands]: SCSI commands to devices.
    struct Commands {
        bool operator==(const Commands&) const = default;
        std::chrono::milliseconds timeout{5000}; // of one command; then the path is `unknown`
        unsigned threads = 8;                    // workers when none is stuck
        unsigned per_host = 4;                   // workers that one SCSI host may hold
        unsigned replacements = 16;              // workers started for stuck ones, at most
    } commands;

    // [startup]
    struct Startup {
        bool operator==(const Startup&) const = default;
        // How long the first answers of devices are awaited before the service is announced. What
        // has not answered by then is published `unverified`.
        std::chrono::milliseconds verify{2000};
    } startup;

    // [bus]
    struct BusLimits {
        bool operator==(const BusLimits&) const = default;
        std::size_t managed_objects = 8u << 20; // bytes; above it GetManagedObjects is refused
        unsigned calls_per_sender = 16;         // unanswered calls of one sender
        unsigned changes_kept = 16384;          // events that GetChanges can look back on
    } bus;

    // [disks]: which disks programs may read, write and reserve over the bus.
    struct Disks {
        bool operator==(const Disks&) const = default;
        std::vector<std::string> allow; // WWIDs as multipath-tools have them
        bool write_anywhere = false;    // raw_write: "scratch" or "anywhere"
        // Whether this disk is on the list. One whose WWID is not known never is.
        bool allows(std::string_view wwid) const;
    } disks;

    bool operator==(const Config&) const = default;
};

void read_keys(settings::Section root, Config& config);

} // namespace mpapi::daemon
