// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The objects of the API as plain values. Names of members are those of the standard's structures.
// Texts are bytes as they came; whoever prints them makes them printable.
#pragma once

#include <mpapi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::cli {

// As MP_CompareOIDs. By bytes, of which none is padding: a plugin may put any number into
// objectType, also one that is no value of that type in C++.
inline bool same(const MP_OID& one, const MP_OID& other) {
    return std::memcmp(&one, &other, sizeof one) == 0;
}

struct SameOid {
    bool operator()(const MP_OID& one, const MP_OID& other) const { return same(one, other); }
};

struct OidHash {
    std::size_t operator()(const MP_OID& oid) const {
        return std::hash<std::string_view>()({reinterpret_cast<const char*>(&oid), sizeof oid});
    }
};

// Every access state that the API does not define.
inline constexpr auto undefined_access_state = static_cast<MP_ACCESS_STATE_TYPE>(0x1f);

struct PollingRate { // seconds
    MP_UINT32 current = 0;
    MP_UINT32 maximum = 0;
};

using ProprietaryProperties = std::vector<std::pair<std::string, std::string>>;

struct Plugin {
    MP_OID oid{};
    std::string file_name;
    std::string vendor;
    std::string implementation_version;
    std::string build_time;
    std::string driver_vendor;
    std::string driver_name;
    std::string driver_version;
    MP_UINT32 supported_load_balance_types = 0;
    MP_LOAD_BALANCE_TYPE default_load_balance_type = 0;
    bool can_set_tpg_access = false;
    bool can_override_paths = false;
    bool exposes_path_device_files = false;
    std::string device_file_namespace;
    bool only_supports_specified_products = false;
    MP_UINT32 maximum_weight = 0;
    MP_UINT32 auto_failback_support = 0; // MP_AUTOFAILBACK_SUPPORT
    bool auto_failback_enabled = false;
    PollingRate failback_polling_rate;
    MP_UINT32 auto_probing_support = 0; // MP_AUTOPROBING_SUPPORT
    bool auto_probing_enabled = false;
    PollingRate probing_polling_rate;
    ProprietaryProperties proprietary_properties;

    // Where the settings of the whole plugin are defined.
    bool has_auto_failback() const { return (auto_failback_support & 1U) != 0; }
    bool has_auto_probing() const { return (auto_probing_support & 1U) != 0; }
};

struct DeviceProduct {
    MP_OID oid{};
    std::string vendor; // with its padding, as are the next two
    std::string product;
    std::string revision;
    MP_UINT32 supported_load_balance_types = 0;
};

struct LoadBalance {
    MP_OID oid{};
    MP_LOAD_BALANCE_TYPE type_index = 0;
    std::string name;
    std::string vendor_name;
    ProprietaryProperties proprietary_properties;
};

struct InitiatorPort {
    MP_OID oid{};
    std::string port_id;
    MP_PORT_TRANSPORT_TYPE port_type = MP_PORT_TRANSPORT_TYPE_UNKNOWN;
    std::string os_device_file;
    std::string os_friendly_name;
};

struct TargetPort {
    MP_OID oid{};
    std::string port_id;
    MP_UINT32 relative_port_id = 0;
};

struct TargetPortGroup {
    MP_OID oid{};
    MP_UINT32 tpg_id = 0;
    MP_ACCESS_STATE_TYPE access_state = MP_ACCESS_STATE_ACTIVE;
    bool explicit_failover = false;
    bool supports_lu_assignment = false;
    bool preferred_lu_path = false;
};

struct Path {
    MP_OID oid{};
    MP_UINT32 weight = 0;
    MP_PATH_STATE path_state = MP_PATH_STATE_UNKNOWN;
    bool disabled = false;
    MP_OID initiator_port_oid{};
    MP_OID target_port_oid{};
    MP_OID logical_unit_oid{};
    std::uint64_t logical_unit_number = 0;
    std::string device_file_name;
    MP_UINT32 bus_number = 0;
    MP_UINT32 port_number = 0;
};

struct LogicalUnit {
    MP_OID oid{};
    std::string vendor; // with its padding, as are the next two
    std::string product;
    std::string revision;
    std::string name;
    MP_LOGICAL_UNIT_NAME_TYPE name_type = MP_LU_NAME_TYPE_UNKNOWN;
    std::string device_file_name;
    bool asymmetric = false;
    MP_OID override_path{};
    MP_LOAD_BALANCE_TYPE current_load_balance_type = 0;
    MP_UINT32 logical_unit_group_id = 0;
    MP_XBOOL auto_failback_enabled = MP_FALSE;
    PollingRate failback_polling_rate;
    MP_XBOOL auto_probing_enabled = MP_FALSE;
    PollingRate probing_polling_rate;
    ProprietaryProperties proprietary_properties;

    // Clients of the API test the sequence number: some plugins fill in the rest.
    bool overridden_by(const MP_OID& path) const {
        return override_path.objectSequenceNumber != 0 &&
               override_path.objectSequenceNumber == path.objectSequenceNumber;
    }
};

// ---- What belongs to one logical unit, read together

struct PathView {
    Path path;
    std::optional<InitiatorPort> initiator; // none: it could not be read
    std::optional<TargetPort> target;
};

struct GroupView {
    TargetPortGroup group;
    std::vector<TargetPort> ports;

    bool has_port(const MP_OID& port) const {
        for (const TargetPort& own : ports)
            if (same(own.oid, port)) return true;
        return false;
    }
};

struct UnitView {
    const Plugin* plugin = nullptr;
    LogicalUnit unit;
    std::size_t path_count = 0;  // that were listed
    std::vector<PathView> paths; // that could be read
    std::vector<GroupView> groups;

    std::size_t operational_path_count() const {
        return static_cast<std::size_t>(
            std::count_if(paths.begin(), paths.end(), [](const PathView& each) {
                return each.path.path_state == MP_PATH_STATE_OKAY;
            }));
    }

    // The group through which a path goes; nullptr if it is in none.
    const GroupView* group_of(const Path& path) const {
        for (const GroupView& view : groups)
            if (view.has_port(path.target_port_oid)) return &view;
        return nullptr;
    }
};

} // namespace mpapi::cli
