// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The things of ISO/IEC 11002 as plain values: no I/O, no bus, no behaviour. Names and meanings are
// the standard's; what Linux knows beyond it stands beside it. Values are compared with == and the
// difference of two snapshots (diff.hpp) is made of these comparisons, so whatever changes without
// being news (the time of the last confirmation) is kept out of them: see ReadTimes.
//
// All times are CLOCK_REALTIME in microseconds; 0 means never. All sizes are bytes.
#pragma once

#include "common/model/shared.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace mpapi::model {

using Time = std::int64_t;

// Numbers up to LoadBalance are the standard's (ISO/IEC 11002 6.2); Disk is ours.
enum class ObjectType : std::uint8_t {
    Unknown = 0,
    Plugin = 1,
    InitiatorPort = 2,
    TargetPort = 3,
    LogicalUnit = 4,
    Path = 5,
    DeviceProduct = 6,
    TargetPortGroup = 7,
    LoadBalance = 8,
    Disk = 9,
};

// The sequence number names one object of its type for ever: it is kept over restarts and is never
// given to another object. 0 is no object.
using Sequence = std::uint64_t;

struct ObjectId {
    ObjectType type = ObjectType::Unknown;
    Sequence sequence = 0;
    bool operator==(const ObjectId&) const = default;
    auto operator<=>(const ObjectId&) const = default;
};

// Where a value comes from. Sysfs pages may be older than the device's own answer.
enum class Source : std::uint8_t { None, Udev, Sysfs, DeviceMapper, Inquiry, Vpd, Rtpg, Synthetic };

enum class Transport : std::uint8_t { Unknown, FibreChannel, ParallelScsi, Iscsi, InfiniBand, Sas };

// ISO/IEC 11002 6.3, same numbers.
enum class PathState : std::uint8_t {
    Okay = 0,
    PathError = 1,
    LogicalUnitError = 2,
    Reserved = 3,
    Removed = 4,
    Transitioning = 5,
    OperationalClosed = 6,
    InvalidClosed = 7,
    OfflineClosed = 8,
    Unknown = 9,
};

// The codes of SPC-4 6.36; Active and Unknown are not on the wire. Active is what the standard has
// for a group whose optimization is not told (synthetic groups).
enum class AccessState : std::uint8_t {
    ActiveOptimized = 0x0,
    ActiveNonOptimized = 0x1,
    Standby = 0x2,
    Unavailable = 0x3,
    LogicalBlockDependent = 0x4,
    Offline = 0xe,
    Transitioning = 0xf,
    Active = 0x10,
    Unknown = 0xff,
};

// ISO/IEC 11002 6.11: which designator the name of a logical unit is.
enum class NameType : std::uint8_t { Unknown, T10VendorId, Eui64, Naa, DeviceSpecific };

// Why I/O to a map waits now instead of being carried out or failed.
enum class Queueing : std::uint8_t { No, NoUsablePath, GroupSwitch, Suspended };

// What the SCSI disk layer says of a device (sysfs `state`).
enum class DeviceState : std::uint8_t {
    Unknown,
    Running,
    Offline,
    TransportOffline,
    Blocked,
    Quiesced,
    Removing,
};

// Whether what a path leads to is what its map was made of (the VPD 83h designator).
enum class Identity : std::uint8_t {
    Unverified, // not read from the device yet, or the device does not answer
    Verified,   // read, and the same as the logical unit's
    Changed,    // read, and another one: the LUN was given to something else
};

struct DeviceNumber {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    bool operator==(const DeviceNumber&) const = default;
    auto operator<=>(const DeviceNumber&) const = default;
};

struct ScsiAddress {
    std::uint32_t host = 0;
    std::uint32_t channel = 0;
    std::uint32_t target = 0;
    std::uint64_t lun = 0;
    bool operator==(const ScsiAddress&) const = default;
};

// A device that does not answer, or answers nonsense: an ordinary state, with its beginning.
struct Trouble {
    Time since = 0;
    std::string command; // "REPORT TARGET PORT GROUPS"
    std::string reason;  // "no answer after 5 s", "page 83h: designator 2 ends beyond the page"
    bool operator==(const Trouble&) const = default;
};

// When something was last confirmed by the device. Confirmation of an unchanged value is no event
// and makes no new generation, so these are the one part of a snapshot that goes on living:
// written by the daemon's loop, read by anyone.
struct ReadTimes {
    std::atomic<Time> target_port_groups{0};
    std::atomic<Time> device_mapper{0};
};

