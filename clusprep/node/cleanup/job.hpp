// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What CleanUpEvictedNode has begun and has to end, as it is kept in a file: a restart of the
// daemon or of the host does not undo it. Pure.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mpapi::node {

struct CleanupJob {
    std::int64_t due = 0; // µs of the wall clock, when the delay is over
    bool stop_service = true;
    bool wait_for_service = true;

    bool operator==(const CleanupJob&) const = default;
};

std::string text(const CleanupJob& job);
Result<CleanupJob> parse_cleanup_job(std::string_view text);

// One job that does what both ask for, as soon as either does.
CleanupJob joined(const CleanupJob& a, const CleanupJob& b);

} // namespace mpapi::node
