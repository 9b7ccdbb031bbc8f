// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/index.hpp"

#include "daemon/publish/object_path.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace mpapi::publish {

namespace {

// The labels of a path below the root, at most four; `count` is 5 for anything longer or elsewhere.
struct Labels {
    std::array<std::string_view, 4> label;
    std::size_t count = 0;
};

Labels split(std::string_view path) {
    Labels labels;
    if (!path.starts_with(kRoot)) return {{}, 5};
    path.remove_prefix(kRoot.size());
    while (!path.empty()) {
        if (path.front() != '/' || labels.count == labels.label.size()) return {{}, 5};
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        labels.label[labels.count++] = path.substr(0, end);
        path.remove_prefix(end);
    }
    return labels;
}

template <typename T, typename Matches>
AnyView scan(const model::Snapshot& snapshot, const model::Table<T>& table, Matches&& matches) {
    for (const auto& row : *table)
        if (matches(row)) return View<T>{&snapshot, nullptr, &row};
    return {};
}

template <typename Table, typename Keys>
AnyView look_up(const model::Snapshot& snapshot, const Table& table, const Keys& keys,
                std::string_view label) {
    const auto key = unescape(label);
    if (!key) return {};
    const auto at = keys.find(*key);
    if (at == keys.end()) return {};
    const auto* value = model::find(table, at->second);
    return value ? AnyView(View<std::decay_t<decltype(*value)>>{&snapshot, nullptr, value})
                 : AnyView();
}

AnyView part_of(const model::Snapshot& snapshot, const model::Unit& unit, std::string_view kind,
                std::string_view label) {
    if (kind == "tpg") {
        std::uint16_t number = 0;
        const char* end = label.data() + label.size();
        const auto parsed = std::from_chars(label.data(), end, number);
        if (parsed.ec != std::errc() || parsed.ptr != end || std::to_string(number) != label)
            return {};
        const auto* group = unit.group_numbered(number);
        return group ? AnyView(View<model::TargetPortGroup>{&snapshot, &unit, group}) : AnyView();
    }
    if (kind == "path") {
        const auto name = unescape(label);
        if (!name) return {};
        for (const auto& path : unit.paths) {
            const View<model::Path> view{&snapshot, &unit, &path};
            if (path_name(view) == *name) return view;
        }
    }
    return {};
}

template <typename Table>
void add_all(std::vector<std::string>& out, const model::Snapshot& snapshot, const Table& table) {
    for (const auto& row : model::rows(table))
        out.push_back(object_path(View<std::decay_t<decltype(row)>>{&snapshot, nullptr, &row}));
}

} // namespace

Index::Index(const model::Snapshot& snapshot) {
    snapshot.units.for_each(
        [this](const model::Unit& unit) { put(units_, unit.unit.key, unit.unit.id); });
    for (const auto& disk : snapshot.disks)
        put(disks_, disk.key, disk.id);
    for (const auto& port : *snapshot.initiator_ports)
        put(initiator_ports_, port.port_id, port.id);
    for (const auto& port : *snapshot.target_ports)
        put(target_ports_, port.port_id, port.id);
}

void Index::put(Keys& keys, const std::string& key, model::Sequence id) {
    keys.insert_or_assign(key, id);
}

void Index::drop(Keys& keys, const std::string& key, model::Sequence id) {
    const auto at = keys.find(key);
    if (at != keys.end() && at->second == id) keys.erase(at);
}

template <typename T>
void Index::update(Keys& keys, std::string T::*key, const model::Difference<T>& change) {
    if (change.before && change.after && change.before->*key == change.after->*key) return;
    if (change.before) drop(keys, change.before->*key, change.before->id);
    if (change.after) put(keys, change.after->*key, change.after->id);
}

void Index::apply(const std::vector<model::Event>& events) {
    for (const auto& event : events) {
        if (const auto* lu = std::get_if<model::PartDifference<model::LogicalUnit>>(&event))
            update<model::LogicalUnit>(units_, &model::LogicalUnit::key, *lu);
        else if (const auto* disk = std::get_if<model::Difference<model::Disk>>(&event))
            update<model::Disk>(disks_, &model::Disk::key, *disk);
        else if (const auto* initiator =
                     std::get_if<model::Difference<model::InitiatorPort>>(&event))
            update<model::InitiatorPort>(initiator_ports_, &model::InitiatorPort::port_id,
                                         *initiator);
        else if (const auto* target = std::get_if<model::Difference<model::TargetPort>>(&event))
            update<model::TargetPort>(target_ports_, &model::TargetPort::port_id, *target);
    }
}

