// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the UUID of a device-mapper map says, and the encoding of map names.
//
// multipath-tools give a map the UUID "mpath-<wwid>", kpartx gives a partition on it
// "part<N>-mpath-<wwid>" (libmultipath/devmapper.c, kpartx/devmapper.c). The kernel itself knows no
// such rule: a map made by hand may have any UUID or none and is a multipath map by its target
// alone.
//
// libdevmapper encodes a character outside of [A-Za-z0-9#+-.:=@_] in a name or UUID as \xNN before
// the kernel sees it (dm_set_name_mangling_mode(3)); what the kernel holds is therefore decoded
// for display and encoded to find the node in /dev/mapper.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::dm {

struct MapUuid {
    std::string wwid;                       // "36001405..."; not empty
    std::optional<std::uint32_t> partition; // from 1; empty: the whole multipath map

    bool operator==(const MapUuid&) const = default;
};

// Empty if the UUID (in decoded form) is not of multipath-tools.
std::optional<MapUuid> parse_map_uuid(std::string_view uuid);

// "mpath-<wwid>" or "part<N>-mpath-<wwid>".
std::string build_map_uuid(const MapUuid& uuid);

// Decodes each \xNN; other backslashes and \x00 stay as they are.
std::string unmangle(std::string_view kernel_name);

// Encodes each character outside of the set above.
std::string mangle(std::string_view name);

} // namespace mpapi::dm
