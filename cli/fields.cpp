// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/fields.hpp"

#include "cli/names.hpp"
#include "cli/text.hpp"

namespace mpapi::cli {
namespace {

std::string trimmed(const std::string& text) {
    return std::string(without_padding(text));
}

std::string token(Name name) {
    return std::string(name.token);
}

std::uint64_t number(std::uint64_t value) {
    return value;
}

Value unless(bool missing, Value value) {
    return missing ? Value() : std::move(value);
}

Value tristate(MP_XBOOL value) {
    return unless(value == MP_UNKNOWN, value != MP_FALSE);
}

std::vector<std::string> levels(MP_UINT32 support) {
    std::vector<std::string> names;
    if ((support & MP_AUTOFAILBACK_SUPPORT_PLUGIN) != 0) names.emplace_back("mpath-support");
    if ((support & MP_AUTOFAILBACK_SUPPORT_MPLU) != 0) names.emplace_back("logical-unit");
    return names;
}

} // namespace

Fields fields_of(const Plugin& plugin) {
    return {
        {"name", plugin.file_name},
        {"vendor", plugin.vendor},
        {"implementationVersion", plugin.implementation_version},
        {"buildTime", plugin.build_time},
        {"driverVendor", plugin.driver_vendor},
        {"driverName", plugin.driver_name},
        {"driverVersion", plugin.driver_version},
        {"supportedLoadBalanceTypes", load_balance_names(plugin.supported_load_balance_types)},
        {"defaultLoadBalanceType", load_balance_name(plugin.default_load_balance_type)},
        {"canSetTargetPortGroupAccess", plugin.can_set_tpg_access},
        {"canOverridePaths", plugin.can_override_paths},
        {"exposesPathDeviceFiles", plugin.exposes_path_device_files},
        {"deviceFileNamespace", plugin.device_file_namespace},
        {"onlySupportsSpecifiedProducts", plugin.only_supports_specified_products},
        {"maximumWeight", number(plugin.maximum_weight)},
        {"autoFailbackSupport", levels(plugin.auto_failback_support)},
        {"autoFailbackEnabled", unless(!plugin.has_auto_failback(), plugin.auto_failback_enabled)},
        {"failbackPollingRate",
         unless(!plugin.has_auto_failback(), number(plugin.failback_polling_rate.current))},
        {"failbackPollingRateMax",
         unless(!plugin.has_auto_failback(), number(plugin.failback_polling_rate.maximum))},
        {"autoProbingSupport", levels(plugin.auto_probing_support)},
        {"autoProbingEnabled", unless(!plugin.has_auto_probing(), plugin.auto_probing_enabled)},
        {"probingPollingRate",
         unless(!plugin.has_auto_probing(), number(plugin.probing_polling_rate.current))},
        {"probingPollingRateMax",
         unless(!plugin.has_auto_probing(), number(plugin.probing_polling_rate.maximum))},
        {"proprietaryProperties", plugin.proprietary_properties},
    };
}

Fields fields_of(const DeviceProduct& product) {
    return {
        {"vendor", trimmed(product.vendor)},
        {"product", trimmed(product.product)},
        {"revision", trimmed(product.revision)},
        {"supportedLoadBalanceTypes", load_balance_names(product.supported_load_balance_types)},
    };
}

Fields fields_of(const LoadBalance& algorithm) {
    return {
        {"type", load_balance_name(algorithm.type_index)},
        {"name", algorithm.name},
        {"vendor", algorithm.vendor_name},
        {"proprietaryProperties", algorithm.proprietary_properties},
    };
}

Fields fields_of(const InitiatorPort& port) {
    return {
        {"name", port.port_id},
        {"transport", token(name_of(port.port_type))},
        {"osDeviceFile", port.os_device_file},
        {"osFriendlyName", port.os_friendly_name},
    };
}

Fields fields_of(const TargetPort& port) {
    return {
        {"name", port.port_id},
        {"relativeId", number(port.relative_port_id)},
    };
}

Fields fields_of(const TargetPortGroup& group) {
    return {
        {"id", number(group.tpg_id)},
        {"accessState", token(name_of(group.access_state))},
        {"explicitFailover", group.explicit_failover},
        {"preferred", group.preferred_lu_path},
        {"supportsLogicalUnitAssignment", group.supports_lu_assignment},
    };
}

Fields fields_of(const Path& path) {
    return {
        {"deviceFile", path.device_file_name},
        {"state", token(name_of(path.path_state))},
        {"disabled", path.disabled},
        {"weight", number(path.weight)},
        {"logicalUnitNumber", number(path.logical_unit_number)},
        {"busNumber", number(path.bus_number)},
        {"portNumber", number(path.port_number)},
    };
}

Fields fields_of(const LogicalUnit& unit) {
    return {
        {"deviceFile", unit.device_file_name},
        {"name", unit.name},
        {"nameType", token(name_of(unit.name_type))},
        {"vendor", trimmed(unit.vendor)},
        {"product", trimmed(unit.product)},
        {"revision", trimmed(unit.revision)},
        {"asymmetric", unit.asymmetric},
        {"loadBalanceType", load_balance_name(unit.current_load_balance_type)},
        {"logicalUnitGroupId",
         unless(unit.logical_unit_group_id == MP_UNKNOWN, number(unit.logical_unit_group_id))},
        {"overridden", unit.override_path.objectSequenceNumber != 0},
        {"autoFailbackEnabled", tristate(unit.auto_failback_enabled)},
        {"failbackPollingRate", number(unit.failback_polling_rate.current)},
        {"failbackPollingRateMax", number(unit.failback_polling_rate.maximum)},
        {"autoProbingEnabled", tristate(unit.auto_probing_enabled)},
        {"probingPollingRate", number(unit.probing_polling_rate.current)},
        {"probingPollingRateMax", number(unit.probing_polling_rate.maximum)},
        {"proprietaryProperties", unit.proprietary_properties},
    };
}

std::string text_of(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
    if (const auto* count = std::get_if<std::uint64_t>(&value)) return std::to_string(*count);
    if (const auto* text = std::get_if<std::string>(&value)) return text->empty() ? "-" : *text;
    std::string joined;
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
        for (const std::string& each : *list)
            (joined += joined.empty() ? "" : ",") += each;
    if (const auto* pairs = std::get_if<ProprietaryProperties>(&value))
        for (const auto& [name, held] : *pairs)
            (((joined += joined.empty() ? "" : ",") += name) += '=') += held;
    return joined.empty() ? "-" : joined;
}

} // namespace mpapi::cli