// What a reader needs to know of the daemon itself before it trusts the rest.
struct Manager {
    Sequence id = 1;
    bool ready = false;              // everything that existed at the start has been looked at
    std::string path_manager;        // who may change tables: "multipathd", "standalone", "observe"
    std::string path_manager_reason; // "multipathd.service is inactive"
    std::string device_mapper;       // why there are no maps, "" when device-mapper works
    std::string udev;                // why devices are not watched, "" when they are
    bool operator==(const Manager&) const = default;
};

// Where the standard lets a setting be changed (MP_AUTOFAILBACK_SUPPORT_*, same numbers).
enum class SettingSupport : std::uint8_t { None = 0, Plugin = 1, LogicalUnit = 2, Both = 3 };

enum class Switch : std::uint8_t { Off = 0, On = 1, Unknown = 2 };

// What can be changed, as the path manager in force has it.
struct Capabilities {
    bool set_access_states = false;
    bool override_paths = false;
    bool disable_paths = false;
    std::uint32_t maximum_weight = 0; // 1: enabled or disabled only
    SettingSupport load_balance = SettingSupport::None;
    SettingSupport auto_failback = SettingSupport::None;
    SettingSupport failback_rate = SettingSupport::None;
    std::uint32_t failback_rate_max = 0; // seconds
    SettingSupport auto_probing = SettingSupport::None;
    SettingSupport probing_rate = SettingSupport::None;
    std::uint32_t probing_rate_max = 0; // seconds
    bool operator==(const Capabilities&) const = default;
};

// Failback and probing as they are in force. Rates are seconds; 0: no polling.
struct Upkeep {
    Switch auto_failback = Switch::Unknown;
    std::uint32_t failback_rate = 0;
    Switch auto_probing = Switch::Unknown;
    std::uint32_t probing_rate = 0;
    bool operator==(const Upkeep&) const = default;
};

struct Plugin {
    Sequence id = 0;
    std::string name; // "dm_multipath": what the objects' owner is called on the bus
    std::string driver_name;
    std::string driver_vendor;
    std::string driver_version;            // version of the kernel's multipath target, "" unknown
    std::string device_file_namespace;     // "/dev/mapper/*"
    std::vector<std::string> load_balance; // selectors the kernel has loaded or can load
    Capabilities capabilities;
    Upkeep upkeep;                // of units that have no setting of their own
    std::string default_selector; // of these, with its arguments; "" not known
    bool operator==(const Plugin&) const = default;
};

struct InitiatorPort {
    Sequence id = 0;
    std::string port_id; // FC: 16 hex digits; iSCSI: "iqn…,<ISID hex>"; SAS: 16 hex; else "host3"
    Transport transport = Transport::Unknown;
    std::string device_file;   // "/sys/class/fc_host/host3"
    std::string friendly_name; // "host3 (qla2xxx)"; may be empty
    bool operator==(const InitiatorPort&) const = default;
};

struct TargetPort {
    Sequence id = 0;
    std::string port_id; // FC: 16 hex digits; iSCSI: "iqn…,t,0x0001"; SAS: 16 hex; else "2:0:1"
    Transport transport = Transport::Unknown;
    std::uint32_t relative_port_id = 0; // VPD 83h relative target port, 0 unknown
    bool operator==(const TargetPort&) const = default;
};

struct DeviceProduct {
    Sequence id = 0;
    std::string vendor;
    std::string product;
    std::string revision;
    bool operator==(const DeviceProduct&) const = default;
};

// A path selector of the kernel. The standard has names for round-robin and queue-length; the
// others are proprietary algorithms with an object each.
struct LoadBalance {
    Sequence id = 0;
    std::string selector; // "service-time"
    std::string vendor;   // "Linux"
    std::uint32_t type =
        0; // MP_LOAD_BALANCE_TYPE bit: 1<<1 round-robin, 1<<3 least I/O, 1<<16… ours
    bool operator==(const LoadBalance&) const = default;
};

struct TargetPortGroup {
    Sequence id = 0;
    std::uint16_t number = 0;
    AccessState access_state = AccessState::Unknown;
    bool preferred = false;
    std::uint8_t supported_states = 0; // the byte of SPC-4 6.36: T_SUP O_SUP - LBD U S AN AO
    std::uint8_t status_code = 0;      // SPC-4 6.36: 1 by SET TARGET PORT GROUPS, 2 implicit
    bool explicit_failover = false;
    Source source = Source::None;                 // Rtpg or Synthetic
    std::vector<std::uint16_t> relative_port_ids; // as reported, also of ports we have no path to
    std::vector<Sequence> target_ports;           // those of them that we know
    Shared<Trouble> trouble;                      // set while access_state is Unknown
    bool operator==(const TargetPortGroup&) const = default;
};

