// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/model/values.hpp"

#include <chrono>

namespace mpapi {

inline model::Time to_time(std::chrono::system_clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

inline model::Time now_realtime() {
    return to_time(std::chrono::system_clock::now());
}

// As sd-event counts CLOCK_MONOTONIC.
inline std::uint64_t to_usec(std::chrono::steady_clock::time_point when) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count());
}

} // namespace mpapi
