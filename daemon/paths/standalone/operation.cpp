// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Standalone, the part that makes intents true: newcomers are asked who they are, and it is asked
// whether they may carry I/O, each touched unit is planned, tables that differ are loaded, and then
// the model has to show it.
#include "daemon/paths/requests.hpp"
#include "daemon/paths/standalone/disk_name.hpp"
#include "daemon/paths/standalone/standalone.hpp"

#include "common/dm/multipath_status.hpp"

#include <algorithm>
#include <cerrno>
#include <span>

namespace mpapi::standalone {

using paths::Intents;
using paths::PathName;
using paths::Refusal;
using paths::Refused;

namespace {

// A device that may not carry I/O yet is asked about again after that.
constexpr std::chrono::seconds kUntilAdmitted{5};

Refusal refusal_of(const Error& error) {
    switch (error.errnum) {
    case ENODEV:
        return Refusal::ObjectNotFound;
    case ETIMEDOUT:
        return Refusal::TimedOut;
    case EBUSY:
        return Refusal::TryAgain;
    default:
        return Refusal::Failed;
    }
}

const paths::UnitIntent& intent_of(const Intents& intents, const std::string& unit_key) {
    static const paths::UnitIntent nothing;
    const auto known = intents.units.find(unit_key);
    return known == intents.units.end() ? nothing : known->second;
}

std::vector<std::string> failed_devices(const std::string& status) {
    std::vector<std::string> failed;
    if (const auto told = dm::parse_multipath_status(status))
        for (const auto& group : told->groups)
            for (const auto& path : group.paths)
                if (path.state == dm::PathState::Failed) failed.push_back(path.device);
    return failed;
}

// Whether the model has the table.
bool shows(const model::Unit& unit, const dm::MultipathTable& table) {
    std::map<model::DeviceNumber, std::uint32_t> groups;
    for (const model::Path& path : unit.paths)
        if (path.priority_group != 0) groups[path.number] = path.priority_group;
    std::size_t count = 0;
    for (std::size_t g = 0; g < table.groups.size(); ++g)
        for (const dm::TablePath& path : table.groups[g].paths) {
            const auto number = path.number();
            if (!number) continue;
            ++count;
            const auto shown = groups.find({number->major, number->minor});
            if (shown == groups.end() || shown->second != g + 1) return false;
        }
    return count == groups.size() &&
           (table.groups.empty() || unit.unit.selector == table.groups.front().selector);
}

std::uint32_t group_of(const model::Snapshot& snapshot, const model::Unit& unit,
                       const dm::MultipathTable& table, const PathName& name) {
    for (const model::Path& path : unit.paths) {
        if (!usable(unit, path) || paths::path_name(snapshot, unit, path) != name) continue;
        for (std::size_t g = 0; g < table.groups.size(); ++g)
            for (const dm::TablePath& in_table : table.groups[g].paths)
                if (const auto number = in_table.number();
                    number && path.number == model::DeviceNumber{number->major, number->minor})
                    return static_cast<std::uint32_t>(g + 1);
    }
    return 0;
}

} // namespace

std::set<model::Sequence> Standalone::touched(const Intents& before, const Intents& wanted) const {
    std::set<std::string> keys, names;
    for (const auto* intents : {&before, &wanted})
        for (const auto& [key, intent] : intents->units)
            if (!(intent_of(before, key) == intent_of(wanted, key))) keys.insert(key);
    for (const auto& [some, others] : {std::pair(&before, &wanted), std::pair(&wanted, &before)})
        for (const PathName& name : some->disabled)
            if (others->disabled.count(name) == 0) names.insert(name.unit_name);
    const bool all = before.everywhere.selector != wanted.everywhere.selector;
    std::set<model::Sequence> units;
    if (!all && keys.empty() && names.empty()) return units;
    for (const model::Unit& unit : around_.model.snapshot()->units)
        if (all || keys.count(unit.unit.key) != 0 || names.count(unit.unit.unit_name) != 0)
            units.insert(unit.unit.id);
    return units;
}

void Standalone::pursue(const Intents& before, const Intents& wanted, paths::Ended ended) {
    Operation operation;
    operation.before = before;
    operation.wanted = wanted;
    operation.units = touched(before, wanted);
    operation.ended = std::move(ended);
    operations_.push_back(std::move(operation));
    arm();
}

void Standalone::resume(const Intents& kept, paths::Ended ended) {
    retire();
    watch();
    in_force_ = kept;
    Operation operation;
    operation.wanted = kept;
    operation.first_clear = true;
    operation.ended = std::move(ended);
    operation.on_failure = TableChanges::OnFailure::GoOn;
    const auto snapshot = around_.model.snapshot();
    for (const model::Unit& unit : snapshot->units) {
        name_unit(unit.unit.id, nullptr, &unit.unit);
        if (anything_asked(kept, unit.unit)) operation.units.insert(unit.unit.id);
        for (const model::Path& path : unit.paths)
            if (path.state == model::PathState::Removed && path.priority_group != 0)
                if (const auto name = paths::path_name(*snapshot, unit, path))
                    lost_[*name] = unit.unit.id;
        prober_->look(unit.unit.id, &unit);
        failback_->look(unit.unit.id, &unit, around_.now());
    }
    operations_.push_back(std::move(operation));
    arm();
}

// Somebody else makes tables from now on. A map that was begun is still finished.
void Standalone::retire() {
    right_ = std::make_shared<const bool>(true);
    prober_.reset();
    failback_.reset();
    operations_.clear();
    under_way_ = false;
    removals_.clear();
    due_.clear();
    loads_.clear();
    lost_.clear();
    by_name_.clear();
    arm();
}

void Standalone::begin() {
    under_way_ = true;
    if (operations_.front().first_clear)
        clear_inactive();
    else
        verify();
}

// What a run that was killed had loaded and not yet put into force.
void Standalone::clear_inactive() {
    Operation& operation = operations_.front();
    const auto snapshot = around_.model.snapshot();
    operation.asked = snapshot->units.size();
    if (operation.asked == 0) {
        verify();
        return;
    }
    for (const model::Unit& unit : snapshot->units)
        around_.hardware.clear_inactive_table(
            {unit.unit.number, unit.unit.name, unit.unit.uuid},
            [this, right = std::weak_ptr(right_), name = unit.unit.name](const Status& status) {
                if (right.expired()) return;
                if (!status && status.error().errnum != ENODEV)
                    around_.notice(name + ": " + status.error().message());
                if (--operations_.front().asked == 0) verify();
            });
}

// By name, what a table of this unit may come to have that it does not have now.
std::set<PathName> Standalone::may_join(const model::Unit& unit,
                                        const std::set<PathName>& lost) const {
    const Operation& operation = operations_.front();
    std::set<PathName> names;
    for (const auto* intents : {&operation.before, &operation.wanted})
        for (const auto& group : intent_of(*intents, unit.unit.key).groups)
            names.insert(group.begin(), group.end());
    // Where two maps lead to one unit, only what a map had itself.
    if (!unit.unit.duplicate_designator)
        for (auto at = operation.before.disabled.lower_bound({unit.unit.unit_name, "", "", 0});
             at != operation.before.disabled.end() && at->unit_name == unit.unit.unit_name; ++at)
            names.insert(*at);
    names.insert(lost.begin(), lost.end());
    std::erase_if(names, [&](const PathName& name) {
        return operation.wanted.disabled.count(name) != 0 || name.unit_name.empty() ||
               name.unit_name != unit.unit.unit_name;
    });
    return names;
}

std::vector<Standalone::Joiner> Standalone::find_joiners(const model::Snapshot& snapshot) const {
    struct Expected {
        model::Sequence unit;
        std::uint64_t size;
    };
    std::vector<Joiner> found;
    std::map<PathName, Expected> expected;
    std::set<model::DeviceNumber> seen;
    std::map<model::Sequence, std::set<PathName>> lost;
    for (const auto& [name, id] : lost_)
        lost[id].insert(name);
    for (const model::Sequence id : operations_.front().units) {
        const model::Unit* unit = snapshot.units.find(id);
        if (!unit) continue;
        const std::set<PathName> names = may_join(*unit, lost[id]);
        if (names.empty()) continue;
        for (const PathName& name : names)
            expected.try_emplace(name, Expected{id, unit->unit.size});
        for (const model::Path& path : unit->paths) {
            if (path.priority_group != 0 || path.state == model::PathState::Removed ||
                path.device.empty() || path.size != unit->unit.size)
                continue;
            const auto name = paths::path_name(snapshot, *unit, path);
            if (!name || names.count(*name) == 0) continue;
            PlannedPath planned{*name, path.number};
            if (path.group_known) planned.port_group = path.target_port_group;
            planned.rank = rank(*unit, path);
            seen.insert(path.number);
            found.push_back({id,
                             planned,
                             {path.device, path.number, path.address.host, unit->unit.unit_name},
                             nullptr});
        }
    }
    if (expected.empty()) return found;
    for (const model::Disk& disk : snapshot.disks) {
        const PathName name = disk_path_name(snapshot, disk);
        const auto known = expected.find(name);
        if (known == expected.end() || known->second.size != disk.size) continue;
        if (!seen.insert(disk.number).second) continue;
        found.push_back({known->second.unit,
                         {name, disk.number},
                         {disk.device, disk.number, disk.address.host, disk.unit_name},
                         nullptr});
    }
    std::stable_sort(found.begin(), found.end(), before_unit);
    return found;
}

// Devices that are to join are asked who they are first.
void Standalone::verify() {
    Operation& operation = operations_.front();
    operation.joiners = find_joiners(*around_.model.snapshot());
    operation.asked = operation.joiners.size();
    if (operation.joiners.empty()) {
        plan();
        return;
    }
    for (std::size_t i = 0; i < operation.joiners.size(); ++i)
        around_.workers.submit(std::make_shared<paths::IdentityJob>(
            around_.hardware, operation.joiners[i].newcomer, around_.command_timeout,
            [this, right = std::weak_ptr(right_), i](Result<paths::IdentityJob::Device> device) {
                if (!right.expired()) joiner_answered(i, std::move(device));
            }));
}

void Standalone::joiner_answered(std::size_t index, Result<paths::IdentityJob::Device> device) {
    Operation& operation = operations_.front();
    Joiner& joiner = operation.joiners[index];
    if (!device) {
        joiner_stays_out(joiner, device.error());
        if (--operation.asked == 0) plan();
        return;
    }
    joiner.device = std::move(*device); // held while it is asked about
    around_.admit({joiner.unit, joiner.path.name, joiner.newcomer},
                  [this, right = std::weak_ptr(right_), index](const Status& admitted) {
                      if (!right.expired()) joiner_admitted(index, admitted);
                  });
}

void Standalone::joiner_admitted(std::size_t index, const Status& admitted) {
    Operation& operation = operations_.front();
    Joiner& joiner = operation.joiners[index];
    if (!admitted) {
        joiner.device.reset();
        joiner_stays_out(joiner, admitted.error());
        due_.try_emplace(joiner.unit, around_.now() + kUntilAdmitted);
    }
    if (--operation.asked == 0) plan();
}

void Standalone::joiner_stays_out(const Joiner& joiner, const Error& why) {
    const bool awaited = operations_.front().before.disabled.count(joiner.path.name) != 0;
    // A device that went away is enabled all the same: it joins when it is back.
    if (awaited && why.errnum != ENODEV)
        refuse({why.errnum == EXDEV ? Refusal::Failed : Refusal::TryAgain,
                joiner.newcomer.device + ": " + why.message()});
}

std::optional<dm::MultipathTable> Standalone::table_of(const model::Unit& unit) const {
    const daemon::MapFacts* facts = around_.map(unit.unit.number);
    if (!facts || facts->uuid != unit.unit.uuid || facts->name != unit.unit.name)
        return std::nullopt;
    auto table = dm::parse_multipath_table(facts->table);
    if (!table) return std::nullopt;
    return std::move(*table);
}

std::vector<PlannedPath> Standalone::planned_paths(const model::Snapshot& snapshot,
                                                   const model::Unit& unit,
                                                   const dm::MultipathTable& table) const {
    std::set<model::DeviceNumber> named;
    for (const auto& group : table.groups)
        for (const auto& path : group.paths)
            if (const auto number = path.number()) named.insert({number->major, number->minor});
    std::vector<PlannedPath> all;
    for (const model::Path& path : unit.paths) {
        if (named.count(path.number) == 0) continue;
        PlannedPath planned;
        planned.number = path.number;
        planned.name = paths::path_name(snapshot, unit, path).value_or(PathName());
        planned.gone = path.state == model::PathState::Removed;
        planned.usable = usable(unit, path);
        if (path.group_known) planned.port_group = path.target_port_group;
        planned.rank = rank(unit, path);
        all.push_back(std::move(planned));
    }
    return all;
}

void Standalone::plan() {
    Operation& operation = operations_.front();
    const auto snapshot = around_.model.snapshot();
    for (const model::Sequence id : operation.units) {
        const model::Unit* unit = snapshot->units.find(id);
        if (!unit) continue;
        // Paths may have failed since it was let in.
        if (operation.ended && !operation.first_clear)
            if (auto refused =
                    check_disabling(*snapshot, *unit, operation.before, operation.wanted))
                refuse(std::move(*refused));
        if (auto refused = plan_unit(*snapshot, *unit)) {
            refused->text = unit->unit.name + ": " + refused->text;
            refuse(std::move(*refused));
        }
    }
    operation.joiners.clear(); // each change holds its own
    if (operation.refused && operation.on_failure == TableChanges::OnFailure::TakeBack) {
        finish();
        return;
    }
    TableChanges::make(
        around_.hardware, right_, operation.changes, operation.on_failure,
        [this, right = std::weak_ptr(right_)](const std::vector<MapFailure>& failures) {
            if (right.expired()) return;
            for (const MapFailure& failure : failures)
                refuse({refusal_of(failure.error), failure.error.message()});
            await_model();
        });
}

std::optional<Refused> Standalone::plan_unit(const model::Snapshot& snapshot,
                                             const model::Unit& unit) {
    Operation& operation = operations_.front();
    const daemon::MapFacts* facts = around_.map(unit.unit.number);
    if (facts && facts->suspended)
        return Refused{Refusal::TryAgain, "the map is suspended by somebody else"};
    const auto table = table_of(unit);
    if (!table) return Refused{Refusal::Failed, "its table is not understood"};

    Wanted wanted;
    const paths::UnitIntent& intent = intent_of(operation.wanted, unit.unit.key);
    const auto& selector =
        intent.settings.selector ? intent.settings.selector : operation.wanted.everywhere.selector;
    if (selector) {
        auto read = paths::parse_selector(*selector);
        if (!read) return Refused{Refusal::InvalidParameter, read.error().message()};
        wanted.selector = std::move(*read);
    }
    wanted.override_path = intent.override_path;
    wanted.weights = intent.weights;
    wanted.groups = intent.groups;
    if (wanted.groups.empty()) wanted.groups = intent_of(operation.before, unit.unit.key).groups;
    wanted.disabled = &operation.wanted.disabled;

    std::vector<PlannedPath> paths = planned_paths(snapshot, unit, *table);
    MapChange change;
    Joiner own;
    own.unit = unit.unit.id;
    const auto [first, last] =
        std::equal_range(operation.joiners.begin(), operation.joiners.end(), own, before_unit);
    for (const Joiner& joiner : std::span(first, last)) {
        if (!joiner.device) continue;
        change.holding.push_back(joiner.device);
        paths.push_back(joiner.path);
    }
    auto plan = plan_table(*table, paths, wanted);
    if (auto* refused = std::get_if<Refused>(&plan)) return std::move(*refused);

    if (auto* planned = std::get_if<dm::MultipathTable>(&plan)) {
        change.table = std::move(*planned);
        wanted.leave_out_gone = true;
        auto without = plan_table(*table, paths, wanted);
        if (auto* other = std::get_if<dm::MultipathTable>(&without);
            other && *other != *change.table)
            change.without_gone = std::move(*other);
    } else if (wanted.override_path) {
        const auto group = group_of(snapshot, unit, *table, *wanted.override_path);
        if (group != 0 && group != unit.unit.current_group) change.switch_to = group;
    }
    if (!change.table && change.switch_to == 0) return std::nullopt;
    change.unit = unit.unit.id;
    change.map = {unit.unit.number, unit.unit.name, unit.unit.uuid};
    change.before = facts->table;
    change.failed = failed_devices(facts->status);
    if (operation.background) note_load(unit.unit.id);
    operation.changes->push_back(std::move(change));
    return std::nullopt;
}

void Standalone::await_model() {
    Operation& operation = operations_.front();
    // Where one was refused all were taken back already.
    if (!operation.refused || operation.on_failure == TableChanges::OnFailure::GoOn)
        for (std::size_t i = 0; i < operation.changes->size(); ++i)
            operation.unseen.push_back(i);
    operation.deadline = around_.now() + around_.patience;
    look_for_changes();
    arm();
}

void Standalone::look_for_changes() {
    const auto snapshot = around_.model.snapshot();
    const auto now = around_.now();
    std::vector<std::pair<paths::Ended, paths::Outcome>> over; // who is told may do anything
    std::erase_if(removals_, [&](Removal& removal) {
        const bool gone = !snapshot->units.find(removal.unit);
        if (!gone && removal.deadline > now) return false;
        if (gone)
            over.emplace_back(std::move(removal.ended), paths::Made());
        else
            over.emplace_back(
                std::move(removal.ended),
                Refused{Refusal::TimedOut, "The map was removed and is still reported."});
        return true;
    });
    for (auto& [ended, outcome] : over)
        ended(std::move(outcome));

    if (!under_way_ || operations_.front().deadline == Clock::time_point::max()) return;
    Operation& operation = operations_.front();
    std::erase_if(operation.unseen, [&](std::size_t index) {
        const MapChange& change = (*operation.changes)[index];
        const model::Unit* unit = snapshot->units.find(change.unit);
        // A unit that went away meanwhile, or a refused one, will show nothing.
        if (!unit || (change.table && !change.loaded)) return true;
        if (change.table) return shows(*unit, *change.table);
        return unit->unit.current_group == change.switch_to;
    });
    if (operation.unseen.empty()) {
        finish();
        return;
    }
    if (operation.deadline > now) return;
    const model::Unit* unit =
        snapshot->units.find((*operation.changes)[operation.unseen.front()].unit);
    const Refused late{Refusal::TimedOut, (unit ? unit->unit.name + ": the" : "The") +
                                              std::string(" kernel took the change and does not "
                                                          "show it.")};
    operation.unseen.clear();
    operation.deadline = Clock::time_point::max();
    if (operation.on_failure == TableChanges::OnFailure::TakeBack) {
        take_back(late);
    } else {
        refuse(late);
        finish();
    }
}

void Standalone::take_back(Refused refused) {
    refuse(std::move(refused));
    TableChanges::take_back(
        around_.hardware, right_, operations_.front().changes,
        [this, right = std::weak_ptr(right_)](const std::vector<MapFailure>& failures) {
            if (right.expired()) return;
            for (const MapFailure& failure : failures)
                refuse({refusal_of(failure.error), failure.error.message()});
            finish();
        });
}

// The first reason is told to whoever asked, the others to whoever looks.
void Standalone::refuse(Refused refused) {
    Operation& operation = operations_.front();
    if (operation.background || operation.refused)
        around_.notice(refused.text);
    else
        operation.refused = std::move(refused);
}

void Standalone::finish() {
    Operation operation = std::move(operations_.front());
    operations_.pop_front();
    under_way_ = false;
    if (!operation.refused && !operation.background && !operation.first_clear) {
        in_force_ = std::move(operation.wanted);
        settings_changed(operation.before);
    }
    arm();
    if (!operation.ended) return;
    if (operation.refused)
        operation.ended(std::move(*operation.refused));
    else
        operation.ended(paths::Made());
}

// For probing and failback; tables are made already.
void Standalone::settings_changed(const Intents& before) {
    const bool all = !(before.everywhere == in_force_.everywhere);
    const auto snapshot = around_.model.snapshot();
    for (const model::Unit& unit : snapshot->units) {
        if (!all && intent_of(before, unit.unit.key) == intent_of(in_force_, unit.unit.key))
            continue;
        prober_->look(unit.unit.id, &unit);
        failback_->look(unit.unit.id, &unit, around_.now());
    }
}

} // namespace mpapi::standalone
