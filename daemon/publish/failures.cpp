// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/failures.hpp"

namespace mpapi::publish {

namespace {

// The kernel counts failures of a path itself, and more than one may lie between two looks at it.
// A path that fails outside of its table (its device was set offline) is not counted there.
std::uint64_t failures_between(const model::Path& before, const model::Path& after) {
    if (after.fail_count > before.fail_count) return after.fail_count - before.fail_count;
    const bool failed = after.state != model::PathState::Okay &&
                        after.state != model::PathState::Unknown &&
                        after.state != model::PathState::Transitioning;
    return before.state == model::PathState::Okay && failed;
}

} // namespace

void Failures::record(const std::vector<model::Event>& events) {
    for (const auto& event : events) {
        const auto* change = std::get_if<model::PartDifference<model::Path>>(&event);
        if (!change) continue;
        if (!change->after) {
            paths_.erase(change->before->id);
        } else if (change->before) {
            const auto more = failures_between(*change->before, *change->after);
            if (more == 0) continue;
            paths_[change->after->id] += more;
            total_ += more;
        }
    }
}

} // namespace mpapi::publish
