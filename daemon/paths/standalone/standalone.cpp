// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Standalone, the part that answers: what it can do, whether it can do this, what is in force.
#include "daemon/paths/standalone/standalone.hpp"

#include "common/system/clock.hpp"
#include "daemon/paths/requests.hpp"
#include "daemon/paths/selectors.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::standalone {

using paths::Intents;
using paths::PathName;
using paths::Refusal;
using paths::Refused;
using paths::Settings;

namespace {

constexpr std::uint32_t kHighestWeight = 255;
constexpr std::uint32_t kLongestRate = 3600; // seconds
constexpr std::uint32_t kFailbackRate = 0;   // at once
constexpr std::uint32_t kProbingRate = 5;

const Settings kNone;

const Settings& own_settings(const Intents& intents, const std::string& unit_key) {
    const auto known = intents.units.find(unit_key);
    return known == intents.units.end() ? kNone : known->second.settings;
}

model::Switch to_switch(bool on) {
    return on ? model::Switch::On : model::Switch::Off;
}

model::Upkeep upkeep_of(const Settings& own, const Settings& everywhere) {
    const auto either = [](const auto& a, const auto& b, auto fallback) {
        return a ? *a : b.value_or(fallback);
    };
    model::Upkeep upkeep;
    upkeep.auto_failback = to_switch(either(own.auto_failback, everywhere.auto_failback, true));
    upkeep.failback_rate = either(own.failback_rate, everywhere.failback_rate, kFailbackRate);
    upkeep.auto_probing = to_switch(either(own.auto_probing, everywhere.auto_probing, true));
    upkeep.probing_rate = either(own.probing_rate, everywhere.probing_rate, kProbingRate);
    return upkeep;
}

std::optional<Refused> check_settings(const Settings& wanted, const model::Snapshot& snapshot) {
    for (const auto& rate : {wanted.failback_rate, wanted.probing_rate})
        if (rate && *rate > kLongestRate)
            return Refused{Refusal::InvalidParameter, "A rate of " + std::to_string(*rate) +
                                                          " s is over the limit of " +
                                                          std::to_string(kLongestRate) + " s."};
    if (!wanted.selector) return std::nullopt;
    const std::string name = wanted.selector->substr(0, wanted.selector->find(' '));
    const bool loadable = std::any_of(
        snapshot.plugins->begin(), snapshot.plugins->end(), [&](const model::Plugin& plugin) {
            return std::find(plugin.load_balance.begin(), plugin.load_balance.end(), name) !=
                   plugin.load_balance.end();
        });
    if (!loadable)
        return Refused{Refusal::InvalidParameter,
                       "This kernel has no path selector \"" + name + "\"."};
    return paths::unfit_selector(*wanted.selector);
}

// I/O gets to the unit through it, if need be after the map made the array move the unit.
bool leads_to_unit(const model::Unit& unit, const model::Path& path) {
    if (usable(unit, path)) return true;
    const model::TargetPortGroup* group = port_group(unit, path);
    return path.priority_group != 0 && path.dm_active && path.state == model::PathState::Okay &&
           path.identity != model::Identity::Changed && group && group->explicit_failover &&
           group->access_state == model::AccessState::Standby;
}

std::optional<Refused> check_override(const model::Snapshot& snapshot, const model::Unit& unit,
                                      const PathName& wanted, const Intents& intents) {
    if (intents.disabled.count(wanted) != 0)
        return Refused{Refusal::PathNonoperational, "The path is disabled."};
    for (const model::Path& path : unit.paths) {
        if (paths::path_name(snapshot, unit, path) != wanted) continue;
        if (leads_to_unit(unit, path)) return std::nullopt;
        return Refused{Refusal::PathNonoperational,
                       path.device + " cannot carry I/O of " + unit.unit.name + " now."};
    }
    return Refused{Refusal::ObjectNotFound, "The path is none of " + unit.unit.name + " any more."};
}

bool names_all(const Grouping& grouping, const Grouping& of) {
    std::set<PathName> names;
    for (const auto& group : grouping)
        names.insert(group.begin(), group.end());
    return std::all_of(of.begin(), of.end(), [&](const auto& group) {
        return std::all_of(group.begin(), group.end(),
                           [&](const PathName& name) { return names.count(name) != 0; });
    });
}

} // namespace

