// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The disks that are paths of no map, as the snapshot lists them, kept up to date at the cost of
// what changed. Why a disk is in no map may depend on whether others lead to the same unit, so they
// are counted by unit; only the first two of a unit concern each other.
#pragma once

#include "common/model/snapshot.hpp"
#include "daemon/inventory/object_ids.hpp"
#include "daemon/inventory/policy.hpp"
#include "daemon/inventory/records.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mpapi::daemon {

class UnmappedDisks {
  public:
    UnmappedDisks(ObjectIds& ids, MultipathPolicy& policy)
      : ids_(ids)
      , policy_(policy) {}

    // Something about the disk is another than before, whether it is in a map included.
    void mark(DiskRecord& disk) { due_[disk.number] = &disk; }
    // The record ends, or becomes one of another object.
    void forget(DiskRecord& disk);

    // Brings the table up to date with the disks that were marked or forgotten.
    void commit(model::DiskTable& table);

  private:
    void count(DiskRecord& disk, const std::string& unit_name);
    void name(DiskRecord& disk);
    model::Disk assemble(const DiskRecord& disk) const;

    ObjectIds& ids_;
    MultipathPolicy& policy_;
    std::map<model::DeviceNumber, DiskRecord*> due_;
    std::vector<model::Sequence> gone_;
    std::unordered_map<std::string, std::unordered_set<DiskRecord*>> by_unit_name_;
    std::unordered_map<model::Sequence, const DiskRecord*> named_; // who has which number
};

} // namespace mpapi::daemon
