// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a client has to be told between two snapshots: objects that are only in one of them, and
// those whose properties, the structures a client gets, are no longer the same. What the model
// knows beyond them (counters, times) is no event.
#pragma once

#include "plugin/objects.hpp"

#include <array>
#include <optional>
#include <vector>

namespace mpapi::plugin {

struct ObjectRef {
    MP_OBJECT_TYPE type = MP_OBJECT_TYPE_UNKNOWN;
    Sequence sequence = 0;
    auto operator<=>(const ObjectRef&) const = default;
};

using PerType = std::array<Sequences, MP_OBJECT_TYPE_MAX + 1>; // ascending

struct Difference {
    PerType appeared;
    PerType vanished;
    PerType changed;
};

// Object types in an order in which a reader can follow: what others refer to comes first. The
// plugin itself, which the snapshots do not tell alone, is not among them.
inline constexpr std::array kObjectTypes{
    MP_OBJECT_TYPE_INITIATOR_PORT, MP_OBJECT_TYPE_TARGET_PORT,
    MP_OBJECT_TYPE_DEVICE_PRODUCT, MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE,
    MP_OBJECT_TYPE_MULTIPATH_LU,   MP_OBJECT_TYPE_TARGET_PORT_GROUP,
    MP_OBJECT_TYPE_PATH_LU,
};

// Of these objects, in any order and however often, or of all there are. Without `before` nothing
// was there.
Difference difference(const flat::Reader* before, const flat::Reader& after,
                      std::optional<std::vector<ObjectRef>> candidates);

} // namespace mpapi::plugin
