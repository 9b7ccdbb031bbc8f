// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/group_inquiry.hpp"

#include <algorithm>

namespace mpapi::daemon {

namespace {

// A unit whose every path fails must not be asked a thousand times; the next refresh goes on.
constexpr std::size_t kMostFailures = 4;

} // namespace

GroupInquiry::GroupInquiry(const std::vector<Candidate>& candidates) {
    paths_.reserve(candidates.size());
    for (const auto& candidate : candidates)
        paths_.push_back({candidate, false});
}

bool GroupInquiry::covered(std::uint16_t group) const {
    return std::any_of(groups_.begin(), groups_.end(),
                       [group](const auto& told) { return told.number == group; });
}

bool GroupInquiry::failed_through(const std::optional<std::uint16_t>& group) const {
    return std::find(failures_.begin(), failures_.end(), group) != failures_.end();
}

std::optional<std::size_t> GroupInquiry::next() {
    if (failures_.size() >= kMostFailures) return std::nullopt;
    State* chosen = nullptr;
    for (State& path : paths_) {
        if (path.asked) continue;
        const auto& group = path.candidate.group;
        // After an answer only what it left out is asked; a path of unknown group left out nothing.
        if (any_answer() && (!group || covered(*group))) continue;
        if (!failed_through(group)) {
            chosen = &path;
            break;
        }
        if (!chosen) chosen = &path;
    }
    if (!chosen) return std::nullopt;
    chosen->asked = true;
    asking_ = chosen->candidate.group;
    return chosen->candidate.path;
}

void GroupInquiry::answered(const scsi::TargetPortGroups& answer) {
    ++answers_;
    transition_time_ = std::max(transition_time_, answer.implicit_transition_time);
    for (const auto& told : answer.groups) {
        auto place = std::lower_bound(
            groups_.begin(), groups_.end(), told.number,
            [](const auto& group, std::uint16_t number) { return group.number < number; });
        if (place == groups_.end() || place->number != told.number)
            groups_.insert(place, told);
        else if (asking_ == told.number)
            *place = told;
    }
}

void GroupInquiry::failed() {
    failures_.push_back(asking_);
}

} // namespace mpapi::daemon
