// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/uevent.hpp"

#include "common/dm/device_number.hpp"
#include "daemon/kernel/disk_reader.hpp"
#include "daemon/kernel/scsi_place.hpp"

#include <string_view>

namespace mpapi::kernel {
namespace {

Reading read_disk_event(const Uevent& event) {
    Reading reading;
    reading.name = event.name;
    if (const auto number = dm::parse_device_number(event.major + ":" + event.minor))
        reading.number = {number->major, number->minor};
    if (event.action == "remove") {
        reading.meaning = Meaning::DiskGone;
        return reading;
    }
    reading.meaning = Meaning::DiskChanged;
    reading.member = parse_multipath_member(event.multipath_path);
    reading.facts = event.facts;
    if (event.action == "move") {
        const auto old_name = event.old_path.substr(event.old_path.find_last_of('/') + 1);
        if (is_scsi_disk_name(old_name) && old_name != event.name) {
            reading.meaning = Meaning::DiskRenamed;
            reading.old_name = old_name;
        }
    }
    return reading;
}

Reading read_map_event(const Uevent& event) {
    Reading reading;
    const auto number = dm::parse_device_number(event.major + ":" + event.minor);
    if (!number) return reading;
    reading.name = event.name;
    reading.number = {number->major, number->minor};
    if (event.action == "remove")
        reading.meaning = Meaning::MapGone;
    else if (event.dm_action == "PATH_FAILED" || event.dm_action == "PATH_REINSTATED")
        reading.meaning = Meaning::MapPathChanged;
    else
        reading.meaning = Meaning::MapChanged;
    return reading;
}

// Additional sense codes behind the words, SPC-4 annex E.
Meaning meaning_of_unit_attention(std::string_view word) {
    if (word == "ASYMMETRIC_ACCESS_STATE_CHANGED") return Meaning::AccessStateChanged; // 2Ah/06h
    if (word == "INQUIRY_DATA_HAS_CHANGED") return Meaning::InquiryDataChanged;        // 3Fh/03h
    if (word == "CAPACITY_DATA_HAS_CHANGED") return Meaning::InquiryDataChanged;       // 2Ah/09h
    if (word == "POWER_ON_RESET_OCCURRED") return Meaning::InquiryDataChanged;         // 29h/xxh
    // 3Fh/0Eh. The kernel tells it of one unit and keeps quiet for the others of the same target
    // until they are scanned again (scsi_report_lun_change(), starget->expecting_lun_change).
    if (word == "REPORTED_LUNS_DATA_HAS_CHANGED") return Meaning::TargetUnitsChanged;
    return Meaning::Nothing;
}

} // namespace

std::optional<bool> parse_multipath_member(const std::string& text) {
    if (text == "1") return true;
    if (text == "0") return false;
    return std::nullopt;
}

Reading read_uevent(const Uevent& event) {
    if (event.subsystem == "block") {
        if (is_scsi_disk_name(event.name)) return read_disk_event(event);
        if (event.name.compare(0, 3, "dm-") == 0) return read_map_event(event);
    } else if (event.subsystem == "scsi") {
        const auto address = parse_scsi_address(event.name);
        if (!address || event.device_type != "scsi_device") return {};
        Reading reading;
        reading.meaning = meaning_of_unit_attention(event.unit_attention);
        if (reading.meaning != Meaning::Nothing) reading.address = *address;
        return reading;
    } else if (event.subsystem == "misc" && event.name == "device-mapper" &&
               event.action != "remove") {
        Reading reading;
        reading.meaning = Meaning::DeviceMapperAppeared;
        return reading;
    }
    return {};
}

} // namespace mpapi::kernel
