// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which maps have to be read after the list of device-mapper was read again. One wake-up costs one
// list, and two more commands for each map that has news: not a look at every map.
//
// The list tells number, name and event number of each map. The event number grows with each event
// of the map's target (a path failed, came back, a group was switched to); it does not grow when a
// table is loaded or the map is suspended or resumed. Those come as uevents, and are asked for by
// number.
//
// Pure functions, any thread.
#pragma once

#include "daemon/hardware.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace mpapi::kernel {

struct ListedMap {
    model::DeviceNumber number;
    std::string name; // as the kernel holds it, mangled
    std::uint32_t event_number = 0;
    bool operator==(const ListedMap&) const = default;
};

enum class MapKind : std::uint8_t {
    Undecided, // made, but without a table yet; or its table could not be read
    Multipath,
    Other, // LVM, crypt, …: only another table could make it one of ours
};

struct KnownMap {
    std::string name;
    std::uint32_t event_number = 0;
    MapKind kind = MapKind::Undecided;
    std::shared_ptr<const daemon::MapFacts> facts{}; // as read last, of a multipath map
    bool operator==(const KnownMap&) const = default;
};

using KnownMaps = std::map<model::DeviceNumber, KnownMap>;

struct MapListNews {
    std::vector<model::DeviceNumber> to_read;
    std::vector<model::DeviceNumber> gone;
    bool operator==(const MapListNews&) const = default;
};

// `asked` are maps to be read whatever the list says of them. With `all`, so is each one that is or
// may be a multipath map.
MapListNews compare_map_lists(const KnownMaps& before, const std::vector<ListedMap>& now,
                              const std::set<model::DeviceNumber>& asked, bool all);

} // namespace mpapi::kernel
