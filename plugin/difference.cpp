// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/difference.hpp"

#include "plugin/properties.hpp"

#include <algorithm>
#include <cstring>

namespace mpapi::plugin {

namespace {

void add_all(std::vector<ObjectRef>& refs, const flat::Reader& snapshot) {
    for (const MP_OBJECT_TYPE type : kObjectTypes)
        for (const Sequence sequence : all_of(snapshot, type))
            refs.push_back({type, sequence});
}

template <typename Properties>
bool differs(const flat::Reader& before, const flat::Reader& after, Sequence sequence) {
    constexpr MP_UINT32 any_owner = 1; // the same in both
    Properties old_ones{}, new_ones{};
    return describe(before, any_owner, sequence, old_ones) &&
           describe(after, any_owner, sequence, new_ones) &&
           // What lies between members is zero: describe() writes every byte.
           // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
           std::memcmp(&old_ones, &new_ones, sizeof old_ones) != 0;
}

bool differs(const flat::Reader& before, const flat::Reader& after, const ObjectRef& object) {
    switch (object.type) {
    case MP_OBJECT_TYPE_INITIATOR_PORT:
        return differs<MP_INITIATOR_PORT_PROPERTIES>(before, after, object.sequence);
    case MP_OBJECT_TYPE_TARGET_PORT:
        return differs<MP_TARGET_PORT_PROPERTIES>(before, after, object.sequence);
    case MP_OBJECT_TYPE_MULTIPATH_LU:
        return differs<MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES>(before, after, object.sequence);
    case MP_OBJECT_TYPE_PATH_LU:
        return differs<MP_PATH_LOGICAL_UNIT_PROPERTIES>(before, after, object.sequence);
    case MP_OBJECT_TYPE_DEVICE_PRODUCT:
        return differs<MP_DEVICE_PRODUCT_PROPERTIES>(before, after, object.sequence);
    case MP_OBJECT_TYPE_TARGET_PORT_GROUP:
        return differs<MP_TARGET_PORT_GROUP_PROPERTIES>(before, after, object.sequence);
    case MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE:
        return differs<MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES>(before, after, object.sequence);
    default:
        return false;
    }
}

} // namespace

Difference difference(const flat::Reader* before, const flat::Reader& after,
                      std::optional<std::vector<ObjectRef>> candidates) {
    std::vector<ObjectRef> refs;
    if (candidates) {
        refs = std::move(*candidates);
    } else {
        if (before) add_all(refs, *before);
        add_all(refs, after);
    }
    std::sort(refs.begin(), refs.end());
    refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
    Difference found;
    for (const ObjectRef& ref : refs) {
        const bool was = before && exists(*before, ref.type, ref.sequence);
        const bool is = exists(after, ref.type, ref.sequence);
        if (is && !was) found.appeared[ref.type].push_back(ref.sequence);
        if (was && !is) found.vanished[ref.type].push_back(ref.sequence);
        if (was && is && differs(*before, after, ref))
            found.changed[ref.type].push_back(ref.sequence);
    }
    return found;
}

} // namespace mpapi::plugin
