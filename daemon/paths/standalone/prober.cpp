// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/prober.hpp"

#include "daemon/paths/standalone/group_choice.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mpapi::standalone {

namespace {

std::string message(const char* verb, const model::Path& path) {
    return std::string(verb) + " " + std::to_string(path.number.major) + ":" +
           std::to_string(path.number.minor);
}

} // namespace

daemon::RefreshSchedule& Prober::schedule(std::chrono::seconds rate) {
    return schedules_.try_emplace(rate, rate, rate).first->second;
}

void Prober::look(model::Sequence id, const model::Unit* unit) {
    const auto known = rates_.find(id);
    std::chrono::seconds rate{0};
    if (unit)
        if (const Policy policy = around_.policy(*unit); policy.on) rate = policy.rate;
    if (known != rates_.end()) {
        if (known->second == rate) return;
        schedule(known->second).forget(id);
        rates_.erase(known);
    }
    if (rate.count() == 0) return;
    rates_[id] = rate;
    schedule(rate).active(id, around_.now());
}

bool Prober::wanted(const model::Unit& unit, const model::Path& path) const {
    // A device that is blocked holds commands back until its transport is given up.
    return path.priority_group != 0 && path.state != model::PathState::Removed &&
           path.device_state != model::DeviceState::Blocked &&
           path.device_state != model::DeviceState::Quiesced && !path.device.empty() &&
           !around_.disabled(unit, path);
}

void Prober::path_changed(const model::Unit& unit, const model::Path* before,
                          const model::Path& after) {
    const bool failed = !after.dm_active && (!before || before->dm_active);
    const bool changed =
        !before || failed || before->number != after.number ||
        before->device_state != after.device_state ||
        (before->priority_group == 0 && after.priority_group != 0) ||
        (before->state == model::PathState::Removed) != (after.state == model::PathState::Removed);
    if (!changed) return;
    const auto known = states_.find(after.id);
    if (failed && known != states_.end() && known->second.reinstated) {
        // It was said to work and does not carry I/O: more and more time until the next trial.
        known->second.reinstated.reset();
        back_off(known->second, around_.policy(unit));
        return;
    }
    urge(unit, after);
}

void Prober::path_gone(model::Sequence path) {
    const auto known = states_.find(path);
    if (known == states_.end()) return;
    const bool asking = known->second.asking; // then its answer takes it away
    known->second = State();
    known->second.asking = asking;
    drop_if_plain(path);
}

void Prober::group_changed(const model::Unit& unit, const model::TargetPortGroup* before,
                           const model::TargetPortGroup& after) {
    const bool carried = before && carries_io(rank(before->access_state, before->preferred));
    if (carried || !carries_io(rank(after.access_state, after.preferred))) return;
    for (const model::Path& path : unit.paths)
        if (!path.dm_active && path.group_known && path.target_port_group == after.number)
            urge(unit, path);
}

void Prober::urge(const model::Unit& unit, const model::Path& path) {
    if (!around_.policy(unit).on || !wanted(unit, path)) return;
    State& state = states_[path.id];
    state.again |= state.asking;
    line_up(unit, path);
    serve(path.address.host);
}

void Prober::probe(const model::Unit& unit) {
    const auto rate = around_.policy(unit).rate;
    for (const model::Path& path : unit.paths) {
        if (!wanted(unit, path)) continue;
        const auto known = states_.find(path.id);
        // Units come due up to a quarter early.
        if (known != states_.end() && known->second.failures > 0 &&
            around_.now() + rate / 4 < known->second.not_before)
            continue;
        line_up(unit, path);
        serve(path.address.host);
    }
}

void Prober::line_up(const model::Unit& unit, const model::Path& path) {
    State& state = states_[path.id];
    if (std::exchange(state.asking, true)) return;
    hosts_[path.address.host].waiting.push_back({unit.unit.id, path.id});
}

void Prober::serve(std::uint32_t number) {
    Host& host = hosts_[number];
    const auto snapshot = source_.snapshot();
    while (host.asked < kPerHost && !host.waiting.empty()) {
        const PathRef ref = host.waiting.front();
        host.waiting.pop_front();
        const model::Unit* unit = snapshot->units.find(ref.unit);
        const model::Path* path = unit ? unit->path(ref.path) : nullptr;
        if (!path || !around_.policy(*unit).on || !wanted(*unit, *path)) {
            states_[ref.path].asking = false;
            drop_if_plain(ref.path);
            continue;
        }
        ++host.asked;
        around_.ask(*path, [this, ref, number, device = path->number](Readiness found) {
            answered(ref, number, device, found);
        });
    }
    if (host.asked == 0 && host.waiting.empty()) hosts_.erase(number);
}

