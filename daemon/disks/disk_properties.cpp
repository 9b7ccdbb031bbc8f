// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/disk_properties.hpp"

#include <array>
#include <utility>

namespace mpapi::disks {

namespace {

using publish::BusWriter;

constexpr std::uint64_t kChanges = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
constexpr std::uint64_t kConst = SD_BUS_VTABLE_PROPERTY_CONST;

// How each type of value is written.
void put(BusWriter& out, std::string_view value) {
    out.text(value);
}
void put(BusWriter& out, bool value) {
    out.boolean(value);
}
void put(BusWriter& out, std::uint32_t value) {
    out.u32(value);
}
void put(BusWriter& out, std::uint64_t value) {
    out.u64(value);
}
void put(BusWriter& out, const std::vector<std::string_view>& values) {
    out.open('a', "s");
    for (const auto value : values)
        out.text(value);
    out.close();
}
void put(BusWriter& out, const std::vector<std::string>& values) {
    out.open('a', "s");
    for (const auto& value : values)
        out.text(value);
    out.close();
}
void put(BusWriter& out, const std::map<std::string, std::string>& pairs) {
    out.open('a', "(ss)");
    for (const auto& [first, second] : pairs) {
        out.open('r', "ss");
        out.text(first);
        out.text(second);
        out.close();
    }
    out.close();
}
void put(BusWriter& out, const std::vector<UniqueId>& ids) {
    append_unique_ids(out, ids);
}
void put(BusWriter& out, const model::DeviceNumber& number) {
    out.open('r', "uu");
    out.u32(number.major);
    out.u32(number.minor);
    out.close();
}
void put(BusWriter& out, const model::ScsiAddress& address) {
    out.open('r', "uuut");
    out.u32(address.host);
    out.u32(address.channel);
    out.u32(address.target);
    out.u64(address.lun);
    out.close();
}
void put(BusWriter& out, const std::array<std::string, 4>& texts) {
    out.open('r', "ssss");
    for (const auto& text : texts)
        out.text(text);
    out.close();
}

// `Get` is a lambda: it is made anew where it is called.
template <typename Get>
constexpr Property row(const char* name, const char* signature, std::uint64_t flags, Get) {
    return {name, signature, flags, [](BusWriter& out, const Disk& disk) { put(out, Get{}(disk)); },
            [](const Disk& a, const Disk& b) { return Get{}(a) == Get{}(b); }};
}

std::string_view style_of(const Disk& disk) {
    if (!disk.examined.label) return "unknown";
    switch (disk.examined.label->style) {
    case LabelStyle::Gpt:
        return "gpt";
    case LabelStyle::Mbr:
        return "mbr";
    case LabelStyle::None:
        break;
    }
    return "none";
}

std::string_view support(Support value) {
    switch (value) {
    case Support::Yes:
        return "yes";
    case Support::No:
        return "no";
    case Support::Unknown:
        break;
    }
    return "unknown";
}

constexpr std::array kProperties{
    row("Identity", "s", kConst, [](const Disk& disk) -> std::string_view { return disk.id; }),
    row("Wwid", "s", kChanges, [](const Disk& disk) -> std::string_view { return disk.wwid; }),
    Property{"Object", "o", kChanges,
             [](BusWriter& out, const Disk& disk) {
                 out.path(disk.object.empty() ? "/" : disk.object.c_str());
             },
             [](const Disk& a, const Disk& b) { return a.object == b.object; }},
    row("Device", "s", kChanges,
        [](const Disk& disk) -> std::string_view { return disk.block.device; }),
    row("DeviceNumber", "(uu)", kChanges, [](const Disk& disk) { return disk.block.number; }),
    row("Product", "(ssss)", kChanges,
        [](const Disk& disk) {
            return std::array{disk.vendor, disk.product, disk.revision, disk.serial_number};
        }),
    row("Designators", "a(yyyay)", kChanges,
        [](const Disk& disk) { return disk.examined.unique_ids; }),
    row("Size", "t", kChanges, [](const Disk& disk) { return disk.size; }),
    row("SectorSize", "u", kChanges,
        [](const Disk& disk) { return disk.examined.geometry.sector_size; }),
    row("PartitionStyle", "s", kChanges, [](const Disk& disk) { return style_of(disk); }),
    row("MbrSignature", "u", kChanges,
        [](const Disk& disk) {
            return disk.examined.label ? disk.examined.label->mbr_signature : std::uint32_t{0};
        }),
    row("DiskGuid", "s", kChanges,
        [](const Disk& disk) -> std::string_view {
            return disk.examined.label ? std::string_view(disk.examined.label->disk_guid) : "";
        }),
    row("LabelTrouble", "s", kChanges,
        [](const Disk& disk) -> std::string_view {
            return disk.examined.label ? std::string_view(disk.examined.label->trouble) : "";
        }),
    row("BusType", "s", kChanges, [](const Disk& disk) { return bus_of(disk); }),
    row("PathCount", "u", kChanges,
        [](const Disk& disk) { return static_cast<std::uint32_t>(disk.path_count()); }),
    row("UsablePathCount", "u", kChanges,
        [](const Disk& disk) { return static_cast<std::uint32_t>(disk.usable_nexuses()); }),
    row("PathsLeftOut", "a(ss)", kChanges, [](const Disk& disk) { return disk.left_out; }),
    row("AdapterDescription", "s", kChanges,
        [](const Disk& disk) -> std::string_view { return disk.adapter; }),
    row("ScsiAddress", "(uuut)", kChanges,
        [](const Disk& disk) {
            return disk.nexuses.empty() ? model::ScsiAddress{} : disk.nexuses.front().address;
        }),
    row("Flags", "as", kChanges, [](const Disk& disk) { return flags_of(disk); }),
    row("InUse", "b", kChanges,
        [](const Disk& disk) { return disk.use && !disk.use->users.empty(); }),
    row("UsedBy", "as", kChanges,
        [](const Disk& disk) { return disk.use ? disk.use->users : std::vector<std::string>(); }),
    row("PersistentReservations", "s", kChanges,
        [](const Disk& disk) { return support(disk.examined.persistent_reservations); }),
    row("Allowed", "b", kChanges, [](const Disk& disk) { return disk.allowed; }),
    row("Ownership", "s", kChanges,
        [](const Disk& disk) -> std::string_view {
            if (!disk.ownership.empty()) return disk.ownership;
            return disk.examined.held_by_others ? "another-node" : "none";
        }),
    row("Online", "b", kChanges, [](const Disk& disk) { return disk.online; }),
    row("ExaminedAt", "t", 0,
        [](const Disk& disk) { return static_cast<std::uint64_t>(disk.examined.at); }),
    row("ExamineTrouble", "s", kChanges,
        [](const Disk& disk) -> std::string_view { return disk.examined.trouble; }),
};

} // namespace

std::span<const Property> disk_properties() {
    return kProperties;
}

std::string_view bus_of(const Disk& disk) {
    switch (disk.transport) {
    case model::Transport::FibreChannel:
        return "fibre-channel";
    case model::Transport::ParallelScsi:
        return "parallel-scsi";
    case model::Transport::Iscsi:
        return "iscsi";
    case model::Transport::InfiniBand:
        return "infiniband";
    case model::Transport::Sas:
        return "sas";
    case model::Transport::Unknown:
        break;
    }
    switch (disk.use ? disk.use->attachment : daemon::Attachment::Unknown) {
    case daemon::Attachment::Ata:
        return "ata";
    case daemon::Attachment::Usb:
        return "usb";
    case daemon::Attachment::Unknown:
        break;
    }
    return "unknown";
}

std::vector<std::string_view> flags_of(const Disk& disk) {
    static const daemon::BlockUse nothing;
    const daemon::BlockUse& use = disk.use ? *disk.use : nothing;
    const Examined& examined = disk.examined;
    const std::size_t usable = disk.usable_nexuses();
    const bool dynamic = use.dynamic || examined.dynamic;
    const std::pair<std::string_view, bool> all[] = {
        {"boot", use.boot},
        {"system", use.root},
        {"swap", use.swap},
        {"hibernate", use.hibernate},
        {"crash-dump", use.crash_dump},
        {"removable", use.removable},
        {"system-bus", use.system_bus},
        {"read-only", disk.read_only || examined.geometry.read_only},
        {"basic", !dynamic},
        {"dynamic", dynamic},
        {"multipath", disk.multipath()},
        {"redundant", usable > 1},
        {"missing", usable == 0},
        {"unreadable", examined.unreadable},
        {"in-use", !use.users.empty()},
        {"clustered-other", examined.held_by_others},
        {"duplicate-identity", disk.duplicate || disk.shares_wwid},
    };
    std::vector<std::string_view> flags;
    for (const auto& [name, set] : all)
        if (set) flags.push_back(name);
    return flags;
}

void append_unique_ids(BusWriter& out, const std::vector<UniqueId>& ids) {
    out.open('a', "(yyyay)");
    for (const UniqueId& id : ids) {
        out.open('r', "yyyay");
        out.u8(id.association);
        out.u8(id.type);
        out.u8(id.code_set);
        out.bytes(id.value);
        out.close();
    }
    out.close();
}

} // namespace mpapi::disks
