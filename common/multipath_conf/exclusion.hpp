// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Why a disk is in no multipath map, told from what is known of it and of multipathd.
//
// The rules are those of multipath-tools 0.9.4: filter_path() (multipath.conf(5), "blacklist and
// blacklist_exceptions sections": property, devnode, device, protocol, wwid, the first that
// excludes decides and an exception beats a rule of the same kind), then find_multipaths and the
// wwids file. The answer is a conclusion, not a report by multipathd: it does not say why it left a
// disk alone.
//
// No input or output. One object on one thread at a time.
#pragma once

#include "common/multipath_conf/parser.hpp"
#include "common/multipath_conf/show_devices.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::multipath_conf {

enum class ExclusionReason : std::uint8_t {
    Unknown,               // nothing that is known explains it
    NotADisk,              // a SCSI device of another type, a partition, a hidden disk
    NotScsi,               // no SCSI, DASD or NVMe disk ("vda", "loop0")
    NativeMultipath,       // native NVMe multipath handles it
    DisabledOnCommandLine, // nompath or multipath=off
    NoManager,             // multipathd is not running
    ManagerUnknown,        // whether multipathd is running is not known
    UsbNotAllowed,         // allow_usb_devices is off
    PropertyBlacklisted,
    PropertyMissing, // none of its udev properties is on the exceptions list
    DevnodeBlacklisted,
    DeviceBlacklisted, // vendor and product
    ProtocolBlacklisted,
    WwidBlacklisted,
    NoWwid,          // without an identity it can be no path
    MapFailed,       // multipathd tried and failed
    NotInWwidsFile,  // find_multipaths strict: it was never in a map
    OnlyOnePath,     // find_multipaths yes or smart
    WaitingForPaths, // find_multipaths smart: a second path may still come
    InUse,           // somebody has it open
};

// "devnode-blacklisted", "only-one-path"...: for the bus.
std::string_view to_string(ExclusionReason reason) noexcept;

enum class ManagerState : std::uint8_t { Unknown, Stopped, Running };

struct DiskFacts {
    std::string name;                        // "sda"
    std::optional<std::uint8_t> device_type; // SPC peripheral device type; empty: not SCSI
    // As INQUIRY has them, without the blanks at the end.
    std::string vendor;
    std::string product;
    std::string wwid;     // as multipathd forms it (ID_SERIAL)
    std::string protocol; // "scsi:iscsi"
    bool usb = false;
    bool partition = false;
    // udev's rules hold it back because a second path may come: FIND_MULTIPATHS_WAIT_UNTIL is set
    // and DM_MULTIPATH_DEVICE_PATH is 1.
    bool waiting = false;
    // Names of the properties in udev's database, in its order; null: none. One object for many
    // disks makes them cheap to judge.
    std::shared_ptr<const std::vector<std::string>> property_names;
    // Who has the disk open, in words for people: "the file system on /boot", "dm-3 (vg0-root)".
    std::vector<std::string> users;
    std::size_t paths = 1; // disks with this wwid, itself included
    std::optional<bool> in_wwids_file;
    bool map_failed = false; // /run/multipath/failed_wwids/<wwid> exists
};

struct ManagerFacts {
    ManagerState state = ManagerState::Unknown;
    std::string state_reason; // why the state is unknown or stopped, if that is known
    bool disabled_on_command_line = false;
    std::optional<ConfFile> shown; // the reply to "show config"
    std::vector<ConfFile> files;   // to say where a rule is written
    // The reply to "show devices".
    std::map<std::string, WatchState, std::less<>> devices;
};

struct Exclusion {
    ExclusionReason reason = ExclusionReason::Unknown;
    std::string sentence; // for people; names the rule and where it is written

    bool operator==(const Exclusion&) const = default;
};

// Prepared once for many disks: expressions are compiled, and what the rules say of a device type,
// a protocol or a list of properties is remembered.
class Exclusions {
  public:
    explicit Exclusions(ManagerFacts manager);
    ~Exclusions();
    Exclusions(Exclusions&&) noexcept;
    Exclusions& operator=(Exclusions&&) noexcept;

    // For a disk that is in no map: what keeps it out.
    Exclusion of(const DiskFacts& disk);

    // Takes other answers of "show devices" without preparing all anew.
    void set_devices(std::map<std::string, WatchState, std::less<>> devices);

  private:
    struct Prepared;
    std::unique_ptr<Prepared> prepared_;
};

// The same for one disk.
Exclusion why_in_no_map(const DiskFacts& disk, const ManagerFacts& manager);

} // namespace mpapi::multipath_conf
