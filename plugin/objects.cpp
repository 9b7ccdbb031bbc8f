// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/objects.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace mpapi::plugin {

namespace {

template <typename Record>
Sequences ids_of(std::span<const Record> records) {
    Sequences ids;
    ids.reserve(records.size());
    for (const Record& record : records)
        ids.push_back(record.id);
    return ids;
}

template <typename Visitor>
void for_each_path(const flat::Reader& snapshot, Visitor visit) {
    snapshot.for_each_unit([&](const flat::UnitView& view) {
        for (const flat::Path& path : view.section.paths_of(*view.unit))
            visit(path);
    });
}

Sequences paths_through(const flat::Reader& snapshot, flat::U64 flat::Path::*port, Sequence id) {
    Sequences ids;
    for_each_path(snapshot, [&](const flat::Path& path) {
        if (path.*port == id) ids.push_back(path.id);
    });
    std::sort(ids.begin(), ids.end());
    return ids;
}

bool is_proprietary(const flat::LoadBalance& algorithm) {
    return (algorithm.type & kProprietaryTypes) != 0;
}

} // namespace

MP_UINT32 supported_load_balance_types(const flat::SectionView& common) {
    MP_UINT32 types = MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY;
    for (const flat::LoadBalance& algorithm : common.load_balances())
        types |= algorithm.type;
    return types;
}

MP_OID oid_of(MP_OBJECT_TYPE type, MP_UINT32 owner, Sequence sequence) {
    return {type, owner, sequence};
}

bool exists(const flat::Reader& snapshot, MP_OBJECT_TYPE type, Sequence sequence) {
    const flat::SectionView common = snapshot.common();
    switch (type) {
    case MP_OBJECT_TYPE_INITIATOR_PORT:
        return flat::find(common.initiator_ports(), sequence) != nullptr;
    case MP_OBJECT_TYPE_TARGET_PORT:
        return flat::find(common.target_ports(), sequence) != nullptr;
    case MP_OBJECT_TYPE_MULTIPATH_LU:
        return snapshot.find_unit(sequence).has_value();
    case MP_OBJECT_TYPE_PATH_LU:
        return snapshot.find_path(sequence).has_value();
    case MP_OBJECT_TYPE_DEVICE_PRODUCT:
        return flat::find(common.products(), sequence) != nullptr;
    case MP_OBJECT_TYPE_TARGET_PORT_GROUP:
        return snapshot.find_group(sequence).has_value();
    case MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE: {
        const auto* algorithm = flat::find(common.load_balances(), sequence);
        return algorithm != nullptr && is_proprietary(*algorithm);
    }
    default:
        return false;
    }
}

Sequences all_of(const flat::Reader& snapshot, MP_OBJECT_TYPE type) {
    const flat::SectionView common = snapshot.common();
    Sequences ids;
    switch (type) {
    case MP_OBJECT_TYPE_INITIATOR_PORT:
        return ids_of(common.initiator_ports());
    case MP_OBJECT_TYPE_TARGET_PORT:
        return ids_of(common.target_ports());
    case MP_OBJECT_TYPE_DEVICE_PRODUCT:
        return ids_of(common.products());
    case MP_OBJECT_TYPE_MULTIPATH_LU:
        snapshot.for_each_unit([&](const flat::UnitView& view) { ids.push_back(view.unit->id); });
        return ids;
    case MP_OBJECT_TYPE_PATH_LU:
        for_each_path(snapshot, [&](const flat::Path& path) { ids.push_back(path.id); });
        break;
    case MP_OBJECT_TYPE_TARGET_PORT_GROUP:
        snapshot.for_each_unit([&](const flat::UnitView& view) {
            for (const flat::TargetPortGroup& group : view.section.groups_of(*view.unit))
                ids.push_back(group.id);
        });
        break;
    case MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE:
        for (const flat::LoadBalance& algorithm : common.load_balances())
            if (is_proprietary(algorithm)) ids.push_back(algorithm.id);
        break;
    default:
        break;
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

Sequences units_of_product(const flat::Reader& snapshot, Sequence product) {
    Sequences ids;
    snapshot.for_each_unit([&](const flat::UnitView& view) {
        if (view.unit->product_id == product) ids.push_back(view.unit->id);
    });
    return ids;
}

Sequences paths_of_unit(const flat::UnitView& unit) {
    return ids_of(unit.section.paths_of(*unit.unit));
}

Sequences paths_of_initiator_port(const flat::Reader& snapshot, Sequence port) {
    return paths_through(snapshot, &flat::Path::initiator_port, port);
}

Sequences paths_of_target_port(const flat::Reader& snapshot, Sequence port) {
    return paths_through(snapshot, &flat::Path::target_port, port);
}

Sequences groups_of_unit(const flat::UnitView& unit) {
    return ids_of(unit.section.groups_of(*unit.unit));
}

Sequences target_ports_of_group(const flat::GroupView& group) {
    const auto ports = group.of.section.numbers(group.group->target_ports);
    return {ports.begin(), ports.end()};
}

MP_OID_LIST* new_list(MP_OBJECT_TYPE type, MP_UINT32 owner, std::span<const Sequence> sequences) {
    const std::size_t places = std::max<std::size_t>(sequences.size(), 1);
    auto* list = static_cast<MP_OID_LIST*>(
        std::calloc(1, offsetof(MP_OID_LIST, oids) + places * sizeof(MP_OID)));
    if (list == nullptr) return nullptr;
    list->oidCount = static_cast<MP_UINT32>(sequences.size());
    MP_OID* const oids = list->oids;
    for (std::size_t at = 0; at < sequences.size(); ++at)
        oids[at] = oid_of(type, owner, sequences[at]);
    return list;
}

} // namespace mpapi::plugin
