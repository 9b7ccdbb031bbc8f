// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What became of a command that went to each I_T nexus of a disk, and whether that counts as done.
#pragma once

#include "common/result.hpp"
#include "daemon/disks/disk.hpp"

#include <string>
#include <vector>

namespace mpapi::disks {

struct NexusResult {
    Nexus nexus;
    Status status;
};

// Fails where a usable nexus failed: I/O goes through it all the same. Of a path that is down
// nothing else can be expected, unless no nexus succeeded. The errnum is that of the first
// reservation conflict, else of the first failure; the reason names each that counts, with its
// ports. ENODEV where there is no nexus.
Status outcome_of(const std::vector<NexusResult>& results);

// "sdc (2100000000000001 to 5000000000000001): timed out; sdd …" of all that failed; "": none.
std::string failures_of(const std::vector<NexusResult>& results);

} // namespace mpapi::disks
