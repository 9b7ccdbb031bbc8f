// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a uevent, as udev passes it on, means to the daemon. Three kinds matter:
//
//   block, sd*          the disk came, changed or went
//   block, dm-*         a map was made, (re)loaded, renamed or removed (drivers/md/dm-ioctl.c), or
//                       one of its paths failed or came back (drivers/md/dm-uevent.c)
//   scsi, scsi_device   a unit attention that the SCSI layer passes on (scsi_evt_emit() in
//                       drivers/scsi/scsi_lib.c), one in each event, in the variable SDEV_UA
//
// Pure functions, any thread.
#pragma once

#include "common/model/values.hpp"
#include "daemon/hardware.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace mpapi::kernel {

// The variables that are looked at; "" for one that is not there.
struct Uevent {
    std::string action;    // "add", "change", "remove", "move", …
    std::string subsystem; // "block", "scsi", "misc"
    std::string device_type;
    std::string name; // "sdc", "dm-3", "2:0:0:1"
    std::string major, minor;
    std::string old_path;       // DEVPATH_OLD of a move
    std::string multipath_path; // DM_MULTIPATH_DEVICE_PATH
    std::string dm_action;      // DM_ACTION: "PATH_FAILED", "PATH_REINSTATED"
    std::string unit_attention; // SDEV_UA
    std::uint64_t number = 0;   // SEQNUM, the same from the kernel and from udev
    std::shared_ptr<const daemon::UdevFacts> facts; // of block devices
};

enum class Meaning {
    Nothing,
    DiskChanged, // came or changed: look at it
    DiskGone,
    DiskRenamed,        // `old_name` is gone, `name` came
    MapChanged,         // its table, name or suspension may be another
    MapPathChanged,     // the map's own event number tells this too, and faster
    MapGone,            // the list tells; what sat under it has one holder less
    AccessStateChanged, // of the SCSI device `address`
    InquiryDataChanged, // of the SCSI device `address`
    TargetUnitsChanged, // of every SCSI device with the host, channel and target of `address`
    DeviceMapperAppeared,
};

struct Reading {
    Meaning meaning = Meaning::Nothing;
    std::string name;                               // of disk or map, the kernel's
    std::string old_name;                           // DiskRenamed
    model::DeviceNumber number;                     // of disk or map
    model::ScsiAddress address;                     // for the last three
    std::optional<bool> member;                     // DiskChanged: udev's DM_MULTIPATH_DEVICE_PATH
    std::shared_ptr<const daemon::UdevFacts> facts; // DiskChanged: what else udev says
    bool operator==(const Reading&) const = default;
};

Reading read_uevent(const Uevent& event);

// "0" and "1"; empty for anything else.
std::optional<bool> parse_multipath_member(const std::string& text);

} // namespace mpapi::kernel
