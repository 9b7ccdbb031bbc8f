// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/book.hpp"

#include "cli/names.hpp"

#include <unordered_set>
#include <utility>

namespace mpapi::cli {
namespace {

// A list that a plugin does not have is empty, and so is one of an object that has just vanished.
std::vector<MP_OID> members(Answer<std::vector<MP_OID>> list) {
    return list ? *std::move(list) : std::vector<MP_OID>();
}

// Every object, the ones that others are named after first.
Answer<std::vector<MP_OID>> objects_of(const Plugin& plugin) {
    const auto units = unit_oids(plugin.oid);
    if (!units) return units.status();
    std::vector<MP_OID> all = {plugin.oid};
    const auto add = [&](const std::vector<MP_OID>& more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    add(members(device_product_oids(plugin.oid)));
    add(members(load_balance_oids(plugin.oid)));
    add(members(initiator_port_oids(plugin.oid)));
    add(*units);
    for (const MP_OID& unit : *units) {
        add(members(path_oids(unit)));
        const auto groups = members(group_oids(unit));
        add(groups);
        for (const MP_OID& group : groups)
            add(members(target_port_oids(group)));
    }
    return all;
}

} // namespace

std::string Book::name_of_plugin(const MP_OID& oid) const {
    const auto found = plugins_.find(oid.ownerId);
    return found == plugins_.end() ? std::string() : found->second;
}

Book::UnitName Book::name_of_unit(const MP_OID& oid) {
    UnitName& name = unit_names_[oid];
    if (!name) {
        const auto unit = read_unit(oid);
        name = std::make_shared<std::string>(unit ? unit->device_file_name : std::string());
    }
    return name;
}

Answer<Book::Known> Book::read(const MP_OID& oid) {
    const auto known = [&](const auto& object, std::string name, UnitName logical_unit = {}) {
        return Known{name_of_plugin(oid), std::move(name), std::move(logical_unit),
                     fields_of(object)};
    };
    switch (oid.objectType) {
    case MP_OBJECT_TYPE_PLUGIN: {
        const auto plugin = read_plugin(oid);
        if (!plugin) return plugin.status();
        return known(*plugin, plugin->file_name);
    }
    case MP_OBJECT_TYPE_INITIATOR_PORT: {
        const auto port = read_initiator_port(oid);
        if (!port) return port.status();
        return known(*port, port->port_id);
    }
    case MP_OBJECT_TYPE_TARGET_PORT: {
        const auto port = read_target_port(oid);
        if (!port) return port.status();
        return known(*port, port->port_id);
    }
    case MP_OBJECT_TYPE_MULTIPATH_LU: {
        const auto unit = read_unit(oid);
        if (!unit) return unit.status();
        *name_of_unit(oid) = unit->device_file_name;
        return known(*unit, unit->device_file_name);
    }
    case MP_OBJECT_TYPE_PATH_LU: {
        const auto path = read_path(oid);
        if (!path) return path.status();
        std::string name = path->device_file_name;
        if (name.empty()) {
            const InitiatorPort* from = ports_.initiator(path->initiator_port_oid);
            const TargetPort* to = ports_.target(path->target_port_oid);
            name = (from != nullptr ? from->port_id : "unknown") + " - " +
                   (to != nullptr ? to->port_id : "unknown");
        }
        return known(*path, name, name_of_unit(path->logical_unit_oid));
    }
    case MP_OBJECT_TYPE_DEVICE_PRODUCT: {
        const auto product = read_device_product(oid);
        if (!product) return product.status();
        return known(*product, product->vendor + product->product);
    }
    case MP_OBJECT_TYPE_TARGET_PORT_GROUP: {
        const auto group = read_group(oid);
        if (!group) return group.status();
        const auto units = members(units_of_group(oid));
        return known(*group, std::to_string(group->tpg_id),
                     units.empty() ? UnitName() : name_of_unit(units.front()));
    }
    case MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE: {
        const auto algorithm = read_load_balance(oid);
        if (!algorithm) return algorithm.status();
        return known(*algorithm, algorithm->name);
    }
    default:
        return MP_STATUS_INVALID_OBJECT_TYPE;
    }
}

std::optional<Event> Book::compare(const MP_OID& oid, Known now) {
    Event event;
    event.type = name_of(oid.objectType).token;
    event.object = now.name;
    event.plugin = now.plugin;
    if (now.logical_unit) event.logical_unit = *now.logical_unit;
    const auto [place, added] = known_.try_emplace(oid);
    Known& before = place->second;
    if (added) {
        event.what = "appeared";
        event.properties = now.fields;
    } else {
        event.what = "changed";
        // Of one type: the same properties in the same order.
        for (std::size_t index = 0; index < now.fields.size(); ++index)
            if (now.fields[index] != before.fields[index])
                event.changes.push_back(
                    {now.fields[index].name, before.fields[index].value, now.fields[index].value});
    }
    before = std::move(now);
    if (!added && event.changes.empty()) return std::nullopt;
    return event;
}

std::optional<Event> Book::look_at(const MP_OID& oid) {
    auto now = read(oid);
    if (!now) return std::nullopt; // it has vanished since, which is told by itself
    return compare(oid, *std::move(now));
}

std::optional<Event> Book::remove(const MP_OID& oid) {
    const auto found = known_.find(oid);
    if (found == known_.end()) return std::nullopt;
    Event event;
    event.what = "disappeared";
    event.type = name_of(oid.objectType).token;
    event.object = std::move(found->second.name);
    event.plugin = std::move(found->second.plugin);
    if (found->second.logical_unit) event.logical_unit = *found->second.logical_unit;
    known_.erase(found);
    unit_names_.erase(oid);
    return event;
}

Answer<std::vector<Event>> Book::take_in(const Plugin& plugin) {
    plugins_[plugin.oid.ownerId] = plugin.file_name;
    const auto objects = objects_of(plugin);
    if (!objects) return objects.status();
    std::vector<Event> events;
    const std::unordered_set<MP_OID, OidHash, SameOid> there(objects->begin(), objects->end());
    std::vector<MP_OID> gone;
    for (const auto& [oid, known] : known_)
        if (oid.ownerId == plugin.oid.ownerId && !there.contains(oid)) gone.push_back(oid);
    events.reserve(gone.size());
    for (const MP_OID& oid : gone)
        events.push_back(*remove(oid));
    for (const MP_OID& oid : *objects)
        if (auto event = look_at(oid)) events.push_back(*std::move(event));
    return events;
}

Book::Size Book::size(const Plugin& plugin) const {
    Size size;
    for (const auto& [oid, known] : known_) {
        if (oid.ownerId != plugin.oid.ownerId) continue;
        if (oid.objectType == MP_OBJECT_TYPE_MULTIPATH_LU) ++size.units;
        if (oid.objectType == MP_OBJECT_TYPE_PATH_LU) ++size.paths;
    }
    return size;
}

} // namespace mpapi::cli
