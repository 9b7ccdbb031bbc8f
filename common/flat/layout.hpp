// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot as one run of bytes: what Manager.GetSnapshot hands out. Private to a daemon and a
// plugin of the same version (the header carries a hash of it and a reader refuses any other), so
// that a field can be added without thought for old readers; who wants a stable form takes the JSON
// of Manager.Describe.
//
//   header | section | section | ... | directories
//
// A section is a run of bytes that refers to nothing outside of itself, so what did not change goes
// from one file into the next byte for byte, wherever it comes to lie there:
//
//   section header | texts | tables, each an array of records
//
// One section is of what is common to all units (manager, plugins, products, ports, algorithms),
// one of each block of some 64 disks, and one of each block of some 64 units with their groups and
// paths. A text is referred to by its place in the section, where its length (U32) stands before
// its bytes; place 0 is the empty text. Texts are bytes as the model has them; equal ones of a
// section may share their place. Records of a table are ordered by id; those of one unit lie
// together.
//
// The directories make any object's place a matter of a few binary searches in the file as it lies:
//
//   unit   its id in the directory of blocks (the last block that does not begin after it), then
//          among the units of that block
//   path,  its id in the directory of paths or groups, which tells the unit; then among the paths
//   or group  groups of that unit others in the table of their section
//
// What is confirmed without being changed, the times at which units were read, stands in a
// directory too, and not in the sections: in the order of the units, one record for each.
//
// Numbers are little-endian and records have no padding (every member is made of bytes), so a
// record can lie at any address and is read in place. Places, indices and lengths are hostile until
// checked: see reader.hpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace mpapi::flat {

template <typename T>
class Little {
  public:
    Little() = default;
    Little(T value) {
        value = swapped(value);
        std::memcpy(bytes_, &value, sizeof value);
    }
    operator T() const {
        T value;
        std::memcpy(&value, bytes_, sizeof value);
        return swapped(value);
    }

  private:
    static T swapped(T value) {
        if constexpr (std::endian::native == std::endian::little) {
            return value;
        } else {
            T result = 0;
            for (std::size_t at = 0; at < sizeof(T); ++at)
                result = static_cast<T>(result << 8 | (value >> 8 * at & 0xff));
            return result;
        }
    }

    unsigned char bytes_[sizeof(T)] = {};
};

using U8 = std::uint8_t;
using U16 = Little<std::uint16_t>;
using U32 = Little<std::uint32_t>;
using U64 = Little<std::uint64_t>;

inline constexpr std::uint64_t kMagic = 0x3174616c6670616d; // "mapflat1" in memory
inline constexpr std::uint32_t kLayout = 4;

// FNV-1a. Not for defence: an honest mistake must not go unnoticed.
constexpr std::uint64_t build_hash(std::string_view version) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (char c : version)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash ^ kLayout;
}

// All three are of the section in which they stand.
struct Text {
    U32 place{}; // of its length, from the beginning of the section
};

struct List {
    U32 first{};
    U32 count{};
};

struct TroubleRef {
    U32 number{}; // counted from 1; 0: there is none
};

struct Trouble {
    U64 since{}; // 0: not known
    Text command;
    Text reason;
};

struct Manager {
    U8 ready{};
    Text path_manager;
    Text path_manager_reason;
    Text device_mapper;
    Text udev;
};

struct Upkeep {
    U32 failback_rate{};
    U32 probing_rate{};
    U8 auto_failback{};
    U8 auto_probing{};
};

enum CapabilityFlag : std::uint8_t {
    kSetAccessStates = 1 << 0,
    kOverridePaths = 1 << 1,
    kDisablePaths = 1 << 2,
};

struct Capabilities {
    U32 maximum_weight{};
    U32 failback_rate_max{};
    U32 probing_rate_max{};
    U8 flags{};
    U8 load_balance{};
    U8 auto_failback{};
    U8 failback_rate{};
    U8 auto_probing{};
    U8 probing_rate{};
};

struct Plugin {
    U64 id{};
    Text name;
    Text driver_name;
    Text driver_vendor;
    Text driver_version;
    Text device_file_namespace;
    List load_balance; // texts
    Capabilities capabilities;
    Upkeep upkeep;
    Text default_selector;
};

struct LoadBalance {
    U64 id{};
    Text selector;
    Text vendor;
    U32 type{};
};

struct DeviceProduct {
    U64 id{};
    Text vendor;
    Text product;
    Text revision;
};

struct InitiatorPort {
    U64 id{};
    Text port_id;
    Text device_file;
    Text friendly_name;
    U8 transport{};
};

