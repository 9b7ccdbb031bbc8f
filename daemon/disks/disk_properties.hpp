// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of org.mpapi.Multipath1.SharedDisk as a table over Disk. What each means is told
// in dbus/org.mpapi.Multipath1.SharedDisk.xml, which a test holds against it.
#pragma once

#include "daemon/disks/disk.hpp"
#include "daemon/publish/bus_writer.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::disks {

struct Property {
    const char* name;
    const char* signature;
    std::uint64_t flags; // SD_BUS_VTABLE_PROPERTY_*
    void (*append)(publish::BusWriter&, const Disk&);
    bool (*same)(const Disk&, const Disk&);
};

std::span<const Property> disk_properties();

// "fibre-channel", … as the XML has it.
std::string_view bus_of(const Disk& disk);

// "multipath", "redundant", … in the order of the XML.
std::vector<std::string_view> flags_of(const Disk& disk);

void append_unique_ids(publish::BusWriter& out, const std::vector<UniqueId>& ids);

} // namespace mpapi::disks
