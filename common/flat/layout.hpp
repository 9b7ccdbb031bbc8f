// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot as one run of bytes: what Manager.GetSnapshot hands out. Private to a daemon and a
// plugin of the same version (the header carries a hash of it and a reader refuses any other), so
// that a field can be added without thought for old readers; who wants a stable form takes the JSON
// of Manager.Describe.
//
//   header | fixed tables, each an array of records | list tables | strings
//
// Numbers are little-endian and records have no padding (every member is made of bytes), so a
// record can lie at any address and is read in place. A record refers to text by offset and length
// in the strings, and to what it has many of by the first index and a count in another table. Texts
// are not terminated and are bytes as the model has them; equal ones may share their place. Index
// and length are hostile until checked: see reader.hpp.
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
inline constexpr std::uint32_t kLayout = 1;

// FNV-1a. Not for defence: an honest mistake must not go unnoticed.
constexpr std::uint64_t build_hash(std::string_view version) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (char c : version)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash ^ kLayout;
}

struct Text {
    U32 offset{};
    U32 length{};
};

struct List {
    U32 first{};
    U32 count{};
};

struct Trouble {
    U64 since{}; // 0: there is none
    Text command;
    Text reason;
};

struct Plugin {
    U64 id{};
    Text name;
    Text driver_name;
    Text driver_vendor;
    Text driver_version;
    Text device_file_namespace;
    List load_balance; // texts
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
    U64 product_id{};
    U64 load_balance{};
    U64 groups_read_at{}; // as they were when the snapshot was written
    U64 table_read_at{};
    U16 flags{};
    U8 unit_name_type{};
    U8 unit_name_source{};
    U8 queueing{};
    Trouble trouble;
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
    Trouble trouble;
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
    U64 size{};
    U64 identity_read_at{};
    Text selector_arguments;
    Text designator;
    Trouble trouble;
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
    Trouble trouble;
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

struct Manager {
    U8 ready{};
    Text path_manager;
    Text path_manager_reason;
    Text device_mapper;
    Text udev;
};

struct Table {
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
    Manager manager;
    Table plugins;
    Table load_balances;
    Table products;
    Table initiator_ports;
    Table target_ports;
    Table units;
    Table groups; // all of one unit together, as are the paths
    Table paths;
    Table disks;
    Table settings;
    Table texts;   // Text
    Table numbers; // U64
    Table strings; // bytes
};

static_assert(alignof(Header) == 1 && alignof(Path) == 1 && std::is_trivially_copyable_v<Path>);

} // namespace mpapi::flat
