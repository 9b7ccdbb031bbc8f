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

struct Counts {
    std::size_t paths;
    std::size_t operational;
};

// Of the paths alone: a list of many units asks for nothing else. A path that cannot be read is
// counted, but is not operational.
std::optional<Counts> count_paths(const LogicalUnit& unit, Report& report) {
    const auto oids = path_oids(unit.oid);
    if (!oids) {
        cannot_read_paths(unit, oids.status(), report);
        return std::nullopt;
    }
    Counts counts{oids->size(), 0};
    for (const MP_OID& oid : *oids) {
        const auto path = read_path(oid);
        if (!path)
            cannot_read_paths(unit, path.status(), report);
        else if (path->path_state == MP_PATH_STATE_OKAY) // also if it is disabled
            ++counts.operational;
    }
    return counts;
}

void write_json(std::string_view member, const std::vector<std::string>& elements) {
    JsonDocument document;
    document.add(member, elements);
    write_out(std::move(document).finish());
}

} // namespace

void list_plugins(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    const auto found = plugins.empty() ? std::vector<const Plugin*>()
                                       : find_plugins(plugins, command.operands, report);
    std::string text;
    std::vector<std::string> elements;
    for (const Plugin* plugin : found) {
        if (command.json)
            elements.push_back(json_of_name(*plugin));
        else
            add_line(text, plugin_label, plugin->file_name);
    }
    if (command.json) return write_json("mpathSupport", elements);
    write_out(text);
}

void list_initiator_ports(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    const auto found = plugins.empty() ? std::vector<FoundPort>()
                                       : find_initiator_ports(plugins, command.operands, report);
    std::string text;
    std::vector<std::string> elements;
    for (const FoundPort& each : found) {
        if (command.json)
            elements.push_back(json_of_name(*each.plugin, each.port));
        else
            add_line(text, initiator_port_label, each.port.port_id);
    }
    if (command.json) return write_json("initiatorPorts", elements);
    write_out(text);
}

void list_units(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    const auto found = plugins.empty()
                           ? std::vector<FoundUnit>()
                           : find_units(plugins, command.operands, command.options, report);
    const bool with_plugin = !command.operands.empty() || !command.options.empty();
    std::string text;
    std::vector<std::string> elements;
    for (const FoundUnit& each : found) {
        const auto counts = count_paths(each.unit, report);
        if (!counts) continue;
        if (command.json) {
            elements.push_back(
                json_of_counts(*each.plugin, each.unit, counts->paths, counts->operational));
            continue;
        }
        if (with_plugin) add_line(text, plugin_label, each.plugin->file_name);
        list_unit(text, each.unit, counts->paths, counts->operational);
    }
    if (command.json) return write_json("logicalUnits", elements);
    write_out(text);
}

} // namespace mpapi::cli
