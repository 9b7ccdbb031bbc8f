// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/unit_table.hpp"

#include <algorithm>

namespace mpapi::model {

namespace {

template <typename T>
const T* find_by_id(const std::vector<T>& sorted, Sequence id) {
    auto at = std::lower_bound(sorted.begin(), sorted.end(), id,
                               [](const T& value, Sequence wanted) { return value.id < wanted; });
    return at != sorted.end() && at->id == id ? &*at : nullptr;
}

} // namespace

const Path* Unit::path(Sequence id) const {
    return find_by_id(paths, id);
}

const TargetPortGroup* Unit::group(Sequence id) const {
    return find_by_id(groups, id);
}

const TargetPortGroup* Unit::group_numbered(std::uint16_t number) const {
    auto at = std::find_if(groups.begin(), groups.end(),
                           [number](const TargetPortGroup& g) { return g.number == number; });
    return at == groups.end() ? nullptr : &*at;
}

} // namespace mpapi::model
