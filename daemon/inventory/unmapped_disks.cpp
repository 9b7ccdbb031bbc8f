// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/unmapped_disks.hpp"

#include "common/model/identity.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::daemon {

namespace {

bool listed(const DiskRecord& disk) {
    return disk.present && !disk.map && !disk.aside_of;
}

} // namespace

void UnmappedDisks::forget(DiskRecord& disk) {
    count(disk, "");
    due_.erase(disk.number);
    if (disk.disk_id == 0) return;
    gone_.push_back(disk.disk_id);
    named_.erase(disk.disk_id);
    disk.disk_id = 0;
}

// Counts the disk under this name and no other; whoever is not alone any more, or is now, is due.
void UnmappedDisks::count(DiskRecord& disk, const std::string& unit_name) {
    if (disk.counted_as == unit_name) return;
    const std::string before = std::exchange(disk.counted_as, unit_name);
    if (!before.empty()) {
        const auto counted = by_unit_name_.find(before);
        counted->second.erase(&disk);
        if (counted->second.size() == 1) mark(**counted->second.begin());
        if (counted->second.empty()) by_unit_name_.erase(counted);
    }
    if (unit_name.empty()) return;
    auto& all = by_unit_name_[unit_name];
    if (all.size() == 1) mark(**all.begin());
    all.insert(&disk);
}

void UnmappedDisks::commit(model::DiskTable& table) {
    // Those that leave go first: another may be the same object.
    for (auto entry = due_.begin(); entry != due_.end();) {
        DiskRecord& disk = *(entry++)->second;
        if (listed(disk))
            count(disk, disk.identity ? disk.identity->unit_name : "");
        else
            forget(disk);
    }
    for (const model::Sequence id : std::exchange(gone_, {}))
        table.erase(id);
    std::vector<model::DiskTable::Row> rows;
    for (const auto& [number, disk] : std::exchange(due_, {})) {
        name(*disk);
        model::Disk row = assemble(*disk);
        const model::Disk* before = table.find(row.id);
        if (!before || !(*before == row))
            rows.push_back(std::make_shared<const model::Disk>(std::move(row)));
    }
    if (!rows.empty()) table.put_all(std::move(rows));
}

void UnmappedDisks::name(DiskRecord& disk) {
    if (disk.disk_id != 0) return;
    disk.disk_key = model::nexus_key(disk.initiator_port->facts->port_id,
                                     disk.target_port->facts->port_id, disk.address.lun);
    disk.disk_id = ids_.id(model::ObjectType::Disk, disk.disk_key);
    // Ports that tell too little: what cannot be told apart is told apart by its device number.
    if (const auto taken = named_.find(disk.disk_id); taken != named_.end()) {
        disk.disk_key +=
            "," + std::to_string(disk.number.major) + ":" + std::to_string(disk.number.minor);
        disk.disk_id = ids_.id(model::ObjectType::Disk, disk.disk_key);
    }
    named_[disk.disk_id] = &disk;
}

model::Disk UnmappedDisks::assemble(const DiskRecord& record) const {
    model::Disk disk;
    disk.id = record.disk_id;
    disk.key = record.disk_key;
    disk.device = record.device;
    disk.number = record.number;
    disk.address = record.address;
    disk.transport = record.initiator_port->facts->transport;
    disk.device_state = record.state;
    disk.size = record.size;
    disk.initiator_port = record.initiator_port->id;
    disk.target_port = record.target_port->id;
    disk.trouble = record.trouble;
    if (record.identity) {
        disk.vendor = record.identity->vendor;
        disk.product = record.identity->product;
        disk.revision = record.identity->revision;
        disk.serial_number = record.identity->serial_number;
        disk.unit_name = record.identity->unit_name;
        disk.unit_name_type = record.identity->unit_name_type;
    }
    const bool others =
        !record.counted_as.empty() && by_unit_name_.at(record.counted_as).size() > 1;
    static const std::vector<std::string> nobody;
    auto exclusion =
        policy_.exclusion({disk, record.multipath_member, record.holders ? *record.holders : nobody,
                           others, record.device_type, record.udev.get()});
    disk.exclusion = std::move(exclusion.reason);
    disk.exclusion_detail = std::move(exclusion.detail);
    return disk;
}

} // namespace mpapi::daemon
