// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/map_book.hpp"

#include "common/dm/device_number.hpp"

namespace mpapi::kernel {

bool MapBook::present(const std::shared_ptr<const daemon::MapFacts>& map) {
    const auto found = maps_.find(map->number);
    if (found != maps_.end()) {
        const auto& before = *found->second;
        if (before == *map) return false;
        // Minor numbers are used again at once: a map removed and made between two looks.
        const bool another = before.uuid != map->uuid && !before.uuid.empty();
        if (another) gone(map->number);
    }
    maps_[map->number] = map;
    observer_.map_present(*map);
    return true;
}

void MapBook::gone(model::DeviceNumber number) {
    if (maps_.erase(number) != 0) observer_.map_gone(number);
}

std::vector<model::DeviceNumber> devices_in_status(std::string_view status) {
    std::vector<model::DeviceNumber> numbers;
    while (!status.empty()) {
        const auto end = status.find(' ');
        const auto word = status.substr(0, end);
        status = end == std::string_view::npos ? std::string_view() : status.substr(end + 1);
        if (const auto number = dm::parse_device_number(word))
            numbers.push_back({number->major, number->minor});
    }
    return numbers;
}

} // namespace mpapi::kernel
