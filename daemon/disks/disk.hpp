// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A shared disk as a plain value: a logical unit with all its paths, a disk that is in no map, or
// one that is not SCSI and so not of the model, with what the model tells of it and what it was
// last found to be. Immutable once it is shared; any thread may hold one. What each value means on
// the bus is told in dbus/org.mpapi.Multipath1.SharedDisk.xml.
#pragma once

#include "common/model/values.hpp"
#include "daemon/block_hardware.hpp"
#include "daemon/disks/label.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::disks {

// One path: an I_T nexus to the logical unit, and the SCSI device that stands for it.
struct Nexus {
    std::string device; // kernel name, "sdc"
    model::DeviceNumber number;
    model::ScsiAddress address;
    std::string initiator_port;             // as model::InitiatorPort::port_id
    std::string target_port;                // as model::TargetPort::port_id
    std::uint16_t relative_target_port = 0; // 0: not told
    bool usable = false;                    // carries I/O now, as the model has it
    bool operator==(const Nexus&) const = default;

    // The same nexus, whatever the kernel calls it now.
    bool same_place(const Nexus& other) const {
        return initiator_port == other.initiator_port && target_port == other.target_port &&
               address.lun == other.address.lun;
    }
};

// VPD page 83h, one designator (SPC-4 7.8.5).
struct UniqueId {
    std::uint8_t association = 0;
    std::uint8_t type = 0;
    std::uint8_t code_set = 0;
    std::vector<std::uint8_t> value;
    bool operator==(const UniqueId&) const = default;
};

enum class Support : std::uint8_t { Unknown, No, Yes };

// What was read from the device last; all empty for a disk that is not allowed.
struct Examined {
    model::Time at = 0;
    daemon::BlockGeometry geometry; // sector_size 0: not known
    std::optional<Label> label;     // nullopt: not known
    std::vector<UniqueId> unique_ids;
    bool dynamic = false; // holds_volumes()
    Support persistent_reservations = Support::Unknown;
    bool unreadable = false;     // the last read failed
    bool held_by_others = false; // reserved or registered by keys that are not ours, and none is
    std::string trouble;         // why something is missing; "" when nothing is
    bool operator==(const Examined&) const = default;
};

struct Disk {
    std::string id;   // the object path is made of it; never another disk's
    std::string wwid; // "" not known
    bool allowed = false;

    model::Sequence unit = 0;       // the logical unit, 0: it is a disk in no map
    model::Sequence disk = 0;       // model::Disk; 0: it is none of those
    std::string object;             // object path of either
    std::string map_name, map_uuid; // of a logical unit, see daemon::MapRef

    daemon::BlockRef block; // where I/O goes
    std::string vendor, product, revision, serial_number;
    std::string unit_name;  // what VPD 83h of every path must name (IdentityJob); "" unknown
    std::uint64_t size = 0; // bytes
    bool read_only = false;
    bool shares_wwid = false; // another disk here has the same
    bool duplicate = false;   // another disk tells the same designator
    model::Transport transport = model::Transport::Unknown;
    std::string adapter;           // of the first path, for people
    std::vector<Nexus> nexuses;    // in the order of the model; one for a disk in no map
    bool scsi = true;              // else there are no nexuses, and no command can be sent
    std::uint32_t controllers = 0; // that lead to a disk that is not

    bool claimed = false;       // we hold it exclusively ourselves: Disks::set_claimed()
    std::string_view ownership; // "": not this node's; see Disks::set_control()
    bool online = true;
    std::map<std::string, std::string> left_out; // paths kept out of use, and why
    std::optional<daemon::BlockUse> use;         // as last looked at; nullopt: not yet
    Examined examined;

    bool operator==(const Disk&) const = default;

    bool multipath() const { return unit != 0; }
    std::size_t path_count() const { return scsi ? nexuses.size() : controllers; }
    std::size_t usable_nexuses() const;
    // The SCSI host whose share of the workers I/O to the disk counts for.
    std::uint32_t host() const;
};

using DiskPtr = std::shared_ptr<const Disk>;

} // namespace mpapi::disks
