// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace mpapi::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
    const bool ascii = true; // what a terminal obeys is no more than text there
    return json.dump(-1, ' ', ascii, Json::error_handler_t::replace);
}

Json to_json(const Value& value) {
    return std::visit(
        [](const auto& held) -> Json {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::monostate>) {
                return nullptr;
            } else if constexpr (std::is_same_v<Held, ProprietaryProperties>) {
                Json object = Json::object();
                for (const auto& [name, text] : held)
                    object[name] = text;
                return object;
            } else {
                return held;
            }
        },
        value);
}

// Appends, where operator[] would look for the name among those that are there.
Json to_json(const Fields& fields, std::size_t more = 0) {
    Json::object_t object;
    object.reserve(fields.size() + more);
    for (const Field& field : fields)
        object.emplace_back(field.name, to_json(field.value));
    return object;
}

Value name_or_null(const std::string* name) {
    return name != nullptr ? Value(*name) : Value();
}

Json to_json(const UnitView& view, const PathView& each) {
    const GroupView* const in = view.group_of(each.path);
    Fields fields = {
        {"initiatorPort", name_or_null(each.initiator ? &each.initiator->port_id : nullptr)},
        {"targetPort", name_or_null(each.target ? &each.target->port_id : nullptr)},
        {"targetPortGroup", in != nullptr ? Value(std::uint64_t{in->group.tpg_id}) : Value()},
        {"usable", usable(view, each.path)},
        {"override", view.unit.overridden_by(each.path.oid)},
    };
    Fields own = fields_of(each.path);
    std::move(own.begin(), own.end(), std::back_inserter(fields));
    return to_json(fields);
}

Json to_json(const GroupView& each) {
    Json json = to_json(fields_of(each.group), 1);
    json["targetPorts"] = Json::array();
    for (const TargetPort& port : each.ports)
        json["targetPorts"].push_back(to_json(fields_of(port)));
    return json;
}

} // namespace

JsonDocument::JsonDocument()
  : text_(R"({"schema":"mpathadm-1")") {}

void JsonDocument::add(std::string_view member, const std::vector<std::string>& elements) {
    ((text_ += ",\n\"") += member) += "\":[";
    for (const std::string& element : elements)
        (text_ += &element == elements.data() ? "\n" : ",\n") += element;
    text_ += ']';
}

void JsonDocument::add_summary(const Tally* tally) {
    text_ += ",\n\"summary\":";
    text_ += dump(tally == nullptr ? Json()
                                   : Json{
                                         {"logicalUnits", tally->units},
                                         {"ok", tally->ok},
                                         {"degraded", tally->degraded},
                                         {"failed", tally->failed},
                                         {"paths", tally->paths},
                                         {"usablePaths", tally->usable_paths},
                                     });
}

std::string JsonDocument::finish() && {
    return std::move(text_) + "}\n";
}

std::string json_of_name(const Plugin& plugin) {
    return dump({{"name", plugin.file_name}});
}

std::string json_of_name(const Plugin& plugin, const InitiatorPort& port) {
    return dump({{"name", port.port_id}, {"mpathSupport", plugin.file_name}});
}

std::string json_of_counts(const Plugin& plugin, const LogicalUnit& unit, std::size_t paths,
                           std::size_t operational_paths) {
    return dump({
        {"deviceFile", unit.device_file_name},
        {"mpathSupport", plugin.file_name},
        {"name", unit.name},
        {"pathCount", paths},
        {"operationalPathCount", operational_paths},
    });
}

std::string json_of(const Plugin& plugin, const std::vector<DeviceProduct>& products,
                    const std::vector<LoadBalance>& algorithms) {
    Json json = to_json(fields_of(plugin));
    json["supportedDevices"] = Json::array();
    for (const DeviceProduct& product : products)
        json["supportedDevices"].push_back(to_json(fields_of(product)));
    json["proprietaryLoadBalances"] = Json::array();
    for (const LoadBalance& algorithm : algorithms)
        json["proprietaryLoadBalances"].push_back(to_json(fields_of(algorithm)));
    return dump(json);
}

std::string json_of(const Plugin& plugin, const InitiatorPort& port) {
    Json json = to_json(fields_of(port));
    json["mpathSupport"] = plugin.file_name;
    return dump(json);
}

std::string json_of(const UnitView& view) {
    Json json = to_json(fields_of(view.unit), 6);
    json["mpathSupport"] = view.plugin->file_name;
    json["health"] = name_of(health_of(view));
    json["pathCount"] = view.path_count;
    json["operationalPathCount"] = view.operational_path_count();
    json["paths"] = Json::array();
    for (const PathView& each : view.paths)
        json["paths"].push_back(to_json(view, each));
    json["targetPortGroups"] = Json::array();
    for (const GroupView& each : view.groups)
        json["targetPortGroups"].push_back(to_json(each));
    return dump(json);
}

std::string json_of_message(std::string_view kind, std::string_view text, std::string_view status) {
    Json json = {{std::string(kind), text}};
    if (!status.empty()) json["status"] = status;
    return dump(json);
}

std::string json_of(const Event& event) {
    Json json = {
        {"time", event.time},     {"event", event.what},          {"type", event.type},
        {"object", event.object}, {"mpathSupport", event.plugin},
    };
    if (!event.logical_unit.empty()) json["logicalUnit"] = event.logical_unit;
    if (!event.properties.empty()) json["properties"] = to_json(event.properties);
    for (const Event::Change& change : event.changes)
        json["changes"][std::string(change.property)] = {{"from", to_json(change.from)},
                                                         {"to", to_json(change.to)}};
    json.update(to_json(event.details));
    return dump(json);
}

} // namespace mpapi::cli
