// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/health.hpp"

#include <algorithm>

namespace mpapi::cli {
namespace {

bool takes_io(MP_ACCESS_STATE_TYPE state) {
    return state == MP_ACCESS_STATE_ACTIVE_OPTIMIZED ||
           state == MP_ACCESS_STATE_ACTIVE_NONOPTIMIZED || state == MP_ACCESS_STATE_ACTIVE;
}

std::size_t usable_paths(const UnitView& view) {
    return static_cast<std::size_t>(std::ranges::count_if(
        view.paths, [&](const PathView& each) { return usable(view, each.path); }));
}

} // namespace

bool usable(const UnitView& view, const Path& path) {
    if (path.path_state != MP_PATH_STATE_OKAY || path.disabled) return false;
    const GroupView* const in = view.group_of(path);
    return in == nullptr || in->group.access_state != MP_ACCESS_STATE_UNAVAILABLE;
}

Health health_of(const UnitView& view) {
    const std::size_t count = usable_paths(view);
    if (count == 0) return Health::Failed;
    const bool io = std::ranges::any_of(view.paths, [&](const PathView& each) {
        const GroupView* const in = view.group_of(each.path);
        return usable(view, each.path) && (in == nullptr || takes_io(in->group.access_state));
    });
    return count == view.paths.size() && io ? Health::Ok : Health::Degraded;
}

std::string_view name_of(Health health) {
    switch (health) {
    case Health::Ok:
        return "ok";
    case Health::Degraded:
        return "degraded";
    case Health::Failed:
        return "failed";
    }
    return "";
}

void Tally::add(const UnitView& view) {
    const Health health = health_of(view);
    ++units;
    ++(health == Health::Ok ? ok : health == Health::Degraded ? degraded : failed);
    paths += view.paths.size();
    usable_paths += cli::usable_paths(view);
}

} // namespace mpapi::cli