struct Path {
    Sequence id = 0;
    Sequence initiator_port = 0;
    Sequence target_port = 0;
    std::string device; // "sdc"; names are used again by the kernel, so this is a property only
    DeviceNumber number;
    ScsiAddress address;
    DeviceState device_state = DeviceState::Unknown;
    PathState state = PathState::Unknown;
    Identity identity = Identity::Unverified;
    Source identity_source = Source::None;
    bool disabled = false;      // by an administrator; then in no table
    std::uint32_t weight = 1;   // up to Capabilities::maximum_weight
    bool dm_active = false;     // the map's own view: A or F
    bool size_mismatch = false; // its size is not the map's
    bool group_known = false;   // target_port_group is one of the unit's groups, as the device told
    std::uint16_t target_port_group = 0;
    std::uint16_t relative_port_id = 0; // VPD 83h, 0 unknown
    std::uint32_t priority_group = 0;   // 1-based dm priority group, 0 not in the table
    std::uint32_t fail_count = 0;
    std::uint64_t size = 0;
    Time identity_read_at = 0;
    std::string selector_arguments; // of the table, "1000" for round-robin
    std::string designator;         // of this path's own answer, "" unknown
    Shared<Trouble> trouble;
    bool operator==(const Path&) const = default;
};

// One setting of multipath-tools that is in force for a map and where it was written.
struct Setting {
    std::string name;
    std::string value;
    // Where it stands: "multipaths/multipath 36001405…", "overrides", "overrides/protocol
    // scsi:fcp", "devices/device \"LIO-ORG\" \".*\"", "defaults"; "built-in" and what is inside of
    // multipathd itself; "table" for what the map itself says.
    std::string section;
    std::string file; // "" when no file says so
    std::uint32_t line = 0;
    std::string written; // what stands there, where that means something else than `value`
    std::string note;    // a sentence, where there is more to know
    bool operator==(const Setting&) const = default;
};

inline constexpr std::uint32_t kNoLogicalUnitGroup = 0xffffffff;

// A map leads to the unit of its unit_name and to what each of its paths says it is (designator;
// those that are gone say nothing). duplicate_designator: another map leads to one of these, too.
struct LogicalUnit {
    Sequence id = 0;
    std::string key;     // stable identity, see identity.hpp; the object path is made of it
    std::string name;    // the map's name, "mpatha"
    std::string uuid;    // the map's UUID, "mpath-36001405…"; may be empty
    DeviceNumber number; // of the map
    std::string vendor;
    std::string product;
    std::string revision;
    std::string unit_name; // the designator without prefix: lower-case hex, or text
    NameType unit_name_type = NameType::Unknown;
    Source unit_name_source = Source::None;
    std::string serial_number;                              // VPD 80h
    std::uint32_t logical_unit_group = kNoLogicalUnitGroup; // VPD 83h, 16 bits where there is one
    std::string selector; // path selector of the first priority group
    std::string selector_arguments;
    std::string hardware_handler;
    std::vector<std::string> features; // of the table, as they are written
    std::uint64_t size = 0;
    std::uint32_t current_group = 0; // 1-based dm priority group in use, 0 none
    std::uint32_t event_number = 0;
    Queueing queueing = Queueing::No;
    bool queue_if_no_path = false;
    bool suspended = false;
    bool read_only = false;
    bool asymmetric = false;
    bool implicit_alua = false;
    bool explicit_alua = false;
    bool size_mismatch = false;        // some path's size differs from the map's
    bool duplicate_designator = false; // see below
    Sequence product_id = 0;
    Sequence load_balance = 0;
    Sequence override_path = 0; // all I/O goes through it; 0 none
    Upkeep upkeep;
    Shared<std::vector<Setting>> settings;
    Shared<Trouble> trouble; // the table or status is not understood, or no path answers
    bool operator==(const LogicalUnit&) const = default;
};

// A SCSI disk that is a path of no map, and why.
struct Disk {
    Sequence id = 0;
    std::string key;
    std::string device;
    DeviceNumber number;
    ScsiAddress address;
    Transport transport = Transport::Unknown;
    DeviceState device_state = DeviceState::Unknown;
    std::string vendor;
    std::string product;
    std::string revision;
    std::string unit_name;
    NameType unit_name_type = NameType::Unknown;
    std::string serial_number;
    Sequence initiator_port = 0;
    Sequence target_port = 0;
    std::uint64_t size = 0;
    std::string exclusion; // "wwid-blacklisted", "only-one-path", "in-use", "no-manager"…
    std::string exclusion_detail;
    Shared<Trouble> trouble;
    bool operator==(const Disk&) const = default;
};

} // namespace mpapi::model
