// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One consistent view of everything, immutable from the moment it is shared. Any thread may hold
// and read one as long as it likes. A generation number says which of two snapshots of one instance
// of the daemon is the newer; numbers of different instances cannot be compared.
#pragma once

#include "common/model/unit_table.hpp"
#include "common/model/values.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace mpapi::model {

// The small tables are shared as a whole. Never null; ordered by id.
template <typename T>
using Table = std::shared_ptr<const std::vector<T>>;

// Disks in no map may be as many as units.
using DiskTable = ChunkedTable<Disk>;

struct Snapshot {
    std::uint64_t instance = 0; // of the daemon that made it
    std::uint64_t generation = 0;
    Time made_at = 0;

    Manager manager;
    Table<Plugin> plugins = std::make_shared<const std::vector<Plugin>>();
    Table<InitiatorPort> initiator_ports = std::make_shared<const std::vector<InitiatorPort>>();
    Table<TargetPort> target_ports = std::make_shared<const std::vector<TargetPort>>();
    Table<DeviceProduct> products = std::make_shared<const std::vector<DeviceProduct>>();
    Table<LoadBalance> load_balances = std::make_shared<const std::vector<LoadBalance>>();
    DiskTable disks;
    UnitTable units;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

// What a table has, one row after the other, for those who do not care how it is shared.
template <typename T>
const std::vector<T>& rows(const Table<T>& table) {
    return *table;
}
template <typename T>
const ChunkedTable<T>& rows(const ChunkedTable<T>& table) {
    return table;
}

// The element with this id, or null.
template <typename T>
const T* find(const Table<T>& table, Sequence id) {
    auto at = std::lower_bound(table->begin(), table->end(), id,
                               [](const T& value, Sequence wanted) { return value.id < wanted; });
    return at != table->end() && at->id == id ? &*at : nullptr;
}

} // namespace mpapi::model
