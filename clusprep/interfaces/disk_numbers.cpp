// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/disk_numbers.hpp"

#include "clusprep/interfaces/fixed_text.hpp"

namespace mpapi::csvp {

void DiskNumbers::update(const DiskList& list) {
    if (list == seen_ || !list) return;
    seen_ = list;
    for (Lun& lun : luns_)
        lun.missing = true;
    for (const Disk& disk : *list) {
        const auto [entry, added] = by_key_.try_emplace(disk.key, size());
        if (added)
            luns_.push_back({disk, false});
        else
            luns_[entry->second] = {disk, false};
    }
}

std::vector<std::uint32_t> DiskNumbers::matching(const DiskId& id) const {
    std::vector<std::uint32_t> numbers;
    if (id.type == DiskIdType::Number) {
        if (id.number < luns_.size()) numbers.push_back(id.number);
        return numbers;
    }
    DiskSignature wanted;
    if (id.type == DiskIdType::Signature) wanted = id.number;
    if (id.type == DiskIdType::Guid) wanted = id.guid;
    if (std::holds_alternative<std::monostate>(wanted)) return numbers;
    for (std::uint32_t number = 0; number < luns_.size(); ++number)
        if (!luns_[number].missing && luns_[number].disk.signature == wanted)
            numbers.push_back(number);
    return numbers;
}

DiskId DiskNumbers::id_of(std::uint32_t number) const {
    const DiskSignature& signature = luns_[number].disk.signature;
    if (const auto* guid = std::get_if<ndr::Guid>(&signature)) return DiskId::of_guid(*guid);
    if (const auto* mbr = std::get_if<std::uint32_t>(&signature)) return DiskId::of_signature(*mbr);
    return DiskId::of_number(number);
}

DiskProps DiskNumbers::props_of(std::uint32_t number) const {
    const Lun& lun = luns_[number];
    const Disk& disk = lun.disk;
    DiskProps props;
    props.disk_number = number;
    props.disk_id = id_of(number);
    props.bus_type = static_cast<std::uint32_t>(disk.bus);
    // A driver below the SCSI layer of Linux is what a StorPort miniport is over there.
    props.stack_type = DiskStackType::StorPort;
    props.scsi_address = {8, disk.address.port, disk.address.path, disk.address.target,
                          disk.address.lun};
    props.is_clusterable = disk.clusterable && !lun.missing ? 1 : 0;
    props.adapter_description = fixed_text<260>(disk.adapter);
    props.paths = lun.missing ? 0 : disk.paths;
    props.flags = disk.flags | (lun.missing ? DiskMissing : 0u);
    return props;
}

} // namespace mpapi::csvp
