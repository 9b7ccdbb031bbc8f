// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table that a map should have. A pure function of the one it has and of what is asked for;
// asked again with its own result it has nothing to do.
//
// Paths are arranged in three steps, each of which the one before it survives:
//   1. The grouping they had before anybody asked for anything: `groups`, where it was kept, else
//      the table's own. A path that is nowhere in it joins the group whose paths are in its target
//      port group; where each path has a group of its own, it gets one, too; else the only group.
//   2. Weights divide each group: the paths of the highest weight come first, the others wait
//      behind them as groups of their own ("the driver actively uses all available paths having the
//      highest weight", ISO/IEC 11002 weight). Groups then stand in the order of their access
//      state, and of their weight among equals: a dm group is used only when none before it can be.
//   3. The override path stands alone in front of all groups.
// Features, hardware handler and a path's own selector words stay what they are.
#pragma once

#include "common/dm/multipath_table.hpp"
#include "common/model/values.hpp"
#include "daemon/paths/intents.hpp"
#include "daemon/paths/outcome.hpp"
#include "daemon/paths/selectors.hpp"
#include "daemon/paths/standalone/group_choice.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace mpapi::standalone {

using Grouping = std::vector<std::vector<paths::PathName>>;

// A path that the table names, or one that is to be in it: the caller knows why.
struct PlannedPath {
    paths::PathName name;
    model::DeviceNumber number;
    bool gone = false;   // its device is
    bool usable = false; // I/O would be carried out now
    std::optional<std::uint16_t> port_group = std::nullopt;
    Rank rank = kUnknownRank;
};

struct Wanted {
    std::optional<paths::Selector> selector; // nothing: as it is
    std::optional<paths::PathName> override_path;
    std::map<paths::PathName, std::uint32_t> weights; // 1 where there is none
    Grouping groups;                                  // before the first rearranging; empty: as now
    const std::set<paths::PathName>* disabled = nullptr; // null: none
    // Devices that are gone keep their place for when they come back. A kernel may refuse to load
    // a table with them; then the map has to do without.
    bool leave_out_gone = false;
};

struct Unchanged {};
using TablePlan = std::variant<Unchanged, dm::MultipathTable, paths::Refused>;

// Where two of `paths` have one name, one of them gone and in the table and the other not in it,
// the latter takes the former's place.
TablePlan plan_table(const dm::MultipathTable& table, const std::vector<PlannedPath>& paths,
                     const Wanted& wanted);

// How the table groups its paths, by name; paths without one are left out.
Grouping grouping_of(const dm::MultipathTable& table, const std::vector<PlannedPath>& paths);

// Whether the two differ only in the group to begin with, which the kernel changes as it goes.
bool same_but_initial_group(const dm::MultipathTable& a, const dm::MultipathTable& b);

} // namespace mpapi::standalone