struct TargetPort {
    U64 id{};
    Text port_id;
    U32 relative_port_id{};
    U8 transport{};
};

enum UnitFlag : std::uint16_t {
    kQueueIfNoPath = 1 << 0,
    kSuspended = 1 << 1,
    kReadOnly = 1 << 2,
    kAsymmetric = 1 << 3,
    kImplicitAlua = 1 << 4,
    kExplicitAlua = 1 << 5,
    kUnitSizeMismatch = 1 << 6,
    kDuplicateDesignator = 1 << 7,
};

struct LogicalUnit {
    U64 id{};
    Text key;
    Text name;
    Text uuid;
    U32 major{};
    U32 minor{};
    Text vendor;
    Text product;
    Text revision;
    Text unit_name;
    Text serial_number;
    Text selector;
    Text selector_arguments;
    Text hardware_handler;
    List features; // texts
    List settings;
    List groups;
    List paths;
    U64 size{};
    U32 current_group{};
    U32 event_number{};
    U32 logical_unit_group{};
    U64 product_id{};
    U64 load_balance{};
    U64 override_path{};
    Upkeep upkeep;
    U16 flags{};
    U8 unit_name_type{};
    U8 unit_name_source{};
    U8 queueing{};
    TroubleRef trouble;
};

struct TargetPortGroup {
    U64 id{};
    U16 number{};
    U8 access_state{};
    U8 preferred{};
    U8 supported_states{};
    U8 status_code{};
    U8 explicit_failover{};
    U8 source{};
    List relative_port_ids; // numbers
    List target_ports;      // numbers: ids
    TroubleRef trouble;
};

enum PathFlag : std::uint8_t {
    kDisabled = 1 << 0,
    kActive = 1 << 1,
    kPathSizeMismatch = 1 << 2,
    kGroupKnown = 1 << 3,
};

struct Path {
    U64 id{};
    U64 initiator_port{};
    U64 target_port{};
    Text device;
    U32 major{};
    U32 minor{};
    U32 host{};
    U32 channel{};
    U32 target{};
    U64 lun{};
    U8 device_state{};
    U8 state{};
    U8 identity{};
    U8 identity_source{};
    U8 flags{};
    U16 target_port_group{};
    U16 relative_port_id{};
    U32 priority_group{};
    U32 fail_count{};
    U32 weight{};
    U64 size{};
    U64 identity_read_at{};
    Text selector_arguments;
    Text designator;
    TroubleRef trouble;
};

struct Disk {
    U64 id{};
    Text key;
    Text device;
    U32 major{};
    U32 minor{};
    U32 host{};
    U32 channel{};
    U32 target{};
    U64 lun{};
    U8 transport{};
    U8 device_state{};
    U8 unit_name_type{};
    Text vendor;
    Text product;
    Text revision;
    Text unit_name;
    Text serial_number;
    U64 initiator_port{};
    U64 target_port{};
    U64 size{};
    Text exclusion;
    Text exclusion_detail;
    TroubleRef trouble;
};

struct Setting {
    Text name;
    Text value;
    Text section;
    Text file;
    U32 line{};
    Text written;
    Text note;
};

struct Table {
    U32 offset{}; // from the beginning of the section
    U32 count{};
};

struct Section {
    Table managers; // one
    Table plugins;
    Table load_balances;
    Table products;
    Table initiator_ports;
    Table target_ports;
    Table disks;
    Table units;
    Table groups;
    Table paths;
    Table settings;
    Table troubles;
    Table texts;   // Text
    Table numbers; // U64
};

struct Place {
    U64 offset{}; // from the beginning of the file
    U32 size{};
};

struct Block {
    U64 first{};       // the id of its first unit or disk
    U32 first_index{}; // how many of them the blocks before it have
    Place section;
};

struct ReadTimes { // as they were when the snapshot was written
    U64 groups{};
    U64 table{};
};

struct Member {
    U64 id{}; // of a path or group
    U64 unit{};
};

struct Directory {
    U64 offset{}; // from the beginning of the file
    U32 count{};
    U32 record_size{};
};

struct Header {
    U64 magic{};
    U32 layout{};
    U32 header_size{};
    U64 build{};
    U64 instance{};
    U64 generation{};
    U64 made_at{};
    U64 total_size{};
    Place common;
    Directory units;      // Block, by first
    Directory disks;      // Block, by first
    Directory read_times; // ReadTimes, of the units
    Directory paths;      // Member, by id
    Directory groups;     // Member, by id
};

static_assert(alignof(Header) == 1 && alignof(Path) == 1 && std::is_trivially_copyable_v<Path>);

} // namespace mpapi::flat
