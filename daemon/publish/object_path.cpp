// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/object_path.hpp"

#include "common/model/identity.hpp"

namespace mpapi::publish {

namespace {

std::string under_root(std::string_view folder, std::string_view name) {
    std::string path;
    path.reserve(kRoot.size() + folder.size() + 2 * name.size() + 8);
    path.append(kRoot).append("/").append(folder).append("/");
    append_escaped(path, name);
    return path;
}

std::string lu_path(const model::Unit& unit) {
    return under_root("lu", unit.unit.key);
}

std::string group_path(const model::Unit& unit, std::uint64_t number) {
    return lu_path(unit) + "/tpg/" + std::to_string(number);
}

template <typename T>
std::string or_nothing(const model::Table<T>& table, const Ref& ref) {
    const T* value = model::find(table, ref.id);
    return value ? object_path(View<T>{ref.snapshot, nullptr, value}) : "/";
}

} // namespace

std::string path_name(const View<model::Path>& path) {
    const auto* initiator = model::find(path.snapshot->initiator_ports, path->initiator_port);
    const auto* target = model::find(path.snapshot->target_ports, path->target_port);
    std::string name =
        model::nexus_key(initiator ? initiator->port_id : std::string_view(),
                         target ? target->port_id : std::string_view(), path->address.lun);
    for (const auto& other : path.unit->paths) {
        if (other.id >= path->id) break;
        if (other.initiator_port == path->initiator_port &&
            other.target_port == path->target_port && other.address.lun == path->address.lun)
            return name + ',' + std::to_string(path->id);
    }
    return name;
}

std::string product_label(const model::DeviceProduct& product) {
    std::string label;
    bus::append_escaped_part(label, product.vendor);
    label += "__";
    bus::append_escaped_part(label, product.product);
    label += "__";
    bus::append_escaped_part(label, product.revision);
    return label;
}

std::string object_path(const View<model::Manager>&) {
    return std::string(kRoot);
}

std::string object_path(const View<model::Plugin>& view) {
    return std::string(kRoot) + "/plugin/" + plugin_label(view->name);
}

std::string object_path(const View<model::InitiatorPort>& view) {
    return under_root("initiator", view->port_id);
}

std::string object_path(const View<model::TargetPort>& view) {
    return under_root("target", view->port_id);
}

std::string object_path(const View<model::DeviceProduct>& view) {
    return std::string(kRoot) + "/product/" + product_label(*view.value);
}

std::string object_path(const View<model::LoadBalance>& view) {
    return under_root("load_balance", view->selector);
}

std::string object_path(const View<model::LogicalUnit>& view) {
    return under_root("lu", view->key);
}

std::string object_path(const View<model::TargetPortGroup>& view) {
    return group_path(*view.unit, view->number);
}

std::string object_path(const View<model::Path>& view) {
    std::string path = lu_path(*view.unit) + "/path/";
    append_escaped(path, path_name(view));
    return path;
}

std::string object_path(const View<model::Disk>& view) {
    return under_root("disk", view->key);
}

std::string object_path(const Ref& ref) {
    if (!ref.set) return "/";
    switch (ref.type) {
    case model::ObjectType::InitiatorPort:
        return or_nothing(ref.snapshot->initiator_ports, ref);
    case model::ObjectType::TargetPort:
        return or_nothing(ref.snapshot->target_ports, ref);
    case model::ObjectType::DeviceProduct:
        return or_nothing(ref.snapshot->products, ref);
    case model::ObjectType::LoadBalance:
        return or_nothing(ref.snapshot->load_balances, ref);
    case model::ObjectType::LogicalUnit:
        return ref.unit ? lu_path(*ref.unit) : "/";
    case model::ObjectType::Path:
        for (const auto& path : ref.unit->paths)
            if (path.id == ref.id)
                return object_path(View<model::Path>{ref.snapshot, ref.unit, &path});
        return "/";
    case model::ObjectType::TargetPortGroup:
        for (const auto& group : ref.unit->groups)
            if (group.number == ref.id) return group_path(*ref.unit, ref.id);
        return "/";
    default:
        return "/";
    }
}

} // namespace mpapi::publish
