// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether a device may carry I/O of a logical unit: asked before this daemon reinstates a path or
// puts a device into a table. A node that owns a unit by persistent reservations has its key
// registered on that nexus first (daemon/disks/ownership), for dm-multipath takes a write that met
// a RESERVATION CONFLICT to another path no more. Nobody waits: what was asked about stays out of
// use until the answer.
#pragma once

#include "daemon/paths/identity_job.hpp"
#include "daemon/paths/intents.hpp"

#include "common/result.hpp"

#include <functional>

namespace mpapi::paths {

struct Newcomer {
    model::Sequence unit = 0;
    PathName name; // may be empty of a path that is in the unit's table already
    Claimed device;
};

// Calls `then` once, on the loop, also from within. EAGAIN: not yet, and nobody needs to know; any
// other error is for people, was told to them, and may be another the next time.
using Admission = std::function<void(const Newcomer&, std::function<void(Status)> then)>;

inline void admit_all(const Newcomer&, const std::function<void(Status)>& then) {
    then(Done{});
}

} // namespace mpapi::paths
