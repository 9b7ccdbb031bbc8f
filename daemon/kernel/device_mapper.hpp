// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What device-mapper has: list, table, status, versions. Reading only; on the thread of
// dm_thread.hpp, for libdevmapper is not thread-safe.
//
// None of these waits for a map: a status is asked for without a flush and without a lock on what
// is above, so a suspended map answers too. Maps are named by number: a name may change between
// the list and the question.
#pragma once

#include "common/result.hpp"
#include "daemon/hardware.hpp"
#include "daemon/kernel/map_list.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mpapi::kernel {

// Every map of the kernel. Event numbers are 0 on kernels without them (before 4.13).
Result<std::vector<ListedMap>> list_maps();

struct MapReading {
    MapKind kind = MapKind::Undecided;
    std::optional<daemon::MapFacts> facts; // set when kind is Multipath
};

// nullopt: no map has this number, or no longer.
Result<std::optional<MapReading>> read_map(model::DeviceNumber number);

// Version of the kernel's multipath target, "1.14.0"; "" while it is not loaded.
Result<std::string> multipath_target_version();

} // namespace mpapi::kernel
