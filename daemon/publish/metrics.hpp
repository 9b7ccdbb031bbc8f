// SPDX-License-Identifier: LGPL-2.1-or-later
//
// OpenMetrics 1.0 text from one snapshot and the daemon's own counters. Paths are named by their
// object id, which outlives kernel names; `mpapi_path_info` ties the id to the device, the map and
// the ports. A scrape is bounded: beyond kPathSeries paths those lines are left out and
// `mpapi_path_series_omitted` says how many.
#pragma once

#include "common/model/snapshot.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/publish/failures.hpp"
#include "daemon/publish/latency.hpp"

#include <string>

namespace mpapi::publish {

inline constexpr std::size_t kPathSeries = 10'000;

struct Figures {
    daemon::WorkCounters work;
    Latency latency;
    Failures failures;
    std::uint64_t signals = 0;
};

std::string open_metrics(const model::Snapshot& snapshot, const Figures& figures);

} // namespace mpapi::publish
