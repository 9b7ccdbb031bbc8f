// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/changes.hpp"

namespace mpapi::paths {

void Changes::request(Target target, Request request, Ended ended) {
    queue_.submit(target, std::move(request), std::move(ended));
}

void Changes::set_access_states(model::Sequence unit, std::vector<GroupState> states, Ended ended) {
    if (!queue_.manager()) return ended(queue_.nobody());
    access_states_.set(unit, std::move(states), std::move(ended));
}

std::variant<std::string, Refused> Changes::remove(model::Sequence id, uid_t user,
                                                   std::chrono::microseconds wait) {
    if (!queue_.manager()) return queue_.nobody();
    const model::SnapshotPtr now = model_.snapshot();
    const model::Unit* unit = now->units.find(id);
    if (!unit) return Refused{Refusal::ObjectNotFound, "The logical unit is gone."};
    return removal_(unit->unit, user, wait);
}

} // namespace mpapi::paths
