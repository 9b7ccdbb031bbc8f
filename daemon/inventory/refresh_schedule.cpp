// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/refresh_schedule.hpp"

#include <algorithm>

namespace mpapi::daemon {

// Up to a quarter earlier, by a number that is the unit's own: the same unit is always moved alike.
std::chrono::milliseconds RefreshSchedule::spread(model::Sequence unit,
                                                  std::chrono::milliseconds interval) {
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15; // Fibonacci hashing spreads small numbers
    const auto part = static_cast<std::int64_t>((unit * golden) >> 54); // 0…1023
    return interval - interval * part / 4096;
}

RefreshSchedule::Clock::time_point RefreshSchedule::on_grid(Clock::time_point due,
                                                            std::chrono::milliseconds interval) {
    return due -
           due.time_since_epoch() % std::max<Clock::duration>(interval / 16, Clock::duration(1));
}

void RefreshSchedule::set_due(model::Sequence unit, Entry& entry,
                              std::optional<Clock::time_point> due) {
    if (entry.due) queue_.erase({*entry.due, unit});
    entry.due = due;
    if (due) queue_.insert({*due, unit});
}

void RefreshSchedule::active(model::Sequence unit, Clock::time_point now) {
    Entry& entry = units_[unit];
    entry.interval = shortest_;
    set_due(unit, entry, on_grid(now + spread(unit, shortest_), shortest_));
}

void RefreshSchedule::quiet(model::Sequence unit, Clock::time_point asked, Clock::time_point now) {
    Entry& entry = units_[unit];
    entry.interval = std::clamp(entry.interval * 2, shortest_, longest_);
    const auto wait = spread(unit, entry.interval);
    set_due(unit, entry, on_grid(std::max(asked + wait, now + wait / 2), entry.interval));
}

void RefreshSchedule::due_by(model::Sequence unit, Clock::time_point when) {
    Entry& entry = units_[unit];
    if (!entry.due || *entry.due > when) set_due(unit, entry, when);
}

void RefreshSchedule::forget(model::Sequence unit) {
    const auto known = units_.find(unit);
    if (known == units_.end()) return;
    set_due(unit, known->second, std::nullopt);
    units_.erase(known);
}

std::optional<RefreshSchedule::Clock::time_point> RefreshSchedule::next() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.begin()->first;
}

std::vector<model::Sequence> RefreshSchedule::take_due(Clock::time_point now, std::size_t most) {
    std::vector<model::Sequence> due;
    while (due.size() < most && !queue_.empty() && queue_.begin()->first <= now) {
        const model::Sequence unit = queue_.begin()->second;
        due.push_back(unit);
        set_due(unit, units_[unit], std::nullopt);
    }
    return due;
}

} // namespace mpapi::daemon
