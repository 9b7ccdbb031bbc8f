// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/describe.hpp"

#include "daemon/publish/properties.hpp"
#include "daemon/publish/sealed_file.hpp"

namespace mpapi::publish {

namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;

template <typename T>
void members(JsonWriter& out, const View<T>& view) {
    out.key("ObjectPath");
    out.text(object_path(view));
    for (const auto& property : Interface<T>::properties()) {
        out.key(property.name);
        property.json(out, view);
    }
}

template <typename T>
void object(JsonWriter& out, const View<T>& view) {
    out.new_line();
    out.begin_object();
    members(out, view);
    out.end_object();
}

template <typename Table>
void table(JsonWriter& out, const char* name, const model::Snapshot& snapshot, const Table& table) {
    out.new_line();
    out.key(name);
    out.begin_array();
    for (const auto& row : model::rows(table))
        object(out, View<std::decay_t<decltype(row)>>{&snapshot, nullptr, &row});
    out.end_array();
}

void unit_object(JsonWriter& out, const model::Snapshot& snapshot, const model::Unit& unit) {
    out.new_line();
    out.begin_object();
    members(out, View<model::LogicalUnit>{&snapshot, &unit, &unit.unit});
    out.key("TargetPortGroups");
    out.begin_array();
    for (const auto& group : unit.groups)
        object(out, View<model::TargetPortGroup>{&snapshot, &unit, &group});
    out.end_array();
    out.key("Paths");
    out.begin_array();
    for (const auto& path : unit.paths)
        object(out, View<model::Path>{&snapshot, &unit, &path});
    out.end_array();
    out.end_object();
}

} // namespace

Status describe(const model::Snapshot& snapshot, const DescribeOptions& options,
                const std::function<Status(std::string_view)>& write) {
    JsonWriter out;
    Status status = Done{};
    auto flush = [&](std::size_t from) {
        if (out.buffer().size() < from || !status) return;
        status = write(out.buffer());
        out.buffer().clear();
    };
    out.begin_object();
    out.key("Format");
    out.number(1);
    // A string: it uses all 64 bits and common readers of JSON keep 53 of a number.
    out.key("Instance");
    out.text(std::to_string(snapshot.instance));
    out.key("Generation");
    out.number(snapshot.generation);
    out.key("MadeAt");
    Codec<model::Time>::json(out, snapshot.made_at);
    out.key("Manager");
    object(out, View<model::Manager>{&snapshot, nullptr, &snapshot.manager});
    table(out, "Plugins", snapshot, snapshot.plugins);
    table(out, "LoadBalances", snapshot, snapshot.load_balances);
    table(out, "DeviceProducts", snapshot, snapshot.products);
    table(out, "InitiatorPorts", snapshot, snapshot.initiator_ports);
    table(out, "TargetPorts", snapshot, snapshot.target_ports);
    out.new_line();
    out.key("LogicalUnits");
    out.begin_array();
    for (const auto& block : snapshot.units.blocks()) {
        for (const auto& unit : *block) {
            if (options.units && !options.units->contains(unit->unit.key)) continue;
            unit_object(out, snapshot, *unit);
            flush(kPiece);
            if (!status) return status;
        }
    }
    out.end_array();
    table(out, "Disks", snapshot, snapshot.disks);
    out.end_object();
    out.new_line();
    flush(0);
    return status;
}

Result<Fd> describe(const model::Snapshot& snapshot, const DescribeOptions& options) {
    auto file = SealedFile::create("mpapi-description");
    if (!file) return std::move(file).error();
    auto status =
        describe(snapshot, options, [&](std::string_view piece) { return file->write(piece); });
    if (!status) return std::move(status).error();
    return std::move(*file).seal();
}

} // namespace mpapi::publish
