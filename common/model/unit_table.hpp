// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The logical units of a snapshot.
#pragma once

#include "common/model/chunked_table.hpp"

#include <memory>
#include <vector>

namespace mpapi::model {

// A logical unit with everything that belongs to it alone: the unit of sharing. `paths` and
// `groups` are ordered by their ids.
struct Unit {
    LogicalUnit unit;
    std::vector<Path> paths;
    std::vector<TargetPortGroup> groups;
    std::shared_ptr<ReadTimes> read_times; // never null

    const Path* path(Sequence id) const;
    const TargetPortGroup* group(Sequence id) const;
    const TargetPortGroup* group_numbered(std::uint16_t number) const;

    // Read times are left out: confirmation is no change.
    bool operator==(const Unit& other) const {
        return unit == other.unit && paths == other.paths && groups == other.groups;
    }
};

inline Sequence id_of(const Unit& unit) {
    return unit.unit.id;
}

using UnitPtr = std::shared_ptr<const Unit>;
using UnitTable = ChunkedTable<Unit>;

} // namespace mpapi::model
