// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/survey.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>

namespace mpapi::cli {
namespace {

struct FreeList {
    void operator()(MP_OID_LIST* list) const { MP_FreeOidList(list); }
};

template <typename Function>
Answer<std::vector<MP_OID>> list(Function function, const MP_OID& oid) {
    MP_OID_LIST* raw = nullptr;
    if (const MP_STATUS status = function(oid, &raw); status != MP_STATUS_SUCCESS) return status;
    const std::unique_ptr<MP_OID_LIST, FreeList> owned(raw);
    const MP_OID* const first = static_cast<const MP_OID*>(raw->oids);
    return std::vector<MP_OID>(first, first + raw->oidCount);
}

template <typename Object, typename Properties, typename Convert>
Answer<Object> read(MP_STATUS (*function)(MP_OID, Properties*), const MP_OID& oid,
                    Convert convert) {
    Properties properties{};
    if (const MP_STATUS status = function(oid, &properties); status != MP_STATUS_SUCCESS)
        return status;
    return convert(properties);
}

template <typename Properties>
ProprietaryProperties proprietary_of(const Properties& from) {
    ProprietaryProperties properties;
    const std::size_t count =
        std::min<std::size_t>(from.proprietaryPropertyCount, std::size(from.proprietaryProperties));
    for (std::size_t index = 0; index < count; ++index)
        properties.emplace_back(text_of(from.proprietaryProperties[index].name),
                                text_of(from.proprietaryProperties[index].value));
    return properties;
}

MP_UINT32 number_of(const void* enumeration) {
    MP_UINT32 number = 0;
    std::memcpy(&number, enumeration, sizeof number);
    return number;
}

// A plugin may answer any number: what is above the last value is `otherwise`.
template <typename Enumeration>
Enumeration defined(const Enumeration& value, Enumeration last, Enumeration otherwise) {
    const MP_UINT32 number = number_of(&value);
    return number <= static_cast<MP_UINT32>(last) ? static_cast<Enumeration>(number) : otherwise;
}

} // namespace

Answer<std::vector<MP_OID>> plugin_oids() {
    return list([](const MP_OID&, MP_OID_LIST** made) { return MP_GetPluginOidList(made); }, {});
}
Answer<std::vector<MP_OID>> initiator_port_oids(const MP_OID& plugin) {
    return list(MP_GetInitiatorPortOidList, plugin);
}
Answer<std::vector<MP_OID>> unit_oids(const MP_OID& plugin) {
    return list(MP_GetMultipathLus, plugin);
}
Answer<std::vector<MP_OID>> device_product_oids(const MP_OID& plugin) {
    return list(MP_GetDeviceProductOidList, plugin);
}
Answer<std::vector<MP_OID>> load_balance_oids(const MP_OID& plugin) {
    return list(MP_GetProprietaryLoadBalanceOidList, plugin);
}
Answer<std::vector<MP_OID>> path_oids(const MP_OID& unit) {
    return list(MP_GetAssociatedPathOidList, unit);
}
Answer<std::vector<MP_OID>> group_oids(const MP_OID& unit) {
    return list(MP_GetAssociatedTPGOidList, unit);
}
Answer<std::vector<MP_OID>> target_port_oids(const MP_OID& group) {
    return list(MP_GetTargetPortOidList, group);
}
Answer<std::vector<MP_OID>> units_of_group(const MP_OID& group) {
    return list(MP_GetMPLuOidListFromTPG, group);
}

Answer<Plugin> read_plugin(const MP_OID& oid) {
    return read<Plugin>(MP_GetPluginProperties, oid, [&](const MP_PLUGIN_PROPERTIES& from) {
        Plugin plugin;
        plugin.oid = oid;
        plugin.file_name = text_of(from.fileName);
        plugin.vendor = text_of(from.vendor);
        plugin.implementation_version = text_of(from.implementationVersion);
        plugin.build_time = text_of(from.buildTime);
        plugin.driver_vendor = text_of(from.driverVendor);
        plugin.driver_name = text_of(from.driverName);
        plugin.driver_version = text_of(from.driverVersion);
        plugin.supported_load_balance_types = from.supportedLoadBalanceTypes;
        plugin.default_load_balance_type = from.defaultloadBalanceType;
        plugin.can_set_tpg_access = from.canSetTPGAccess != MP_FALSE;
        plugin.can_override_paths = from.canOverridePaths != MP_FALSE;
        plugin.exposes_path_device_files = from.exposesPathDeviceFiles != MP_FALSE;
        plugin.device_file_namespace = text_of(from.deviceFileNamespace);
        plugin.only_supports_specified_products = from.onlySupportsSpecifiedProducts != MP_FALSE;
        plugin.maximum_weight = from.maximumWeight;
        plugin.auto_failback_support = number_of(&from.autoFailbackSupport);
        plugin.auto_failback_enabled = from.pluginAutoFailbackEnabled != MP_FALSE;
        plugin.failback_polling_rate = {from.currentFailbackPollingRate,
                                        from.failbackPollingRateMax};
        plugin.auto_probing_support = number_of(&from.autoProbingSupport);
        plugin.auto_probing_enabled = from.pluginAutoProbingEnabled != MP_FALSE;
        plugin.probing_polling_rate = {from.currentProbingPollingRate, from.probingPollingRateMax};
        plugin.proprietary_properties = proprietary_of(from);
        return plugin;
    });
}

Answer<DeviceProduct> read_device_product(const MP_OID& oid) {
    return read<DeviceProduct>(
        MP_GetDeviceProductProperties, oid, [&](const MP_DEVICE_PRODUCT_PROPERTIES& from) {
            return DeviceProduct{oid, padded_text_of(from.vendor), padded_text_of(from.product),
                                 padded_text_of(from.revision), from.supportedLoadBalanceTypes};
        });
}

Answer<LoadBalance> read_load_balance(const MP_OID& oid) {
    return read<LoadBalance>(MP_GetProprietaryLoadBalanceProperties, oid,
                             [&](const MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES& from) {
                                 return LoadBalance{oid, from.typeIndex, text_of(from.name),
                                                    text_of(from.vendorName), proprietary_of(from)};
                             });
}

Answer<InitiatorPort> read_initiator_port(const MP_OID& oid) {
    return read<InitiatorPort>(
        MP_GetInitiatorPortProperties, oid, [&](const MP_INITIATOR_PORT_PROPERTIES& from) {
            return InitiatorPort{
                oid, text_of(from.portID),
                defined(from.portType, MP_PORT_TRANSPORT_TYPE_IFB, MP_PORT_TRANSPORT_TYPE_UNKNOWN),
                text_of(from.osDeviceFile), text_of(from.osFriendlyName)};
        });
}

Answer<TargetPort> read_target_port(const MP_OID& oid) {
    return read<TargetPort>(MP_GetTargetPortProperties, oid,
                            [&](const MP_TARGET_PORT_PROPERTIES& from) {
                                return TargetPort{oid, text_of(from.portID), from.relativePortID};
                            });
}

Answer<TargetPortGroup> read_group(const MP_OID& oid) {
    return read<TargetPortGroup>(
        MP_GetTargetPortGroupProperties, oid, [&](const MP_TARGET_PORT_GROUP_PROPERTIES& from) {
            return TargetPortGroup{
                oid,
                from.tpgID,
                defined(from.accessState, MP_ACCESS_STATE_ACTIVE, undefined_access_state),
                from.explicitFailover != MP_FALSE,
                from.supportsLuAssignment != MP_FALSE,
                from.preferredLuPath != MP_FALSE};
        });
}

Answer<Path> read_path(const MP_OID& oid) {
    return read<Path>(
        MP_GetPathLogicalUnitProperties, oid, [&](const MP_PATH_LOGICAL_UNIT_PROPERTIES& from) {
            return Path{oid,
                        from.weight,
                        defined(from.pathState, MP_PATH_STATE_UNKNOWN, MP_PATH_STATE_UNKNOWN),
                        from.disabled != MP_FALSE,
                        from.initiatorPortOid,
                        from.targetPortOid,
                        from.logicalUnitOid,
                        from.logicalUnitNumber,
                        text_of(from.deviceFileName),
                        from.busNumber,
                        from.portNumber};
        });
}

Answer<LogicalUnit> read_unit(const MP_OID& oid) {
    return read<LogicalUnit>(
        MP_GetMPLogicalUnitProperties, oid, [&](const MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES& from) {
            LogicalUnit unit;
            unit.oid = oid;
            unit.vendor = padded_text_of(from.vendor);
            unit.product = padded_text_of(from.product);
            unit.revision = padded_text_of(from.revision);
            unit.name = text_of(from.name);
            unit.name_type =
                defined(from.nameType, MP_LU_NAME_TYPE_DEVICE_SPECIFIC, MP_LU_NAME_TYPE_UNKNOWN);
            unit.device_file_name = text_of(from.deviceFileName);
            unit.asymmetric = from.asymmetric != MP_FALSE;
            unit.override_path = from.overridePath;
            unit.current_load_balance_type = from.currentLoadBalanceType;
            unit.logical_unit_group_id = from.logicalUnitGroupID;
            unit.auto_failback_enabled = from.autoFailbackEnabled;
            unit.failback_polling_rate = {from.currentFailbackPollingRate,
                                          from.failbackPollingRateMax};
            unit.auto_probing_enabled = from.autoProbingEnabled;
            unit.probing_polling_rate = {from.currentProbingPollingRate,
                                         from.probingPollingRateMax};
            unit.proprietary_properties = proprietary_of(from);
            return unit;
        });
}

const InitiatorPort* Ports::initiator(const MP_OID& oid) {
    const auto [entry, added] = initiators_.try_emplace(oid);
    if (added)
        if (auto port = read_initiator_port(oid)) entry->second = *std::move(port);
    return entry->second ? &*entry->second : nullptr;
}

const TargetPort* Ports::target(const MP_OID& oid) {
    const auto [entry, added] = targets_.try_emplace(oid);
    if (added)
        if (auto port = read_target_port(oid)) entry->second = *std::move(port);
    return entry->second ? &*entry->second : nullptr;
}

} // namespace mpapi::cli
