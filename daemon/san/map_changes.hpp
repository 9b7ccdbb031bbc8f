// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Changes of a map as device-mapper takes them: messages to the multipath target, another table,
// removal. By the rules of drivers/md/dm-mpath.c (multipath_message(), multipath_ctr()), on a host
// with I/O under way: when the group in use can be used no more, another is in use at once.
//
// Deviations: a path is a disk of the map's unit and stands in a table once; the words of features
// stay as they were loaded.
//
// The loop's thread only; no stripe may be held. Errors are those of daemon::Hardware, and EINVAL
// where the kernel has that; then nothing has changed.
#pragma once

#include "common/result.hpp"
#include "daemon/san/fabric.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace mpapi::san {

// nullopt: there is no such map any more.
std::optional<std::uint32_t> find_map(const Fabric& fabric, const daemon::MapRef& map);

Status send_message(Fabric& fabric, std::uint32_t map, const std::string& message);
Status load_table(Fabric& fabric, std::uint32_t map, const std::string& table);
Status take_map_away(Fabric& fabric, std::uint32_t map);

} // namespace mpapi::san