const model::Unit* Index::unit_with_key(const model::Snapshot& snapshot,
                                        const std::string& key) const {
    const auto at = units_.find(key);
    return at == units_.end() ? nullptr : snapshot.units.find(at->second);
}

AnyView Index::find(const model::Snapshot& snapshot, std::string_view path) const {
    const Labels labels = split(path);
    const auto& [kind, name, part, part_name] = labels.label;
    if (labels.count == 0) return View<model::Manager>{&snapshot, nullptr, &snapshot.manager};
    if (labels.count != 2 && labels.count != 4) return {};
    if (kind == "lu") {
        const auto key = unescape(name);
        const auto* unit = key ? unit_with_key(snapshot, *key) : nullptr;
        if (!unit) return {};
        if (labels.count == 4) return part_of(snapshot, *unit, part, part_name);
        return View<model::LogicalUnit>{&snapshot, unit, &unit->unit};
    }
    if (labels.count == 4) return {};
    if (kind == "disk") return look_up(snapshot, snapshot.disks, disks_, name);
    if (kind == "initiator")
        return look_up(snapshot, snapshot.initiator_ports, initiator_ports_, name);
    if (kind == "target") return look_up(snapshot, snapshot.target_ports, target_ports_, name);
    if (kind == "plugin")
        return scan(snapshot, snapshot.plugins, [label = name](const model::Plugin& plugin) {
            return plugin_label(plugin.name) == label;
        });
    if (kind == "product")
        return scan(snapshot, snapshot.products, [label = name](const model::DeviceProduct& each) {
            return product_label(each) == label;
        });
    if (kind == "load_balance")
        return scan(snapshot, snapshot.load_balances,
                    [label = name](const model::LoadBalance& each) {
                        return escape(each.selector) == label;
                    });
    return {};
}

std::vector<std::string> Index::children(const model::Snapshot& snapshot,
                                         std::string_view path) const {
    std::vector<std::string> out;
    const Labels labels = split(path);
    const auto& kind = labels.label[0];
    auto folder = [&](const char* name, bool used) {
        if (used) out.push_back(std::string(path) + '/' + name);
    };
    if (labels.count == 0) {
        folder("plugin", !snapshot.plugins->empty());
        folder("lu", !snapshot.units.empty());
        folder("initiator", !snapshot.initiator_ports->empty());
        folder("target", !snapshot.target_ports->empty());
        folder("product", !snapshot.products->empty());
        folder("load_balance", !snapshot.load_balances->empty());
        folder("disk", !snapshot.disks.empty());
    } else if (labels.count == 1) {
        if (kind == "lu")
            snapshot.units.for_each([&](const model::Unit& unit) {
                out.push_back(object_path(View<model::LogicalUnit>{&snapshot, &unit, &unit.unit}));
            });
        else if (kind == "plugin")
            add_all(out, snapshot, snapshot.plugins);
        else if (kind == "initiator")
            add_all(out, snapshot, snapshot.initiator_ports);
        else if (kind == "target")
            add_all(out, snapshot, snapshot.target_ports);
        else if (kind == "product")
            add_all(out, snapshot, snapshot.products);
        else if (kind == "load_balance")
            add_all(out, snapshot, snapshot.load_balances);
        else if (kind == "disk")
            add_all(out, snapshot, snapshot.disks);
    } else if (kind == "lu" && labels.count <= 3) {
        const auto key = unescape(labels.label[1]);
        const auto* unit = key ? unit_with_key(snapshot, *key) : nullptr;
        if (!unit) return out;
        if (labels.count == 2) {
            folder("path", !unit->paths.empty());
            folder("tpg", !unit->groups.empty());
        } else if (labels.label[2] == "path") {
            for (const auto& each : unit->paths)
                out.push_back(object_path(View<model::Path>{&snapshot, unit, &each}));
        } else if (labels.label[2] == "tpg") {
            for (const auto& each : unit->groups)
                out.push_back(object_path(View<model::TargetPortGroup>{&snapshot, unit, &each}));
        }
    }
    return out;
}

} // namespace mpapi::publish
