// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/overrides.hpp"

#include "common/system/clock.hpp"
#include "daemon/multipathd/proof.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace mpapi::multipathd {

namespace {

constexpr std::uint64_t timer_accuracy_us = 50'000;

// The key of the unit that an event is about and that still exists, or null.
const model::Unit* unit_of(const model::Event& event) {
    if (const auto* unit = std::get_if<model::PartDifference<model::LogicalUnit>>(&event))
        return unit->unit_after;
    if (const auto* path = std::get_if<model::PartDifference<model::Path>>(&event))
        return path->unit_after;
    return nullptr;
}

} // namespace

std::uint32_t group_to_switch_to(const model::Snapshot& now, const model::Unit& unit,
                                 const paths::PathName& override_path) {
    const model::Path* path = path_named(now, unit, override_path);
    if (path == nullptr || path->priority_group == 0 || !path->dm_active ||
        path->priority_group == unit.unit.current_group ||
        path->identity == model::Identity::Changed)
        return 0;
    const bool alone =
        std::none_of(unit.paths.begin(), unit.paths.end(), [&](const model::Path& other) {
            return other.id != path->id && other.priority_group == path->priority_group;
        });
    return alone ? path->priority_group : 0;
}

Overrides::Overrides(sd_event* loop, Switch switch_group, Pauses pauses)
  : loop_(loop)
  , switch_(std::move(switch_group))
  , pauses_(pauses) {}

void Overrides::set(const paths::Intents& intents, const model::SnapshotPtr& now) {
    std::map<std::string, Kept> kept;
    std::set<std::string> keys;
    for (const auto& [key, unit] : intents.units) {
        if (!unit.override_path) continue;
        const auto had = kept_.find(key);
        if (had != kept_.end() && had->second.path == *unit.override_path)
            kept[key] = had->second;
        else
            kept[key].path = *unit.override_path;
        keys.insert(key);
    }
    kept_ = std::move(kept);
    std::erase_if(due_, [&](const std::string& key) { return kept_.count(key) == 0; });
    now_ = now;
    for (const auto& [key, unit] : units_of(*now_, keys))
        look(kept_[key], *unit);
}

void Overrides::model_changed(const model::SnapshotPtr& after,
                              const std::vector<model::Event>& events) {
    if (kept_.empty()) return;
    now_ = after;
    std::set<const model::Unit*> seen;
    for (const model::Event& event : events) {
        const model::Unit* unit = unit_of(event);
        if (unit == nullptr || !seen.insert(unit).second) continue;
        if (const auto found = kept_.find(unit->unit.key); found != kept_.end())
            look(found->second, *unit);
    }
}

void Overrides::look(Kept& kept, const model::Unit& unit) {
    kept.unit = unit.unit.id;
    const std::uint32_t group = group_to_switch_to(*now_, unit, kept.path);
    if (group == 0) {
        due_.erase(unit.unit.key);
        return;
    }
    const auto now = Clock::now();
    if (now < kept.not_before) {
        due_.insert(unit.unit.key);
        arm();
        return;
    }
    // It stayed for long enough: what went wrong then is over.
    if (now > kept.not_before + pauses_.last) kept.pause = std::chrono::milliseconds(0);
    kept.pause = std::clamp(kept.pause * 2, pauses_.first, pauses_.last);
    kept.not_before = now + kept.pause;
    // Looked at once more then: nobody tells of a switch that did nothing.
    due_.insert(unit.unit.key);
    arm();
    switch_(unit.unit.name, group);
}

void Overrides::arm() {
    auto next = Clock::time_point::max();
    for (const std::string& key : due_)
        next = std::min(next, kept_[key].not_before);
    if (!timer_) {
        sd_event_source* source = nullptr;
        const auto on_time = [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<Overrides*>(self)->look_again();
            return 0;
        };
        if (sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, to_usec(next), timer_accuracy_us,
                              on_time, this) < 0)
            return;
        timer_.reset(source);
        return;
    }
    sd_event_source_set_time(timer_.get(), to_usec(next));
    sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
}

void Overrides::look_again() {
    const auto now = Clock::now();
    for (const std::string& key : std::set<std::string>(due_)) {
        Kept& kept = kept_[key];
        if (kept.not_before > now) continue;
        due_.erase(key);
        if (const model::Unit* unit = now_->units.find(kept.unit);
            unit != nullptr && unit->unit.key == key)
            look(kept, *unit);
    }
    if (!due_.empty()) arm();
}

} // namespace mpapi::multipathd
