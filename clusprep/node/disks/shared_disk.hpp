// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mpapid tells of a shared disk (dbus/org.mpapi.Multipath1.SharedDisk.xml), and the same in
// the words of MS-CSVP.
#pragma once

#include "clusprep/interfaces/disks.hpp"

#include <systemd/sd-bus.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mpapi::node {

inline constexpr char kSharedDisk[] = "org.mpapi.Multipath1.SharedDisk";

// Properties under their names of the interface; what is not told keeps its default.
struct SharedDisk {
    std::string partition_style;
    std::uint32_t mbr_signature = 0;
    std::string disk_guid;
    std::string bus_type;
    std::uint32_t path_count = 1;
    std::string adapter_description;
    std::uint32_t host = 0, channel = 0, target = 0;
    std::uint64_t lun = 0;
    std::vector<std::string> flags;
    bool in_use = false;
    bool identified = false; // Designators is not empty
    std::string persistent_reservations;
    std::uint32_t sector_size = 0;
    std::string ownership;
    bool online = true;
};

// Of an answer to Properties.GetAll. EBADMSG for another shape.
Result<SharedDisk> read_shared_disk(sd_bus_message* answer);

csvp::Disk as_lun(const std::string& key, const SharedDisk& disk);
csvp::DiskState state_of(const SharedDisk& disk);

} // namespace mpapi::node
