// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/describe.hpp"

#include "cli/names.hpp"
#include "cli/text.hpp"

#include <cstdio>

namespace mpapi::cli {
namespace {

constexpr std::string_view not_available = "NA";

std::string_view yes_no(bool value) {
    return value ? "yes" : "no";
}

std::string_view on_off(bool value) {
    return value ? "on" : "off";
}

std::string polling_rate(bool supported, const PollingRate& rate) {
    return supported ? std::to_string(rate.current) + '/' + std::to_string(rate.maximum) : "NA/NA";
}

void add_load_balance_names(std::string& out, std::string_view indent, MP_UINT32 types) {
    if (types == 0) add_line(out, indent, "none");
    for (const std::string& name : load_balance_names(types))
        add_line(out, indent, name);
}

void show_product(std::string& out, const DeviceProduct& product) {
    add_line(out, "\t\tVendor:  ", product.vendor);
    add_line(out, "\t\tProduct:  ", product.product);
    add_line(out, "\t\tRevision:  ", product.revision);
    out += "\t\tSupported Load Balance Types:\n";
    add_load_balance_names(out, "\t\t\t", product.supported_load_balance_types);
    out += '\n';
}

// What holds for the unit: its own setting, or the plugin's where it follows that.
std::string_view setting(MP_UINT32 support, MP_XBOOL own, bool plugin_has, bool plugin_enabled) {
    if (support == 0) return not_available;
    if (own != MP_UNKNOWN) return on_off(own != MP_FALSE);
    return plugin_has ? on_off(plugin_enabled) : not_available;
}

std::string group_id(MP_UINT32 id) {
    if (id == MP_UNKNOWN) return std::string(not_available);
    char text[16];
    std::snprintf(text, sizeof text, "0x%x", id);
    return text;
}

void show_path(std::string& out, const UnitView& view, const PathView& each) {
    const bool can_override = view.plugin->can_override_paths;
    add_line(out,
             "\t\tInitiator Port Name:  ", each.initiator ? each.initiator->port_id : "unknown");
    add_line(out, "\t\tTarget Port Name:  ", each.target ? each.target->port_id : "unknown");
    add_line(out, "\t\tOverride Path:  ",
             can_override ? yes_no(view.unit.overridden_by(each.path.oid)) : not_available);
    add_line(out, "\t\tPath State:  ", name_of(each.path.path_state).text);
    add_line(out, "\t\tDisabled:  ", yes_no(each.path.disabled));
    out += '\n';
}

void show_ports(std::string& out, std::string_view indent, const GroupView& each, bool& first) {
    for (const TargetPort& port : each.ports) {
        if (!first) out += '\n';
        first = false;
        add_line(out, std::string(indent) + "Name:  ", port.port_id);
        add_line(out,
                 std::string(indent) + "Relative ID:  ", std::to_string(port.relative_port_id));
    }
}

void show_groups(std::string& out, const std::vector<GroupView>& groups) {
    out += "\tTarget Port Groups:  \n";
    for (const GroupView& each : groups) {
        if (&each != groups.data()) out += '\n';
        add_line(out, "\t\tID:  ", std::to_string(each.group.tpg_id));
        add_line(out, "\t\tExplicit Failover:  ", yes_no(each.group.explicit_failover));
        add_line(out, "\t\tAccess State:  ", name_of(each.group.access_state).text);
        out += "\t\tTarget Ports:\n";
        bool first = true;
        show_ports(out, "\t\t\t", each, first);
    }
}

} // namespace

void add_line(std::string& out, std::string_view label, std::string_view value) {
    ((out += label) += printable(value)) += '\n';
}

void list_unit(std::string& out, const LogicalUnit& unit, std::size_t paths,
               std::size_t operational_paths) {
    add_line(out, "\t", unit.device_file_name);
    add_line(out, "\t\tTotal Path Count: ", std::to_string(paths));
    add_line(out, "\t\tOperational Path Count: ", std::to_string(operational_paths));
}

void show_plugin(std::string& out, const Plugin& plugin,
                 const std::vector<DeviceProduct>& products) {
    add_line(out, plugin_label, plugin.file_name);
    add_line(out, "\tVendor:  ", plugin.vendor);
    add_line(out, "\tDriver Name:  ", plugin.driver_name);
    add_line(out, "\tDefault Load Balance:  ", load_balance_name(plugin.default_load_balance_type));
    out += "\tSupported Load Balance Types:  \n";
    add_load_balance_names(out, "\t\t", plugin.supported_load_balance_types);
    add_line(out,
             "\tAllows To Activate Target Port Group Access:  ", yes_no(plugin.can_set_tpg_access));
    add_line(out, "\tAllows Path Override:  ", yes_no(plugin.can_override_paths));
    add_line(out,
             "\tSupported Auto Failback Config:  ", std::to_string(plugin.auto_failback_support));
    add_line(out, "\tAuto Failback:  ",
             plugin.has_auto_failback() ? on_off(plugin.auto_failback_enabled) : not_available);
    add_line(out, "\tFailback Polling Rate (current/max):  ",
             polling_rate(plugin.has_auto_failback(), plugin.failback_polling_rate));
    add_line(out,
             "\tSupported Auto Probing Config:  ", std::to_string(plugin.auto_probing_support));
    add_line(out, "\tAuto Probing:  ",
             plugin.has_auto_probing() ? yes_no(plugin.auto_probing_enabled) : not_available);
    add_line(out, "\tProbing Polling Rate (current/max):  ",
             polling_rate(plugin.has_auto_probing(), plugin.probing_polling_rate));
    out += "\tSupported Devices:\n";
    if (!plugin.only_supports_specified_products) {
        out += "any device"; // and no line feed, as the reference
        return;
    }
    for (const DeviceProduct& product : products)
        show_product(out, product);
}

void show_initiator_port(std::string& out, const InitiatorPort& port) {
    add_line(out, initiator_port_label, port.port_id);
    add_line(out, "\tTransport Type:  ", name_of(port.port_type).text);
    add_line(out, "\tOS Device File:  ", port.os_device_file);
}

void show_unit(std::string& out, const UnitView& view) {
    const LogicalUnit& unit = view.unit;
    const Plugin& plugin = *view.plugin;
    add_line(out, "Logical Unit:  ", unit.device_file_name);
    add_line(out, "\tmpath-support:  ", plugin.file_name);
    add_line(out, "\tVendor:  ", unit.vendor);
    add_line(out, "\tProduct:  ", unit.product);
    add_line(out, "\tRevision:  ", unit.revision);
    add_line(out, "\tName Type:  ", name_of(unit.name_type).text);
    add_line(out, "\tName:  ", unit.name);
    add_line(out, "\tAsymmetric:  ", yes_no(unit.asymmetric));
    add_line(out, "\tCurrent Load Balance:  ", load_balance_name(unit.current_load_balance_type));
    add_line(out, "\tLogical Unit Group ID:  ", group_id(unit.logical_unit_group_id));
    add_line(out, "\tAuto Failback:  ",
             setting(plugin.auto_failback_support, unit.auto_failback_enabled,
                     plugin.has_auto_failback(), plugin.auto_failback_enabled));
    add_line(out, "\tAuto Probing:  ",
             setting(plugin.auto_probing_support, unit.auto_probing_enabled,
                     plugin.has_auto_probing(), plugin.auto_probing_enabled));
    out += "\n\tPaths:  \n";
    for (const PathView& each : view.paths)
        show_path(out, view, each);
    if (unit.asymmetric) return show_groups(out, view.groups);
    out += "\tTarget Ports:\n";
    bool first = true;
    for (const GroupView& each : view.groups)
        show_ports(out, "\t\t", each, first);
}

} // namespace mpapi::cli
