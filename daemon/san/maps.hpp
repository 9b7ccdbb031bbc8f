// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What device-mapper makes of the paths, and what multipathd does about it. The rules are those of
// drivers/md/dm-mpath.c: a path that fails I/O is failed and counted, each failure, return and
// switch of the group raises an event, the next group is the first with a usable path. With
// [machine] multipathd the checker's part comes at once instead of at the next poll: unreachable
// paths are failed although no I/O went through them, reachable ones return, the best group is
// switched to, tables follow disks that come and go.
//
// The loop's thread only; no stripe may be held.
#pragma once

#include "common/dm/multipath_table.hpp"
#include "daemon/san/fabric.hpp"

#include <cstdint>
#include <string>

namespace mpapi::san {

// Makes the unit's map over all paths that have a disk; `name` empty: the name it had or was
// described with. Does nothing for a unit that has none by description and gets no name, and for
// one whose map exists.
void make_map(Fabric& fabric, std::uint32_t unit, const std::string& name = {});
void remove_map(Fabric& fabric, std::uint32_t map);

// After anything happened to the unit or its paths.
void review_map(Fabric& fabric, std::uint32_t unit);
// After multipathd was told to keep the unit's map otherwise (Map::upkeep, Path::disabled) so that
// it takes another table.
void reload_map(Fabric& fabric, std::uint32_t unit);

// I/O through the map: tries the paths of the group in use, then other groups, as dm-mpath does.
void send_map_io(Fabric& fabric, std::uint32_t map);

// Something of the map is to be told; with `event` device-mapper counts one.
void tell_map(Fabric& fabric, std::uint32_t map, bool event);

// As it would be loaded again, without the group in use.
dm::MultipathTable map_table(const Fabric& fabric, std::uint32_t map);
daemon::MapFacts map_facts(const Fabric& fabric, std::uint32_t map);

} // namespace mpapi::san