Standalone::Standalone(Surroundings surroundings)
  : around_(std::move(surroundings)) {}

void Standalone::watch() {
    Prober::Surroundings probing;
    probing.policy = [this](const model::Unit& unit) { return this->probing(unit); };
    probing.disabled = [this](const model::Unit& unit, const model::Path& path) {
        if (path.disabled || !any_disabled(in_force_, unit.unit)) return path.disabled;
        const auto name = paths::path_name(*around_.model.snapshot(), unit, path);
        return name && in_force_.disabled.count(*name) != 0;
    };
    probing.ask = [this](const model::Path& path, std::function<void(Readiness)> answered) {
        around_.workers.submit(std::make_shared<ReadinessJob>(
            around_.hardware, path.device, path.number, path.address.host, around_.command_timeout,
            [right = std::weak_ptr(right_), answered = std::move(answered)](Readiness found) {
                if (!right.expired()) answered(found);
            }));
    };
    const auto tell = [this](const model::Unit& unit, const std::string& message) {
        this->tell(unit, message);
    };
    probing.tell = tell;
    probing.attention = [this](model::Sequence unit) { around_.model.refresh(unit); };
    probing.now = around_.now;
    probing.admit = [this](const model::Unit& unit, const model::Path& path,
                           std::function<void(Status)> answered) {
        around_.admit(
            {unit.unit.id,
             paths::path_name(*around_.model.snapshot(), unit, path).value_or(PathName()),
             {path.device, path.number, path.address.host, unit.unit.unit_name}},
            [right = std::weak_ptr(right_), answered = std::move(answered)](Status admitted) {
                if (!right.expired()) answered(std::move(admitted));
            });
    };
    prober_.emplace(around_.model, std::move(probing));
    failback_.emplace(
        around_.model, [this](const model::Unit& unit) { return failing_back(unit); }, tell);
}

Status Standalone::start() {
    sd_event_source* timer = nullptr;
    const auto due = [](sd_event_source*, std::uint64_t, void* self) {
        auto* const manager = static_cast<Standalone*>(self);
        manager->turn();
        manager->arm();
        return 0;
    };
    const int r = sd_event_add_time(around_.loop, &timer, CLOCK_MONOTONIC, 0, 1, due, this);
    if (r < 0) return Error{"create", "timer", "", -r};
    timer_.reset(timer);
    sd_event_source_set_enabled(timer, SD_EVENT_OFF);
    return Done{};
}

