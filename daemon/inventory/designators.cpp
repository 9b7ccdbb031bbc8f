// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/designators.hpp"

#include "daemon/inventory/records.hpp"

#include <algorithm>

namespace mpapi::daemon {

namespace {

// Sorted, each once. A path that is gone leads nowhere.
std::vector<std::string> designators_of(const MapRecord& map) {
    std::vector<std::string> all;
    if (!map.unit_name.empty()) all.push_back(map.unit_name);
    for (const DiskRecord* disk : map.disks) {
        if (!disk->present || !disk->identity) continue;
        const std::string& name = disk->identity->unit_name;
        if (!name.empty() && std::find(all.begin(), all.end(), name) == all.end())
            all.push_back(name);
    }
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace

std::vector<MapRecord*> Designators::update(MapRecord& map) {
    return replace(map, designators_of(map));
}

std::vector<MapRecord*> Designators::replace(MapRecord& map, std::vector<std::string> designators) {
    if (map.designators == designators) return {};
    const std::vector<std::string> before = std::exchange(map.designators, std::move(designators));
    // Of the others only one can be concerned by each designator: whoever was or is alone with it.
    std::vector<MapRecord*> others;
    for (const std::string& name : before) {
        if (std::binary_search(map.designators.begin(), map.designators.end(), name)) continue;
        auto& sharing = maps_[name];
        sharing.erase(&map);
        if (sharing.size() == 1) others.push_back(*sharing.begin());
        if (sharing.empty()) maps_.erase(name);
    }
    for (const std::string& name : map.designators) {
        auto& sharing = maps_[name];
        if (sharing.size() == 1 && *sharing.begin() != &map) others.push_back(*sharing.begin());
        sharing.insert(&map);
    }
    map.duplicate = shared(map);
    std::erase_if(others, [this](MapRecord* other) {
        const bool before_this = std::exchange(other->duplicate, shared(*other));
        return before_this == other->duplicate;
    });
    return others;
}

bool Designators::shared(const MapRecord& map) const {
    return std::any_of(map.designators.begin(), map.designators.end(),
                       [this](const std::string& name) { return maps_.at(name).size() > 1; });
}

} // namespace mpapi::daemon
