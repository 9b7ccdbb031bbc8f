// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the machine's multipathd was told about keeping a map, beyond the description.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mpapi::san {

struct Upkeep {
    std::string selector; // with its arguments, "queue-length 0"; empty: as described
    // Index of the path that carries all I/O as long as it works; UINT32_MAX: none.
    std::uint32_t override_path = UINT32_MAX;
    bool failback = true;
    std::chrono::seconds failback_delay{0};
    bool probing = true; // paths that work again are reinstated
    bool operator==(const Upkeep&) const = default;

    // Whether a map needs another table for it.
    bool same_table(const Upkeep& other) const {
        return selector == other.selector && override_path == other.override_path;
    }
};

} // namespace mpapi::san