void Standalone::arm() {
    if (!timer_) return;
    const auto due = next();
    if (due) sd_event_source_set_time(timer_.get(), to_usec(*due));
    sd_event_source_set_enabled(timer_.get(), due ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

model::Capabilities Standalone::capabilities() const {
    model::Capabilities all;
    all.set_access_states = true;
    all.override_paths = true;
    all.disable_paths = true;
    all.maximum_weight = kHighestWeight;
    all.load_balance = model::SettingSupport::Both;
    all.auto_failback = model::SettingSupport::Both;
    all.failback_rate = model::SettingSupport::Both;
    all.failback_rate_max = kLongestRate;
    all.auto_probing = model::SettingSupport::Both;
    all.probing_rate = model::SettingSupport::Both;
    all.probing_rate_max = kLongestRate;
    return all;
}

// Where I/O would have nowhere to go.
std::optional<Refused> Standalone::check_disabling(const model::Snapshot& snapshot,
                                                   const model::Unit& unit, const Intents& before,
                                                   const Intents& wanted) {
    std::size_t in_table = 0, in_table_then = 0;
    std::size_t leading = 0, leading_then = 0;
    std::string taken;
    for (const model::Path& path : unit.paths) {
        if (path.priority_group == 0) continue;
        const auto name = paths::path_name(snapshot, unit, path);
        const bool stays = !name || wanted.disabled.count(*name) == 0;
        if (!stays && before.disabled.count(*name) == 0) taken = path.device;
        const bool leads = leads_to_unit(unit, path);
        ++in_table, leading += leads;
        in_table_then += stays, leading_then += stays && leads;
    }
    if (taken.empty()) return std::nullopt;
    if (unit.unit.suspended)
        return Refused{Refusal::TryAgain, unit.unit.name + " is suspended by somebody else."};
    if (in_table_then == 0 || (leading > 0 && leading_then == 0))
        return Refused{Refusal::NotPermitted,
                       taken + " is the last path of " + unit.unit.name + " that can be used."};
    return std::nullopt;
}

// Only what is new in `wanted`: what was let in before stays, whatever became of it.
std::optional<Refused> Standalone::check(const Intents& before, const Intents& wanted) const {
    const auto snapshot = around_.model.snapshot();
    if (!(wanted.everywhere == before.everywhere))
        if (auto refused = check_settings(wanted.everywhere, *snapshot)) return refused;
    static const paths::UnitIntent nothing;
    std::map<std::string, const paths::UnitIntent*> overridden;
    for (const auto& [key, intent] : wanted.units) {
        const auto known = before.units.find(key);
        const paths::UnitIntent& old = known == before.units.end() ? nothing : known->second;
        if (!(intent.settings == old.settings))
            if (auto refused = check_settings(intent.settings, *snapshot)) return refused;
        for (const auto& [name, weight] : intent.weights)
            if (weight > kHighestWeight)
                return Refused{Refusal::InvalidWeight, "A weight of " + std::to_string(weight) +
                                                           " is over the limit of " +
                                                           std::to_string(kHighestWeight) + "."};
        if (intent.override_path && intent.override_path != old.override_path)
            overridden[key] = &intent;
    }
    std::set<std::string> losing; // unit names
    for (const PathName& name : wanted.disabled)
        if (before.disabled.count(name) == 0) losing.insert(name.unit_name);
    if (losing.empty() && overridden.empty()) return std::nullopt;

    std::optional<Refused> refused;
    for (const model::Unit& unit : snapshot->units) {
        if (refused) break;
        if (losing.count(unit.unit.unit_name) != 0)
            refused = check_disabling(*snapshot, unit, before, wanted);
        const auto known = overridden.find(unit.unit.key);
        if (refused || known == overridden.end()) continue;
        refused = check_override(*snapshot, unit, *known->second->override_path, wanted);
        overridden.erase(known);
    }
    if (!refused && !overridden.empty())
        return Refused{Refusal::ObjectNotFound, "The logical unit is gone."};
    return refused;
}

bool Standalone::rearranges(const Intents& intents, const model::LogicalUnit& unit) const {
    const auto known = intents.units.find(unit.key);
    if (known != intents.units.end() &&
        (known->second.override_path || !known->second.weights.empty()))
        return true;
    return any_disabled(intents, unit);
}

bool Standalone::any_disabled(const Intents& intents, const model::LogicalUnit& unit) const {
    const auto disabled = intents.disabled.lower_bound({unit.unit_name, "", "", 0});
    return disabled != intents.disabled.end() && disabled->unit_name == unit.unit_name;
}

bool Standalone::anything_asked(const Intents& intents, const model::LogicalUnit& unit) const {
    return intents.everywhere.selector || intents.units.count(unit.key) != 0 ||
           rearranges(intents, unit);
}

// Groups are kept from the first rearranging on, and one change longer than the last: until then
// the table has to be brought back to them, whoever is killed meanwhile. They also name the paths
// that a table had to do without because their devices were gone, until it has them again.
Intents Standalone::completed(const Intents& before, Intents wanted) const {
    const auto snapshot = around_.model.snapshot();
    const auto gone = [](const model::Path& path) {
        return path.priority_group != 0 && path.state == model::PathState::Removed;
    };
    for (const model::Unit& unit : snapshot->units) {
        const auto known = wanted.units.find(unit.unit.key);
        const bool kept = known != wanted.units.end() && !known->second.groups.empty();
        const auto grouping = [&] {
            const auto table = table_of(unit);
            return table ? grouping_of(*table, planned_paths(*snapshot, unit, *table)) : Grouping();
        };
        if (rearranges(wanted, unit.unit) ||
            (anything_asked(wanted, unit.unit) &&
             std::any_of(unit.paths.begin(), unit.paths.end(), gone))) {
            if (kept) continue;
            // Empty where the table is not understood: then it will not be changed either.
            if (Grouping groups = grouping(); !groups.empty())
                wanted.units[unit.unit.key].groups = std::move(groups);
        } else if (rearranges(before, unit.unit)) {
            const auto old = before.units.find(unit.unit.key);
            if (!kept && old != before.units.end() && !old->second.groups.empty())
                wanted.units[unit.unit.key].groups = old->second.groups;
        } else if (kept && names_all(grouping(), known->second.groups)) {
            known->second.groups.clear();
        }
    }
    std::erase_if(wanted.units, [](const auto& unit) { return unit.second.empty(); });
    return wanted;
}

void Standalone::remove(const model::LogicalUnit& unit, paths::Ended ended) {
    const daemon::MapRef map{unit.number, unit.name, unit.uuid};
    around_.hardware.remove_map(map, [this, right = std::weak_ptr(right_), id = unit.id,
                                      name = unit.name,
                                      ended = std::move(ended)](const Status& status) {
        if (right.expired()) return;
        if (!status) {
            const int why = status.error().errnum;
            ended(Refused{why == EBUSY    ? Refusal::TryAgain
                          : why == ENODEV ? Refusal::ObjectNotFound
                                          : Refusal::Failed,
                          why == EBUSY ? name + " is in use." : status.error().message()});
            return;
        }
        if (!around_.model.snapshot()->units.find(id)) {
            ended(paths::Made());
            return;
        }
        removals_.push_back({id, around_.now() + around_.patience, ended});
        arm();
    });
}

model::Upkeep Standalone::upkeep(const model::LogicalUnit* unit) const {
    return upkeep_of(unit ? own_settings(in_force_, unit->key) : kNone, in_force_.everywhere);
}

std::string Standalone::default_selector() const {
    return in_force_.everywhere.selector.value_or("");
}

Prober::Policy Standalone::probing(const model::Unit& unit) const {
    const model::Upkeep upkeep = this->upkeep(&unit.unit);
    return {upkeep.auto_probing == model::Switch::On, std::chrono::seconds(upkeep.probing_rate)};
}

Failback::Policy Standalone::failing_back(const model::Unit& unit) const {
    const model::Upkeep upkeep = this->upkeep(&unit.unit);
    Failback::Policy policy{
        upkeep.auto_failback == model::Switch::On, std::chrono::seconds(upkeep.failback_rate), {}};
    const auto known = in_force_.units.find(unit.unit.key);
    if (known == in_force_.units.end()) return policy;
    const paths::UnitIntent& intent = known->second;
    if (!intent.override_path && intent.weights.empty()) return policy;
    const auto snapshot = around_.model.snapshot();
    for (const model::Path& path : unit.paths) {
        const auto name = paths::path_name(*snapshot, unit, path);
        if (!name) continue;
        if (intent.override_path == *name) policy.preferences.override_path = path.id;
        if (const auto weight = intent.weights.find(*name); weight != intent.weights.end())
            policy.preferences.weights[path.id] = weight->second;
    }
    return policy;
}

void Standalone::tell(const model::Unit& unit, const std::string& message) {
    around_.hardware.send_message(
        {unit.unit.number, unit.unit.name, unit.unit.uuid}, message,
        [notice = around_.notice, name = unit.unit.name, message](const Status& status) {
            // A map that is gone has nothing to be told.
            if (!status && status.error().errnum != ENODEV)
                notice(name + ": " + message + ": " + status.error().message());
        });
}

} // namespace mpapi::standalone
