// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SET TARGET PORT GROUPS to one open device, and what its answer means. Runs on a worker.
#pragma once

#include "common/scsi/target_port_groups.hpp"
#include "daemon/hardware.hpp"
#include "daemon/paths/outcome.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace mpapi::paths {

struct Taken {}; // GOOD: the device will do it, or has done it
struct NotNow {  // it is between two states, or busy: again later
    std::string text;
};
struct NoAnswer { // this path does not serve: another may
    std::string text;
};
using SetGroupsAnswer = std::variant<Taken, NotNow, NoAnswer, Refused>;

// Reads VPD page 83h: why the device does not serve for this logical unit, nothing where it does.
std::optional<std::string> leads_elsewhere(daemon::ScsiDevice& device, daemon::Progress& progress,
                                           const std::string& unit_name,
                                           std::chrono::milliseconds timeout);

// Reads VPD page 83h first, over the same open device; where it names another logical unit than
// `unit_name` nothing is sent and the answer is NoAnswer.
SetGroupsAnswer set_target_port_groups(daemon::ScsiDevice& device, daemon::Progress& progress,
                                       const std::string& unit_name,
                                       std::span<const scsi::SetTargetPortGroup> groups,
                                       std::chrono::milliseconds inquiry_timeout,
                                       std::chrono::milliseconds command_timeout);

} // namespace mpapi::paths
