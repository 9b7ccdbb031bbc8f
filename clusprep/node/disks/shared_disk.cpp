// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/shared_disk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace mpapi::node {

namespace {

// Numbers of Linux that have no place in one byte (MS-CSVP 2.2.4) are cut: no client reads them.
std::uint8_t one_byte(std::uint64_t number) {
    return static_cast<std::uint8_t>(number & 0xff);
}

csvp::BusType bus_type(std::string_view name) {
    static constexpr std::pair<std::string_view, csvp::BusType> kTypes[] = {
        {"parallel-scsi", csvp::BusType::Scsi}, {"fibre-channel", csvp::BusType::Fibre},
        {"iscsi", csvp::BusType::Iscsi},        {"sas", csvp::BusType::Sas},
        {"ata", csvp::BusType::Sata},           {"usb", csvp::BusType::Usb},
    };
    for (const auto& [text, type] : kTypes)
        if (text == name) return type;
    return csvp::BusType::Unknown;
}

constexpr std::pair<std::string_view, csvp::DiskFlag> kFlags[] = {
    {"boot", csvp::DiskBoot},
    {"system", csvp::DiskSystem},
    {"swap", csvp::DiskPageFile},
    {"hibernate", csvp::DiskHibernate},
    {"crash-dump", csvp::DiskCrashDump},
    {"removable", csvp::DiskRemovable},
    {"system-bus", csvp::DiskSystemBus},
    {"basic", csvp::DiskBasic},
    {"dynamic", csvp::DiskDynamic},
    {"unreadable", csvp::DiskUnreadable},
    {"multipath", csvp::DiskMpio},
    {"clustered-other", csvp::DiskClusteredOther},
    {"missing", csvp::DiskMissing},
    {"redundant", csvp::DiskRedundant},
};

std::uint32_t flags(const SharedDisk& disk) {
    std::uint32_t result = 0;
    for (const auto& [name, flag] : kFlags)
        if (std::find(disk.flags.begin(), disk.flags.end(), name) != disk.flags.end())
            result |= flag;
    if (disk.partition_style == "mbr") result |= csvp::DiskStyleMbr;
    if (disk.partition_style == "gpt") result |= csvp::DiskStyleGpt;
    if (disk.partition_style == "none") result |= csvp::DiskStyleRaw;
    if (disk.persistent_reservations == "no") result |= csvp::DiskClusterNotSupported;
    return result;
}

csvp::DiskSignature signature(const SharedDisk& disk) {
    if (disk.partition_style == "mbr" && disk.mbr_signature != 0) return disk.mbr_signature;
    if (disk.partition_style == "gpt")
        if (const auto guid = ndr::parse_guid(disk.disk_guid)) return *guid;
    return {};
}

// Reading one property's value, whose type is known from the interface's description.
int text(sd_bus_message* m, std::string& to) {
    const char* value = nullptr;
    const int r = sd_bus_message_read(m, "v", "s", &value);
    if (r > 0) to = value;
    return r;
}

int number(sd_bus_message* m, std::uint32_t& to) {
    return sd_bus_message_read(m, "v", "u", &to);
}

int truth(sd_bus_message* m, bool& to) {
    int value = 0;
    const int r = sd_bus_message_read(m, "v", "b", &value);
    if (r > 0) to = value != 0;
    return r;
}

int texts(sd_bus_message* m, std::vector<std::string>& to) {
    int r = sd_bus_message_enter_container(m, 'v', "as");
    if (r > 0) r = sd_bus_message_enter_container(m, 'a', "s");
    if (r < 0) return r;
    const char* one = nullptr;
    while ((r = sd_bus_message_read(m, "s", &one)) > 0)
        to.emplace_back(one);
    if (r >= 0) r = sd_bus_message_exit_container(m);
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

int address(sd_bus_message* m, SharedDisk& disk) {
    return sd_bus_message_read(m, "v", "(uuut)", &disk.host, &disk.channel, &disk.target,
                               &disk.lun);
}

int designators(sd_bus_message* m, bool& some) {
    int r = sd_bus_message_enter_container(m, 'v', "a(yyyay)");
    if (r > 0) r = sd_bus_message_enter_container(m, 'a', "(yyyay)");
    if (r < 0) return r;
    some = sd_bus_message_at_end(m, 0) == 0;
    while ((r = sd_bus_message_skip(m, "(yyyay)")) > 0) {
    }
    if (r < 0 && r != -ENXIO) return r; // ENXIO: past the last one
    r = sd_bus_message_exit_container(m);
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

int property(sd_bus_message* m, std::string_view name, SharedDisk& disk) {
    if (name == "PartitionStyle") return text(m, disk.partition_style);
    if (name == "MbrSignature") return number(m, disk.mbr_signature);
    if (name == "DiskGuid") return text(m, disk.disk_guid);
    if (name == "BusType") return text(m, disk.bus_type);
    if (name == "PathCount") return number(m, disk.path_count);
    if (name == "AdapterDescription") return text(m, disk.adapter_description);
    if (name == "ScsiAddress") return address(m, disk);
    if (name == "Flags") return texts(m, disk.flags);
    if (name == "InUse") return truth(m, disk.in_use);
    if (name == "Designators") return designators(m, disk.identified);
    if (name == "PersistentReservations") return text(m, disk.persistent_reservations);
    if (name == "SectorSize") return number(m, disk.sector_size);
    if (name == "Ownership") return text(m, disk.ownership);
    if (name == "Online") return truth(m, disk.online);
    return sd_bus_message_skip(m, "v");
}

int properties(sd_bus_message* m, SharedDisk& disk) {
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");
    if (r < 0) return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        const char* name = nullptr;
        if ((r = sd_bus_message_read(m, "s", &name)) < 0 || (r = property(m, name, disk)) < 0 ||
            (r = sd_bus_message_exit_container(m)) < 0)
            return r;
    }
    return r;
}

} // namespace

Result<SharedDisk> read_shared_disk(sd_bus_message* answer) {
    SharedDisk disk;
    const int r = properties(answer, disk);
    if (r < 0) return Error{"read the properties of", "a shared disk", "", -r};
    return disk;
}

csvp::Disk as_lun(const std::string& key, const SharedDisk& disk) {
    csvp::Disk lun;
    lun.key = key;
    lun.signature = signature(disk);
    lun.bus = bus_type(disk.bus_type);
    lun.address = {one_byte(disk.host), one_byte(disk.channel), one_byte(disk.target),
                   one_byte(disk.lun)};
    lun.adapter = disk.adapter_description;
    lun.paths = disk.path_count;
    lun.flags = flags(disk);
    lun.clusterable = disk.identified && disk.persistent_reservations == "yes" && !disk.in_use &&
                      (lun.flags & csvp::DiskMissing) == 0;
    return lun;
}

csvp::DiskState state_of(const SharedDisk& disk) {
    csvp::DiskState state;
    state.online = disk.online;
    // Unconfirmed ends by itself after 7 s, one way or the other.
    if (disk.ownership == "this-node" || disk.ownership == "unconfirmed")
        state.ownership = csvp::Ownership::OwnedByThisServer;
    if (disk.ownership == "another-node") state.ownership = csvp::Ownership::OwnedByAnother;
    return state;
}

} // namespace mpapi::node
