// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/changes.hpp"

#include "daemon/publish/view.hpp"

#include <algorithm>

namespace mpapi::publish {

const char* name_of(ChangeKind kind) {
    switch (kind) {
    case ChangeKind::Added:
        return "added";
    case ChangeKind::Removed:
        return "removed";
    case ChangeKind::Changed:
        break;
    }
    return "changed";
}

void Changes::record(std::uint64_t generation, const std::vector<model::Event>& events) {
    generation_ = generation;
    if (events.size() > kept_) {
        ring_.clear();
        complete_since_ = generation;
        return;
    }
    for (const auto& event : events) {
        std::visit(
            [&](const auto& change) {
                using T = std::remove_cvref_t<decltype(change.either())>;
                const auto kind = !change.before  ? ChangeKind::Added
                                  : !change.after ? ChangeKind::Removed
                                                  : ChangeKind::Changed;
                ring_.push_back({generation, kind, {type_of<T>, change.either().id}});
            },
            event);
    }
    while (ring_.size() > kept_) {
        complete_since_ = ring_.front().generation;
        ring_.pop_front();
    }
    // A generation of which a part was forgotten is no longer known.
    while (!ring_.empty() && ring_.front().generation <= complete_since_)
        ring_.pop_front();
}

void Changes::for_each_after(std::uint64_t since,
                             const std::function<void(const Change&)>& visit) const {
    auto at = std::upper_bound(
        ring_.begin(), ring_.end(), since,
        [](std::uint64_t wanted, const Change& change) { return wanted < change.generation; });
    for (; at != ring_.end(); ++at)
        visit(*at);
}

} // namespace mpapi::publish
