// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The status of the device-mapper multipath target, as `dmsetup status` shows it behind the word
// "multipath":
//
//   <#features> <queue_io> <pg_init_count> <#handler words> <word>...
//   <#groups> <current group>
//   { A|E|D <#selector words> <word>... <#paths> <#path words>
//     { <device> A|F <fail count> <word>... }... }...
//
// Source: multipath_status() for STATUSTYPE_INFO in drivers/md/dm-mpath.c of Linux. Kernels differ:
// the first feature is 0 or 1 now and was the length of a queue once; very old ones print no
// second, newer ones may add more. The current group is the one in use, else the one to be tried
// next; which of the two wins while a switch is under way differs too. Words that a selector prints
// of a group or a path (drivers/md/dm-ps-*.c) are kept as they are:
//   round-robin               none
//   queue-length              commands in flight
//   service-time              bytes in flight, relative throughput
//   io-affinity               I/O that missed its map (of the selector, on each path)
//   historical-service-time   group: base weight, threshold multiplier;
//                             path: service time, commands in flight, stale-after time (ns)
// Any of them may be negative for a moment: the kernel prints counters as %d.
//
// Pure functions, any thread. Limits as in multipath_table.hpp.
#pragma once

#include "common/dm/device_number.hpp"
#include "common/dm/words.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::dm {

enum class GroupState : std::uint8_t {
    Active,   // A: the group that carries I/O now
    Enabled,  // E: may be chosen
    Disabled, // D: bypassed, chosen only if no other group has a path
};

enum class PathState : std::uint8_t {
    Active, // A
    Failed, // F
};

struct StatusPath {
    std::string device; // "8:16"
    PathState state = PathState::Active;
    std::uint32_t fail_count = 0; // failures since the table was loaded
    Words selector_status;

    std::optional<DeviceNumber> number() const noexcept { return parse_device_number(device); }
    bool operator==(const StatusPath&) const = default;
};

struct StatusGroup {
    GroupState state = GroupState::Enabled;
    Words selector_status;
    std::vector<StatusPath> paths;

    bool operator==(const StatusGroup&) const = default;
};

struct MultipathStatus {
    Words features; // "<queue_io> <pg_init_count>"
    Words hardware_handler_status;
    std::uint32_t current_group = 0; // counted from 1; the next one if none is in use yet
    std::vector<StatusGroup> groups;

    // I/O is held back while a group is being initialized. (I/O queued because no path is left
    // does not show here: that is the table's queue_if_no_path with every path failed.)
    bool queues_io() const noexcept;
    // How often a group was initialized since the last switch; empty if the kernel does not say.
    std::optional<std::uint32_t> pg_init_count() const noexcept;

    bool operator==(const MultipathStatus&) const = default;
};

Result<MultipathStatus> parse_multipath_status(std::string_view text);

// The text as the kernel prints it, with the blank it leaves at the end. Fails where the text could
// not be read back (see build_table()).
Result<std::string> build_status(const MultipathStatus& status);

} // namespace mpapi::dm
