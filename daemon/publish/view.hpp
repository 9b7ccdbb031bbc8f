// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An object of the model where it stands: what a property is read from. Views are made on the
// stack, cost nothing, and live as long as the snapshot they point into.
#pragma once

#include "common/model/snapshot.hpp"

#include <variant>

namespace mpapi::publish {

template <typename T>
struct View {
    const model::Snapshot* snapshot = nullptr;
    const model::Unit* unit = nullptr; // set for logical units and what belongs to them
    const T* value = nullptr;

    const T* operator->() const { return value; }
};

using AnyView =
    std::variant<std::monostate, View<model::Manager>, View<model::Plugin>,
                 View<model::InitiatorPort>, View<model::TargetPort>, View<model::DeviceProduct>,
                 View<model::LoadBalance>, View<model::LogicalUnit>, View<model::TargetPortGroup>,
                 View<model::Path>, View<model::Disk>>;

template <typename T>
inline constexpr model::ObjectType type_of = model::ObjectType::Unknown;
template <>
inline constexpr model::ObjectType type_of<model::Plugin> = model::ObjectType::Plugin;
template <>
inline constexpr model::ObjectType type_of<model::InitiatorPort> = model::ObjectType::InitiatorPort;
template <>
inline constexpr model::ObjectType type_of<model::TargetPort> = model::ObjectType::TargetPort;
template <>
inline constexpr model::ObjectType type_of<model::LogicalUnit> = model::ObjectType::LogicalUnit;
template <>
inline constexpr model::ObjectType type_of<model::Path> = model::ObjectType::Path;
template <>
inline constexpr model::ObjectType type_of<model::DeviceProduct> = model::ObjectType::DeviceProduct;
template <>
inline constexpr model::ObjectType type_of<model::TargetPortGroup> =
    model::ObjectType::TargetPortGroup;
template <>
inline constexpr model::ObjectType type_of<model::LoadBalance> = model::ObjectType::LoadBalance;
template <>
inline constexpr model::ObjectType type_of<model::Disk> = model::ObjectType::Disk;

// Visits each object of a snapshot once, in the order in which a reader can follow: what others
// refer to comes first.
template <typename Visitor>
void for_each_of_unit(const model::Snapshot& snapshot, const model::Unit& unit, Visitor&& visit) {
    visit(View<model::LogicalUnit>{&snapshot, &unit, &unit.unit});
    for (const auto& group : unit.groups)
        visit(View<model::TargetPortGroup>{&snapshot, &unit, &group});
    for (const auto& path : unit.paths)
        visit(View<model::Path>{&snapshot, &unit, &path});
}

template <typename Visitor>
void for_each_outside_units(const model::Snapshot& snapshot, Visitor&& visit) {
    visit(View<model::Manager>{&snapshot, nullptr, &snapshot.manager});
    auto rows = [&](const auto& table) {
        for (const auto& row : model::rows(table))
            visit(View<std::decay_t<decltype(row)>>{&snapshot, nullptr, &row});
    };
    rows(snapshot.plugins);
    rows(snapshot.load_balances);
    rows(snapshot.products);
    rows(snapshot.initiator_ports);
    rows(snapshot.target_ports);
    rows(snapshot.disks);
}

} // namespace mpapi::publish