void Prober::answered(PathRef ref, std::uint32_t host, model::DeviceNumber number,
                      Readiness found) {
    State& state = states_[ref.path];
    const auto snapshot = source_.snapshot();
    const model::Unit* unit = snapshot->units.find(ref.unit);
    const model::Path* path = unit ? unit->path(ref.path) : nullptr;
    // What was said of another device, or before it was to be left alone, counts no more.
    const bool counts = path && path->number == number && wanted(*unit, *path);
    if (counts && found.attention) around_.attention(ref.unit);
    if (counts && found.answer == Answer::Ready && may_return(*unit, *path)) {
        --hosts_[host].asked; // that question is over
        around_.admit(*unit, *path,
                      [this, ref, number](const Status& status) { admitted(ref, number, status); });
        serve(host);
        return;
    }
    state.asking = false;
    const bool again = std::exchange(state.again, false);
    if (counts) {
        take(*unit, *path, state, found.answer);
        if (again) line_up(*unit, *path);
    }
    drop_if_plain(ref.path);
    --hosts_[host].asked;
    serve(host);
}

bool Prober::may_return(const model::Unit& unit, const model::Path& path) {
    return !path.dm_active && carries_io(rank(unit, path)) &&
           path.identity != model::Identity::Changed;
}

void Prober::admitted(PathRef ref, model::DeviceNumber number, const Status& admitted) {
    State& state = states_[ref.path];
    state.asking = false;
    const bool again = std::exchange(state.again, false);
    const auto snapshot = source_.snapshot();
    const model::Unit* unit = snapshot->units.find(ref.unit);
    const model::Path* path = unit ? unit->path(ref.path) : nullptr;
    if (path && path->number == number && wanted(*unit, *path)) {
        if (!admitted) {
            if (admitted.error().errnum != EAGAIN) back_off(state, around_.policy(*unit));
        } else if (may_return(*unit, *path) && around_.policy(*unit).on) {
            state.reinstated = around_.now();
            around_.tell(*unit, message("reinstate_path", *path));
        }
        if (again) {
            line_up(*unit, *path);
            serve(path->address.host);
        }
    }
    drop_if_plain(ref.path);
}

void Prober::take(const model::Unit& unit, const model::Path& path, State& state, Answer answer) {
    const auto now = around_.now();
    const Policy policy = around_.policy(unit);
    switch (answer) {
    case Answer::Ready:
        // Long enough to be believed.
        if (path.dm_active && state.reinstated && now - *state.reinstated >= longest(policy))
            state.reinstated.reset();
        if (!path.dm_active || !state.reinstated) state.failures = 0;
        return;
    case Answer::NoUnit:
        // A group that carries no I/O may hide its units.
        if (!carries_io(rank(unit, path))) return;
        [[fallthrough]];
    case Answer::Silent:
        back_off(state, policy);
        state.reinstated.reset();
        if (path.dm_active) around_.tell(unit, message("fail_path", path));
        return;
    case Answer::Waits:
    case Answer::Speaks:
        state.failures = 0;
        state.reinstated.reset();
        return;
    case Answer::NotAsked:
        return;
    }
}

std::chrono::seconds Prober::longest(const Policy& policy) {
    return std::max(policy.rate, std::min(policy.rate * 12, kLongest));
}

void Prober::back_off(State& state, const Policy& policy) {
    auto interval = policy.rate;
    for (unsigned i = 0; i < state.failures && interval < kLongest; ++i)
        interval *= 2;
    ++state.failures;
    state.not_before = around_.now() + std::min(interval, longest(policy));
}

void Prober::drop_if_plain(model::Sequence path) {
    const auto known = states_.find(path);
    if (known != states_.end() && known->second.plain()) states_.erase(known);
}

std::optional<Prober::Clock::time_point> Prober::next() const {
    std::optional<Clock::time_point> first;
    for (const auto& [rate, schedule] : schedules_)
        if (const auto due = schedule.next(); due && (!first || *due < *first)) first = due;
    return first;
}

void Prober::turn() {
    const auto now = around_.now();
    const auto snapshot = source_.snapshot();
    for (auto& [rate, schedule] : schedules_)
        for (const model::Sequence id : schedule.take_due(now, kSlice)) {
            const model::Unit* unit = snapshot->units.find(id);
            if (!unit) continue;
            probe(*unit);
            schedule.active(id, now);
        }
}

} // namespace mpapi::standalone
