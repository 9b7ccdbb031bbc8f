// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where an object of a snapshot is on the bus, as the daemon makes the paths.
#pragma once

#include "common/flat/reader.hpp"

#include <string>

namespace mpapi::plugin {

// Of the one plugin, empty where the snapshot has none.
std::string plugin_path(const flat::Reader& snapshot);
std::string object_path(const flat::UnitView& unit);
std::string object_path(const flat::GroupView& group);
std::string object_path(const flat::Reader& snapshot, const flat::PathView& path);
std::string load_balance_path(const flat::Reader& snapshot, const flat::LoadBalance& algorithm);

} // namespace mpapi::plugin
