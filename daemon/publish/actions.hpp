// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kinds of change, each an action of polkit. polkit/org.mpapi.multipath1.policy declares these
// and no others.
#pragma once

namespace mpapi::publish::action {

inline constexpr char kManagePaths[] = "org.mpapi.multipath1.manage-paths";
inline constexpr char kManageGroups[] = "org.mpapi.multipath1.manage-groups";
inline constexpr char kManageSettings[] = "org.mpapi.multipath1.manage-settings";
inline constexpr char kRemove[] = "org.mpapi.multipath1.remove";
inline constexpr char kRefresh[] = "org.mpapi.multipath1.refresh";
inline constexpr char kDisk[] = "org.mpapi.multipath1.disk";

} // namespace mpapi::publish::action
