// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether a logical unit works, and whether as it should. Not of the standard.
#pragma once

#include "cli/objects.hpp"

#include <cstddef>
#include <string_view>

namespace mpapi::cli {

enum class Health {
    Ok,       // every path is usable, and at least one is in an active group
    Degraded, // it works, but a path is not usable; or the usable ones all wait for a failover
    Failed,   // no path is usable
};

// Operational, not disabled, and not in a group that is unavailable.
bool usable(const UnitView& view, const Path& path);

Health health_of(const UnitView& view);
std::string_view name_of(Health health);

struct Tally {
    std::size_t units = 0;
    std::size_t ok = 0;
    std::size_t degraded = 0;
    std::size_t failed = 0;
    std::size_t paths = 0;
    std::size_t usable_paths = 0;

    void add(const UnitView& view);
};

} // namespace mpapi::cli
