// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether a change has come true: what multipathd says it has loaded, and what the tables of the
// kernel say, held against what is wanted. Only what is another than before is looked at: what was
// not true already is not the fault of this change. Pure functions.
#pragma once

#include "common/model/snapshot.hpp"
#include "common/multipath_conf/parser.hpp"
#include "daemon/paths/intents.hpp"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::multipathd {

// The revision of our file (drop_in.hpp) that "show config" tells of; empty: none.
std::string loaded_revision(const multipath_conf::ConfFile& shown);

// What is loaded instead of what is wanted, and which line of which file says so; empty where all
// is as it shall be. `files` in the order in which multipathd reads them.
std::string contradiction(const paths::Intents& before, const paths::Intents& wanted,
                          const multipath_conf::ConfFile& shown,
                          std::span<const multipath_conf::ConfFile> files);

// A path by its lasting name, as the model has it now.
struct Located {
    std::string device; // "sdc"
    std::string map;    // the name of the map whose table has it; empty: in none
    // That map has no path but those that are looked for.
    bool alone = false;
    bool gone = false;  // its device, from under the table
    bool works = false; // one can be surprised when multipathd does not take it
};

// Those of `names` that exist.
std::map<paths::PathName, Located> locate(const model::Snapshot& now,
                                          const std::set<paths::PathName>& names);

// Disks that udev still takes for disabled, and that are not in `disabled`.
std::set<paths::PathName> left_disabled(const model::Snapshot& now,
                                        const std::set<paths::PathName>& disabled);

// Units by their keys; those of `keys` that exist.
std::map<std::string, const model::Unit*> units_of(const model::Snapshot& now,
                                                   const std::set<std::string>& keys);

// The unit's path of that name, or null.
const model::Path* path_named(const model::Snapshot& now, const model::Unit& unit,
                              const paths::PathName& name);

// Keys of the units that `wanted` says something else of than `before`.
std::set<std::string> changed_units(const paths::Intents& before, const paths::Intents& wanted);

// What a map's table has instead of what is wanted of its unit; empty where all is as it shall be.
// Which group is in use is not looked at: see overrides.hpp.
std::string table_contradiction(const model::Snapshot& now, const model::Unit& unit,
                                const paths::UnitIntent& wanted);

} // namespace mpapi::multipathd
