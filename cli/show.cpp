// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/commands.hpp"
#include "cli/describe.hpp"
#include "cli/find.hpp"
#include "cli/json.hpp"
#include "cli/survey.hpp"
#include "cli/view.hpp"

#include <utility>

namespace mpapi::cli {
namespace {

// The objects of a plugin's lists. A plugin without such a list has none of them.
template <typename Object>
std::vector<Object>
read_all(const Plugin& plugin, Answer<std::vector<MP_OID>> (*list)(const MP_OID&),
         Answer<Object> (*read)(const MP_OID&), std::string_view failure, Report& report) {
    std::vector<Object> objects;
    const auto oids = list(plugin.oid);
    if (!oids) {
        if (oids.status() != MP_STATUS_UNSUPPORTED)
            report.plugin_failed(plugin, failure, oids.status());
        return objects;
    }
    for (const MP_OID& oid : *oids) {
        auto object = read(oid);
        if (object)
            objects.push_back(*std::move(object));
        else
            report.failed(failure, object.status());
    }
    return objects;
}

std::vector<DeviceProduct> products_of(const Plugin& plugin, Report& report) {
    return read_all(plugin, device_product_oids, read_device_product,
                    "Unable to get supported device product information.", report);
}

std::vector<LoadBalance> algorithms_of(const Plugin& plugin, Report& report) {
    return read_all(plugin, load_balance_oids, read_load_balance,
                    "Unable to get configuration information.", report);
}

} // namespace

void show_plugins(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    const auto found = plugins.empty() ? std::vector<const Plugin*>()
                                       : find_plugins(plugins, command.operands, report);
    if (command.json) {
        std::vector<std::string> elements;
        elements.reserve(found.size());
        for (const Plugin* plugin : found)
            elements.push_back(
                json_of(*plugin, products_of(*plugin, report), algorithms_of(*plugin, report)));
        JsonDocument document;
        document.add("mpathSupport", elements);
        return write_out(std::move(document).finish());
    }
    std::string text;
    for (const Plugin* plugin : found) {
        if (!text.empty() && text.back() != '\n') text += '\n';
        show_plugin(text, *plugin,
                    plugin->only_supports_specified_products ? products_of(*plugin, report)
                                                             : std::vector<DeviceProduct>());
    }
    write_out(text);
}

void show_initiator_ports(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    const auto found = plugins.empty() ? std::vector<FoundPort>()
                                       : find_initiator_ports(plugins, command.operands, report);
    std::string text;
    std::vector<std::string> elements;
    for (const FoundPort& each : found) {
        if (command.json)
            elements.push_back(json_of(*each.plugin, each.port));
        else
            show_initiator_port(text, each.port);
    }
    if (!command.json) return write_out(text);
    JsonDocument document;
    document.add("initiatorPorts", elements);
    write_out(std::move(document).finish());
}

void show_units(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    auto found = plugins.empty() ? std::vector<FoundUnit>()
                                 : find_units(plugins, command.operands, {}, report);
    Ports ports;
    std::string text;
    std::vector<std::string> elements;
    for (FoundUnit& each : found) {
        const UnitView view = view_of(std::move(each), ports, report);
        if (command.json) {
            elements.push_back(json_of(view));
            continue;
        }
        if (!text.empty()) text += '\n';
        show_unit(text, view);
    }
    if (!command.json) return write_out(text);
    JsonDocument document;
    document.add("logicalUnits", elements);
    write_out(std::move(document).finish());
}

} // namespace mpapi::cli
