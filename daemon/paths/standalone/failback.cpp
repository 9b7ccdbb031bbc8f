// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/failback.hpp"

#include <algorithm>

namespace mpapi::standalone {

namespace {

// A switch that the kernel does not follow is not asked for again sooner.
constexpr std::chrono::seconds kBetweenSwitches{5};

bool override_usable(const model::Unit& unit, const Preferences& preferences) {
    const model::Path* path =
        preferences.override_path != 0 ? unit.path(preferences.override_path) : nullptr;
    return path && usable(unit, *path);
}

} // namespace

std::optional<std::uint32_t> Failback::better_group(const model::Unit& unit,
                                                    const Policy& policy) const {
    if (unit.unit.suspended || unit.unit.current_group == 0) return std::nullopt;
    if (!policy.on && !override_usable(unit, policy.preferences)) return std::nullopt;
    const auto best = best_group(unit, policy.preferences);
    return best && *best != unit.unit.current_group ? best : std::nullopt;
}

void Failback::set(model::Sequence unit, const Wait& wait) {
    forget(unit);
    waits_[unit] = wait;
    queue_.insert({wait.due, unit});
}

void Failback::forget(model::Sequence unit) {
    const auto known = waits_.find(unit);
    if (known == waits_.end()) return;
    queue_.erase({known->second.due, unit});
    waits_.erase(known);
}

void Failback::look(model::Sequence id, const model::Unit* unit, Clock::time_point now) {
    if (!unit) {
        forget(id);
        return;
    }
    const Policy policy = policy_(*unit);
    const auto better = better_group(*unit, policy);
    if (!better) {
        forget(id);
        return;
    }
    const bool at_once = override_usable(*unit, policy.preferences);
    const Clock::time_point due = at_once ? now : now + policy.rate;
    const auto known = waits_.find(id);
    if (known != waits_.end() && known->second.group == *better) {
        // It returned before; only a shorter wait than then is news.
        if (known->second.told || known->second.due <= due) return;
    }
    set(id, {*better, due});
}

std::optional<Failback::Clock::time_point> Failback::next() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.begin()->first;
}

void Failback::turn(Clock::time_point now) {
    const auto snapshot = source_.snapshot();
    while (!queue_.empty() && queue_.begin()->first <= now) {
        const model::Sequence id = queue_.begin()->second;
        const model::Unit* unit = snapshot->units.find(id);
        const auto better = unit ? better_group(*unit, policy_(*unit)) : std::nullopt;
        if (!better || *better != waits_.at(id).group) {
            forget(id);
            look(id, unit, now);
            continue;
        }
        const auto rate = std::max(policy_(*unit).rate, kBetweenSwitches);
        set(id, {*better, now + rate, true});
        tell_(*unit, "switch_group " + std::to_string(*better));
    }
}

} // namespace mpapi::standalone
