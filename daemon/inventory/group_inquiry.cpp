// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/group_inquiry.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::daemon {

namespace {

// A unit whose every path fails must not be asked a thousand times; the next refresh goes on.
constexpr std::size_t kMostFailures = 4;

} // namespace

GroupInquiry::GroupInquiry(const std::vector<Candidate>& candidates, ReportingSets expected)
  : expected_(std::move(expected)) {
    paths_.reserve(candidates.size());
    for (const auto& candidate : candidates)
        paths_.push_back({candidate, false, false});
}

bool GroupInquiry::covered(std::uint16_t group) const {
    return std::any_of(groups_.begin(), groups_.end(),
                       [group](const auto& told) { return told.number == group; });
}

// Whether a path that is being asked will tell of it, if it tells what it told last time.
bool GroupInquiry::awaited(std::uint16_t group) const {
    return std::any_of(paths_.begin(), paths_.end(), [&](const State& path) {
        if (!path.under_way || !path.candidate.group) return false;
        return std::any_of(expected_.begin(), expected_.end(), [&](const auto& set) {
            const auto has = [&set](std::uint16_t number) {
                return std::find(set.begin(), set.end(), number) != set.end();
            };
            return has(*path.candidate.group) && has(group);
        });
    });
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
        // While others are asked, only what they are known not to tell.
        const auto known = [&] {
            return group && std::any_of(expected_.begin(), expected_.end(), [&](const auto& set) {
                       return std::find(set.begin(), set.end(), *group) != set.end();
                   });
        };
        if (under_way_ > 0 && (!known() || awaited(*group))) continue;
        if (!failed_through(group)) {
            chosen = &path;
            break;
        }
        if (!chosen) chosen = &path;
    }
    if (!chosen) return std::nullopt;
    chosen->asked = chosen->under_way = true;
    ++under_way_;
    return chosen->candidate.path;
}

GroupInquiry::State* GroupInquiry::end_of(std::size_t path) {
    const auto asked = std::find_if(paths_.begin(), paths_.end(), [path](const State& state) {
        return state.under_way && state.candidate.path == path;
    });
    if (asked == paths_.end()) return nullptr;
    asked->under_way = false;
    --under_way_;
    return &*asked;
}

void GroupInquiry::answered(std::size_t path, const scsi::TargetPortGroups& answer) {
    const State* asked = end_of(path);
    if (!asked) return;
    ++answers_;
    auto& set = reported_.emplace_back();
    for (const auto& told : answer.groups)
        set.push_back(told.number);
    transition_time_ = std::max(transition_time_, answer.implicit_transition_time);
    for (const auto& told : answer.groups) {
        auto place = std::lower_bound(
            groups_.begin(), groups_.end(), told.number,
            [](const auto& group, std::uint16_t number) { return group.number < number; });
        if (place == groups_.end() || place->number != told.number)
            groups_.insert(place, told);
        else if (asked->candidate.group == told.number)
            *place = told;
    }
}

void GroupInquiry::failed(std::size_t path) {
    if (const State* asked = end_of(path)) failures_.push_back(asked->candidate.group);
}

} // namespace mpapi::daemon
