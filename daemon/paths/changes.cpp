// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/changes.hpp"

#include <cerrno>
#include <utility>

namespace mpapi::paths {

namespace {

// The path that is to carry I/O, or not to, once the request is granted.
model::Sequence path_moved(const Target& target, const Request& request) {
    if (std::holds_alternative<EnablePath>(request) || std::holds_alternative<DisablePath>(request))
        return target.object.sequence;
    if (const auto* over = std::get_if<SetOverridePath>(&request)) return over->path;
    return 0;
}

} // namespace

Changes::Changes(const Means& means, const daemon::ModelSource& model, ChangeQueue& queue,
                 AccessStates& access_states, Removal removal)
  : means_(means)
  , model_(model)
  , queue_(queue)
  , access_states_(access_states)
  , removal_(std::move(removal)) {}

Changes::~Changes() {
    *alive_ = false;
}

void Changes::request(Target target, Request request, Ended ended) {
    const model::Sequence moved = queue_.manager() ? path_moved(target, request) : 0;
    const model::Sequence id =
        std::holds_alternative<SetOverridePath>(request) ? target.object.sequence : target.unit;
    const model::SnapshotPtr now = model_.snapshot();
    const model::Unit* unit = moved != 0 ? now->units.find(id) : nullptr;
    const model::Path* path = unit ? unit->path(moved) : nullptr;
    // What does not work is not asked: to disable it must not wait for it.
    if (!path || path->device.empty() || path->state != model::PathState::Okay ||
        unit->unit.unit_name.empty())
        return queue_.submit(target, std::move(request), std::move(ended));
    auto answered = [this, alive = alive_, target, request = std::move(request),
                     ended = std::move(ended)](Result<IdentityJob::Device> device) mutable {
        if (!*alive) return;
        if (!device && device.error().errnum == EXDEV)
            return ended(Refused{Refusal::Failed, "Could not " + device.error().message() + "."});
        // All I/O would go where no answer comes from, however long that takes to be found out.
        if (!device && std::holds_alternative<SetOverridePath>(request))
            return ended(Refused{Refusal::PathNonoperational,
                                 "The path does not answer: " + device.error().message() + "."});
        IdentityJob::Device held;
        if (device) held = *std::move(device);
        queue_.submit(
            target, std::move(request),
            [held, ended = std::move(ended)](Outcome outcome) { ended(std::move(outcome)); });
    };
    means_.workers.submit(std::make_shared<IdentityJob>(
        means_.hardware,
        Claimed{path->device, path->number, path->address.host, unit->unit.unit_name},
        means_.inquiry, std::move(answered)));
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
