// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/names.hpp"

#include <array>
#include <utility>

namespace mpapi::cli {
namespace {

template <typename Value>
using Named = std::pair<Value, Name>;

template <typename Value, std::size_t Size>
Name look_up(const std::array<Named<Value>, Size>& table, Value value) {
    for (const auto& [known, name] : table)
        if (known == value) return name;
    return {"unknown", "unknown"};
}

// The reference calls ACCESS_STATE_INVALID unsupported and INVALID_WEIGHT unknown.
constexpr auto statuses = std::to_array<Named<MP_STATUS>>({
    {MP_STATUS_SUCCESS, {"success", "success"}},
    {MP_STATUS_INVALID_PARAMETER, {"invalid parameter", "invalid-parameter"}},
    {MP_STATUS_UNKNOWN_FN, {"unknown client function", "unknown-function"}},
    {MP_STATUS_FAILED, {"failed", "failed"}},
    {MP_STATUS_INSUFFICIENT_MEMORY, {"insufficient memory", "insufficient-memory"}},
    {MP_STATUS_INVALID_OBJECT_TYPE, {"invalid object type", "invalid-object-type"}},
    {MP_STATUS_OBJECT_NOT_FOUND, {"object not found", "object-not-found"}},
    {MP_STATUS_UNSUPPORTED, {"unsupported", "unsupported"}},
    {MP_STATUS_FN_REPLACED, {"function replaced", "function-replaced"}},
    {MP_STATUS_ACCESS_STATE_INVALID, {"access state invalid", "access-state-invalid"}},
    {MP_STATUS_INVALID_WEIGHT, {"invalid weight", "invalid-weight"}},
    {MP_STATUS_PATH_NONOPERATIONAL, {"path not operational", "path-not-operational"}},
    {MP_STATUS_TRY_AGAIN, {"try again", "try-again"}},
    {MP_STATUS_NOT_PERMITTED, {"not permitted", "not-permitted"}},
});

constexpr auto object_types = std::to_array<Named<MP_OBJECT_TYPE>>({
    {MP_OBJECT_TYPE_PLUGIN, {"mpath-support", "mpath-support"}},
    {MP_OBJECT_TYPE_INITIATOR_PORT, {"initiator-port", "initiator-port"}},
    {MP_OBJECT_TYPE_TARGET_PORT, {"target-port", "target-port"}},
    {MP_OBJECT_TYPE_MULTIPATH_LU, {"logical-unit", "logical-unit"}},
    {MP_OBJECT_TYPE_PATH_LU, {"path", "path"}},
    {MP_OBJECT_TYPE_DEVICE_PRODUCT, {"device-product", "device-product"}},
    {MP_OBJECT_TYPE_TARGET_PORT_GROUP, {"target-port-group", "target-port-group"}},
    {MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE, {"load-balance", "load-balance"}},
});

// The reference has the text of OPERATIONAL_CLOSED for OFFLINE_CLOSED too.
constexpr auto path_states = std::to_array<Named<MP_PATH_STATE>>({
    {MP_PATH_STATE_OKAY, {"OK", "okay"}},
    {MP_PATH_STATE_PATH_ERR, {"path error", "path-error"}},
    {MP_PATH_STATE_LU_ERR, {"LU error", "logical-unit-error"}},
    {MP_PATH_STATE_RESERVED, {"reserved", "reserved"}},
    {MP_PATH_STATE_REMOVED, {"unavailable", "removed"}},
    {MP_PATH_STATE_TRANSITIONING, {"transitioning", "transitioning"}},
    {MP_PATH_STATE_OPERATIONAL_CLOSED, {"operational but closed", "operational-closed"}},
    {MP_PATH_STATE_INVALID_CLOSED, {"invalid closed", "invalid-closed"}},
    {MP_PATH_STATE_OFFLINE_CLOSED, {"offline closed", "offline-closed"}},
});

constexpr auto transports = std::to_array<Named<MP_PORT_TRANSPORT_TYPE>>({
    {MP_PORT_TRANSPORT_TYPE_MPNODE, {"Logical Multipath Port", "multipath-node"}},
    {MP_PORT_TRANSPORT_TYPE_FC, {"Fibre Channel", "fibre-channel"}},
    {MP_PORT_TRANSPORT_TYPE_SPI, {"parallel SCSI", "parallel-scsi"}},
    {MP_PORT_TRANSPORT_TYPE_ISCSI, {"iSCSI", "iscsi"}},
    {MP_PORT_TRANSPORT_TYPE_IFB, {"InfiniBand-Fibre Channel", "infiniband"}},
});

constexpr auto access_states = std::to_array<Named<MP_ACCESS_STATE_TYPE>>({
    {MP_ACCESS_STATE_ACTIVE_OPTIMIZED, {"active optimized", "active-optimized"}},
    {MP_ACCESS_STATE_ACTIVE_NONOPTIMIZED, {"active not optimized", "active-non-optimized"}},
    {MP_ACCESS_STATE_STANDBY, {"standby", "standby"}},
    {MP_ACCESS_STATE_UNAVAILABLE, {"unavailable", "unavailable"}},
    {MP_ACCESS_STATE_TRANSITIONING, {"transitioning", "transitioning"}},
    {MP_ACCESS_STATE_ACTIVE, {"active", "active"}},
});

constexpr auto name_types = std::to_array<Named<MP_LOGICAL_UNIT_NAME_TYPE>>({
    {MP_LU_NAME_TYPE_UNKNOWN, {"unknown type", "unknown"}},
    {MP_LU_NAME_TYPE_VPD83_TYPE1, {"SCSI Inquiry VPD Page83 Type1", "t10-vendor-id"}},
    {MP_LU_NAME_TYPE_VPD83_TYPE2, {"SCSI Inquiry VPD Page83 Type2", "eui-64"}},
    {MP_LU_NAME_TYPE_VPD83_TYPE3, {"SCSI Inquiry VPD Page83 Type3", "naa"}},
    {MP_LU_NAME_TYPE_DEVICE_SPECIFIC, {"device specific type", "device-specific"}},
});

constexpr auto load_balance_types =
    std::to_array<std::pair<MP_LOAD_BALANCE_TYPE, std::string_view>>({
        {0, "none"},
        {MP_LOAD_BALANCE_TYPE_UNKNOWN, "unknown"},
        {MP_LOAD_BALANCE_TYPE_ROUNDROBIN, "round-robin"},
        {MP_LOAD_BALANCE_TYPE_LEASTBLOCKS, "least-blocks"},
        {MP_LOAD_BALANCE_TYPE_LEASTIO, "least-used"},
        {MP_LOAD_BALANCE_TYPE_DEVICE_PRODUCT, "device-product-specific"},
        {MP_LOAD_BALANCE_TYPE_LBA_REGION, "logical-block"},
        {MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY, "failover-only"},
    });
constexpr std::string_view proprietary = "proprietary"; // 1 to 16: bits 16 to 31
constexpr unsigned first_proprietary_bit = 16;

} // namespace

Name name_of(MP_STATUS value) {
    return look_up(statuses, value);
}
Name name_of(MP_OBJECT_TYPE value) {
    return look_up(object_types, value);
}
Name name_of(MP_PATH_STATE value) {
    return look_up(path_states, value);
}
Name name_of(MP_PORT_TRANSPORT_TYPE value) {
    return look_up(transports, value);
}
Name name_of(MP_ACCESS_STATE_TYPE value) {
    return look_up(access_states, value);
}
Name name_of(MP_LOGICAL_UNIT_NAME_TYPE value) {
    const Name name = look_up(name_types, value);
    return name.token == "unknown" ? look_up(name_types, MP_LU_NAME_TYPE_UNKNOWN) : name;
}

std::string load_balance_name(MP_LOAD_BALANCE_TYPE type) {
    for (const auto& [known, name] : load_balance_types)
        if (known == type) return std::string(name);
    for (unsigned number = 1; number <= 16; ++number)
        if (type == 1U << (first_proprietary_bit + number - 1))
            return std::string(proprietary) + std::to_string(number);
    return "unknown";
}

std::vector<std::string> load_balance_names(MP_LOAD_BALANCE_TYPE set) {
    std::vector<std::string> names;
    for (unsigned bit = 0; bit < 32; ++bit)
        if ((set & 1U << bit) != 0) names.push_back(load_balance_name(1U << bit));
    return names;
}

MP_LOAD_BALANCE_TYPE load_balance_type(std::string_view name) {
    for (const auto& [known, text] : load_balance_types)
        if (text == name) return known;
    for (unsigned number = 1; number <= 16; ++number)
        if (name == std::string(proprietary) + std::to_string(number))
            return 1U << (first_proprietary_bit + number - 1);
    return MP_LOAD_BALANCE_TYPE_UNKNOWN;
}

} // namespace mpapi::cli
