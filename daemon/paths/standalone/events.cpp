// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Standalone, the part that follows the model: what happens to units and paths is told to prober
// and failback, and where it touches what somebody asked for the unit is planned again.
#include "daemon/paths/requests.hpp"
#include "daemon/paths/standalone/disk_name.hpp"
#include "daemon/paths/standalone/standalone.hpp"

#include <algorithm>

namespace mpapi::standalone {

using paths::PathName;

namespace {

// Two programs that each want a table their way must not keep a map busy with it, nor must a kernel
// that shows another table than the one that was loaded: each load doubles the wait for the next.
constexpr std::chrono::seconds kShortestWait{1};
constexpr std::chrono::seconds kLongestWait{60};

bool removed(const model::Path* path) {
    return path && path->state == model::PathState::Removed;
}

} // namespace

void Standalone::model_changed(const model::SnapshotPtr&, const model::SnapshotPtr& after,
                               const std::vector<model::Event>& events,
                               std::chrono::steady_clock::time_point) {
    if (!in_charge()) return;
    std::set<model::Sequence> changed;
    for (const model::Event& event : events) {
        if (const auto* unit = std::get_if<model::PartDifference<model::LogicalUnit>>(&event)) {
            changed.insert(unit->either().id);
            note_unit(*unit);
        } else if (const auto* path = std::get_if<model::PartDifference<model::Path>>(&event)) {
            changed.insert(path->unit().unit.id);
            note_path(*after, *path);
        } else if (const auto* group =
                       std::get_if<model::PartDifference<model::TargetPortGroup>>(&event)) {
            changed.insert(group->unit().unit.id);
            if (group->unit_after && group->after)
                prober_->group_changed(*group->unit_after, group->before, *group->after);
        } else if (const auto* disk = std::get_if<model::Difference<model::Disk>>(&event)) {
            if (disk->after) note_disk(*after, *disk->after);
        }
    }
    for (const model::Sequence unit : changed)
        failback_->look(unit, after->units.find(unit), around_.now());
    look_for_changes();
    arm();
}

void Standalone::name_unit(model::Sequence id, const model::LogicalUnit* before,
                           const model::LogicalUnit* after) {
    if (before && after && before->unit_name == after->unit_name) return;
    if (before)
        for (auto [at, last] = by_name_.equal_range(before->unit_name); at != last;)
            at = at->second == id ? by_name_.erase(at) : std::next(at);
    if (after && !after->unit_name.empty()) by_name_.emplace(after->unit_name, id);
}

void Standalone::note_unit(const model::PartDifference<model::LogicalUnit>& change) {
    const model::Sequence id = change.either().id;
    name_unit(id, change.before, change.after);
    if (!change.after) {
        prober_->look(id, nullptr);
        due_.erase(id);
        loads_.erase(id);
        std::erase_if(lost_, [id](const auto& lost) { return lost.second == id; });
        return;
    }
    if (!change.before) prober_->look(id, change.unit_after);
    if (!change.before || change.before->selector != change.after->selector ||
        change.before->unit_name != change.after->unit_name ||
        change.before->suspended != change.after->suspended)
        if (anything_asked(in_force_, *change.after)) attend_to(id);
}

void Standalone::note_path(const model::Snapshot& after,
                           const model::PartDifference<model::Path>& change) {
    const model::Unit* unit = change.unit_after;
    if (!unit) return; // the unit is gone with it
    if (!change.after) {
        prober_->path_gone(change.before->id);
    } else {
        prober_->path_changed(*unit, change.before, *change.after);
        if (change.after->priority_group != 0) {
            const auto name = paths::path_name(after, *unit, *change.after);
            if (name && !removed(change.after))
                lost_.erase(*name);
            else if (name && !removed(change.before))
                lost_[*name] = unit->unit.id;
        }
    }
    const auto place = [](const model::Path* path) {
        return path ? std::pair(path->priority_group, path->number)
                    : std::pair(0U, model::DeviceNumber());
    };
    if (place(change.before) != place(change.after) && anything_asked(in_force_, unit->unit))
        attend_to(unit->unit.id);
}

// One that a map had may be back.
void Standalone::note_disk(const model::Snapshot& after, const model::Disk& disk) {
    if (disk.unit_name.empty()) return;
    const PathName name = disk_path_name(after, disk);
    if (const auto known = lost_.find(name); known != lost_.end()) {
        attend_to(known->second);
        return;
    }
    const auto [first, last] = by_name_.equal_range(disk.unit_name);
    for (auto at = first; at != last; ++at) {
        const model::Sequence id = at->second;
        const model::Unit* unit = after.units.find(id);
        const auto known = unit ? in_force_.units.find(unit->unit.key) : in_force_.units.end();
        if (known == in_force_.units.end()) continue;
        const Grouping& groups = known->second.groups;
        if (std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
                return std::find(group.begin(), group.end(), name) != group.end();
            }))
            attend_to(id);
    }
}

void Standalone::attend_to(model::Sequence unit) {
    auto when = around_.now();
    if (const auto known = loads_.find(unit); known != loads_.end())
        when = std::max(when, known->second.when + known->second.wait);
    due_.try_emplace(unit, when);
}

void Standalone::note_load(model::Sequence unit) {
    const auto now = around_.now();
    const auto [known, first] = loads_.try_emplace(unit, Load{now, kShortestWait});
    if (first) return;
    const bool peace = now - known->second.when > 2 * kLongestWait;
    known->second = {now, peace ? kShortestWait : std::min(2 * known->second.wait, kLongestWait)};
}

std::optional<Standalone::Clock::time_point> Standalone::next() const {
    std::optional<Clock::time_point> first;
    const auto consider = [&](std::optional<Clock::time_point> due) {
        if (due && (!first || *due < *first)) first = due;
    };
    if (!operations_.empty()) {
        if (!under_way_)
            consider(around_.now());
        else if (operations_.front().deadline != Clock::time_point::max())
            consider(operations_.front().deadline);
    } else {
        for (const auto& [unit, when] : due_)
            consider(when);
    }
    for (const Removal& removal : removals_)
        consider(removal.deadline);
    if (!in_charge()) return first;
    consider(prober_->next());
    consider(failback_->next());
    return first;
}

void Standalone::turn() {
    const auto now = around_.now();
    look_for_changes();
    if (operations_.empty()) {
        Operation again;
        for (auto at = due_.begin(); at != due_.end();) {
            if (at->second > now) {
                ++at;
                continue;
            }
            again.units.insert(at->first);
            at = due_.erase(at);
        }
        if (!again.units.empty()) {
            again.before = again.wanted = in_force_;
            again.background = true;
            again.on_failure = TableChanges::OnFailure::GoOn;
            operations_.push_back(std::move(again));
        }
    }
    if (!under_way_ && !operations_.empty()) begin();
    if (!in_charge()) return;
    prober_->turn();
    failback_->turn(now);
}

} // namespace mpapi::standalone
