// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/access_states.hpp"

#include "common/model/names.hpp"
#include "daemon/inventory/device_inquiry.hpp"
#include "daemon/paths/set_groups_command.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace mpapi::paths {

namespace {

using model::AccessState;
using Clock = std::chrono::steady_clock;

Outcome refuse(Refusal why, std::string text) {
    return Refused{why, std::move(text)};
}

// ACTIVE is "active, whichever of the two it has".
bool reached(AccessState state, AccessState wanted) {
    if (wanted == AccessState::Active)
        return state == AccessState::Active || state == AccessState::ActiveOptimized ||
               state == AccessState::ActiveNonOptimized;
    return state == wanted;
}

scsi::AccessState on_the_wire(const model::TargetPortGroup& group, AccessState wanted) {
    if (wanted != AccessState::Active) return static_cast<scsi::AccessState>(wanted);
    const bool optimized =
        group.supported_states == 0 || group.supported_states & scsi::supported::active_optimized;
    return optimized ? scsi::AccessState::ActiveOptimized : scsi::AccessState::ActiveNonOptimized;
}

} // namespace

struct AccessStates::Change {
    struct Wanted {
        model::Sequence group = 0;
        std::uint16_t number = 0;
        AccessState state = AccessState::Unknown;
    };
    model::Sequence unit = 0;
    std::string unit_name;
    std::string name; // of the map, for texts
    std::vector<Wanted> wanted;
    std::vector<scsi::SetTargetPortGroup> list;
    Ended ended;
    Clock::time_point deadline;
    std::optional<Clock::time_point> taken; // by the device; nothing: not asked for it yet
    std::set<model::Sequence> tried;        // paths that did not serve
    std::uint32_t led_from = 0;             // the priority group that I/O was in
    std::string last;                       // why it is not done yet
    EventSource timer;

    std::vector<GroupState> pairs;
    AccessStates* owner = nullptr;
    void (AccessStates::*step)(const std::shared_ptr<Change>&) = nullptr;
    std::weak_ptr<Change> self;
};

class AccessStates::CommandJob final : public daemon::Job {
  public:
    CommandJob(AccessStates& owner, std::shared_ptr<Change> change, const model::Path& path)
      : Job(path.address.host)
      , owner_(owner)
      , alive_(owner.alive_)
      , change_(std::move(change))
      , path_(path.id)
      , device_(path.device)
      , number_(path.number)
      , unit_name_(change_->unit_name)
      , list_(change_->list) {}

    void run(daemon::Progress& progress) override {
        progress.begin("open", owner_.options_.inquiry);
        const auto opened = owner_.hardware_.open(device_, number_);
        answer_ = opened ? set_target_port_groups(**opened, progress, unit_name_, list_,
                                                  owner_.options_.inquiry, owner_.options_.command)
                         : SetGroupsAnswer(NoAnswer{opened.error().message()});
    }
    void done() override { take(answer_); }
    void stalled(const daemon::Stall& stall) override {
        // Whether the device still carries it out is not known.
        take(Refused{Refusal::TimedOut, stall.command + ": " + stall.reason + "."});
    }

  private:
    void take(const SetGroupsAnswer& answer) {
        if (!*alive_) return;
        if (const auto* why = std::get_if<Refused>(&answer)) return owner_.end(change_, *why);
        if (std::holds_alternative<Taken>(answer)) {
            change_->taken = owner_.options_.now();
            return owner_.report(change_);
        }
        if (const auto* later = std::get_if<NotNow>(&answer)) {
            change_->last = later->text;
            return owner_.later(change_, &AccessStates::send);
        }
        change_->last = std::get<NoAnswer>(answer).text;
        change_->tried.insert(path_);
        owner_.send(change_);
    }

    AccessStates& owner_;
    const std::shared_ptr<bool> alive_;
    const std::shared_ptr<Change> change_;
    const model::Sequence path_;
    const std::string device_;
    const model::DeviceNumber number_;
    const std::string unit_name_;
    const std::vector<scsi::SetTargetPortGroup> list_;
    SetGroupsAnswer answer_ = NoAnswer{};
};

class AccessStates::ReportJob final : public daemon::Job {
  public:
    ReportJob(AccessStates& owner, std::shared_ptr<Change> change, const model::Path& path)
      : Job(path.address.host)
      , owner_(owner)
      , alive_(owner.alive_)
      , change_(std::move(change))
      , path_(path.id)
      , device_(path.device)
      , number_(path.number)
      , unit_name_(change_->unit_name) {}

    void run(daemon::Progress& progress) override {
        const auto limit = owner_.options_.inquiry;
        progress.begin("open", limit);
        const auto opened = owner_.hardware_.open(device_, number_);
        if (!opened) {
            answer_ = opened.error();
        } else if (const auto other = leads_elsewhere(**opened, progress, unit_name_, limit)) {
            answer_ = Error{*other, "", "", 0};
        } else {
            answer_ = daemon::ask_target_port_groups(**opened, progress, limit).result;
        }
    }
    void done() override {
        if (!*alive_) return;
        if (!answer_) return another(answer_.error().message());
        std::string left; // the first of the groups that are not there yet
        const bool transitioning =
            std::any_of(answer_->groups.begin(), answer_->groups.end(), [](const auto& each) {
                return each.state == scsi::AccessState::Transitioning;
            });
        for (const Change::Wanted& wanted : change_->wanted) {
            const auto told =
                std::find_if(answer_->groups.begin(), answer_->groups.end(),
                             [&](const auto& each) { return each.number == wanted.number; });
            if (told == answer_->groups.end())
                return another("group " + std::to_string(wanted.number) +
                               " is not reported through this path");
            const auto state = static_cast<AccessState>(told->state);
            if (reached(state, wanted.state)) continue;
            if (left.empty())
                left = "Target port group " + std::to_string(wanted.number) + " of " +
                       change_->name + " is " + std::string(model::name_of(state)) +
                       " all the same.";
        }
        if (left.empty()) return owner_.show(change_);
        change_->last = left;
        if (!change_->taken) return owner_.lead(change_); // the model was wrong
        if (transitioning || owner_.options_.now() < *change_->taken + owner_.options_.grace)
            return owner_.later(change_, &AccessStates::report);
        owner_.end(change_, refuse(Refusal::Failed, "The device took the request. " + left));
    }
    void stalled(const daemon::Stall& stall) override {
        if (*alive_) another(stall.command + ": " + stall.reason);
    }

  private:
    void another(const std::string& why) {
        change_->last = "Its states cannot be read back: " + why + ".";
        change_->tried.insert(path_);
        owner_.report(change_);
    }

    AccessStates& owner_;
    const std::shared_ptr<bool> alive_;
    const std::shared_ptr<Change> change_;
    const model::Sequence path_;
    const std::string device_;
    const model::DeviceNumber number_;
    const std::string unit_name_;
    Result<scsi::TargetPortGroups> answer_ = Error{};
};

AccessStates::AccessStates(sd_event* loop, daemon::Hardware& hardware, daemon::Workers& workers,
                           daemon::ModelSource& model, Options options)
  : loop_(loop)
  , hardware_(hardware)
  , workers_(workers)
  , model_(model)
  , options_(std::move(options)) {}

AccessStates::~AccessStates() {
    *alive_ = false;
}

void AccessStates::set(model::Sequence unit, std::vector<GroupState> wanted, Ended ended) {
    auto change = std::make_shared<Change>();
    change->unit = unit;
    change->pairs = std::move(wanted);
    change->ended = std::move(ended);
    change->owner = this;
    change->self = change;
    auto& queue = changes_[unit];
    queue.push_back(change);
    if (queue.size() == 1) later(change, &AccessStates::begin);
}

// What is asked for is looked at when its turn has come, by the model of then.
void AccessStates::begin(const std::shared_ptr<Change>& change) {
    const model::SnapshotPtr now = model_.snapshot();
    const model::Unit* unit = now->units.find(change->unit);
    if (!unit) return end(change, refuse(Refusal::ObjectNotFound, "The logical unit is gone."));
    change->unit_name = unit->unit.unit_name;
    change->name = unit->unit.name;
    change->deadline = options_.now() + options_.deadline;
    bool all_reached = true;
    bool synthetic = false;
    for (const auto& [id, state] : change->pairs) {
        const model::TargetPortGroup* group = unit->group(id);
        if (!group)
            return end(change, refuse(Refusal::InvalidParameter,
                                      "A target port group is none of " + change->name + "."));
        if (!group->explicit_failover)
            return end(change,
                       refuse(Refusal::Unsupported,
                              change->name + " changes the states of its groups by itself only."));
        if (state == AccessState::Transitioning || state == AccessState::Unknown ||
            state == AccessState::LogicalBlockDependent || state == AccessState::Offline)
            return end(change,
                       refuse(Refusal::AccessStateInvalid,
                              "No group can be made " + std::string(model::name_of(state)) + "."));
        all_reached &= reached(group->access_state, state);
        synthetic |= group->source == model::Source::Synthetic;
        change->wanted.push_back({id, group->number, state});
        change->list.push_back({group->number, on_the_wire(*group, state)});
    }
    if (all_reached && (synthetic || change->unit_name.empty())) return end(change, Made{});
    if (synthetic) return switch_synthetic(change, *unit);
    if (change->unit_name.empty())
        return end(change, refuse(Refusal::TryAgain, "No path of " + change->name +
                                                         " has told yet what it leads to."));
    if (all_reached)
        report(change);
    else
        lead(change);
}

// To the priority group that is in use when all is done: one whose paths are all in groups that are
// made active.
void AccessStates::lead(const std::shared_ptr<Change>& change) {
    const model::SnapshotPtr now = model_.snapshot();
    const model::Unit* unit = now->units.find(change->unit);
    if (!unit) return end(change, refuse(Refusal::ObjectNotFound, "The logical unit is gone."));
    const auto made_active = [&](const model::Path& path) {
        return std::any_of(change->wanted.begin(), change->wanted.end(), [&](const auto& each) {
            return path.group_known && each.number == path.target_port_group &&
                   reached(each.state, AccessState::Active);
        });
    };
    std::set<std::uint32_t> whole;
    for (const model::Path& path : unit->paths)
        if (path.priority_group != 0 && made_active(path)) whole.insert(path.priority_group);
    for (const model::Path& path : unit->paths)
        if (!made_active(path)) whole.erase(path.priority_group);
    if (whole.empty() || whole.count(unit->unit.current_group) != 0) return send(change);
    change->led_from = unit->unit.current_group;
    options_.lead(unit->unit, *whole.begin(), [this, alive = alive_, change] {
        if (*alive) send(change);
    });
}

// Numbered as the priority groups are, from 0 (daemon/inventory/assemble.cpp).
void AccessStates::switch_synthetic(const std::shared_ptr<Change>& change,
                                    const model::Unit& unit) {
    const auto activated =
        std::find_if(change->wanted.begin(), change->wanted.end(),
                     [](const auto& each) { return reached(AccessState::Active, each.state); });
    if (change->wanted.size() != 1 || activated == change->wanted.end())
        return end(change,
                   refuse(Refusal::AccessStateInvalid,
                          "Of " + change->name + " one group can be made active, no more."));
    hardware_.send_message(
        {unit.unit.number, unit.unit.name, unit.unit.uuid},
        "switch_group " + std::to_string(activated->number + 1),
        [this, alive = alive_, change](const Status& sent) {
            if (!*alive) return;
            if (!sent) return end(change, refuse(Refusal::Failed, sent.error().message() + "."));
            show(change);
        });
}

// Of the paths that work, one in a group that is to be changed is best: it is sure to know it.
void AccessStates::send(const std::shared_ptr<Change>& change) {
    const model::SnapshotPtr now = model_.snapshot();
    const model::Unit* unit = now->units.find(change->unit);
    if (!unit) return end(change, refuse(Refusal::ObjectNotFound, "The logical unit is gone."));
    const model::Path* best = nullptr;
    int best_rank = -1;
    for (const model::Path& path : unit->paths) {
        if (change->tried.count(path.id) != 0 || path.state == model::PathState::Removed ||
            path.state == model::PathState::Unknown || path.identity == model::Identity::Changed)
            continue;
        const bool in_group = std::any_of(
            change->wanted.begin(), change->wanted.end(), [&](const Change::Wanted& each) {
                return path.group_known && each.number == path.target_port_group;
            });
        const int rank = (path.state == model::PathState::Okay ? 2 : 0) + (in_group ? 1 : 0);
        if (rank > best_rank) {
            best = &path;
            best_rank = rank;
        }
    }
    if (!best)
        return end(change, refuse(Refusal::PathNonoperational,
                                  "No path of " + change->name + " takes commands" +
                                      (change->last.empty() ? "." : ": " + change->last)));
    workers_.submit(std::make_shared<CommandJob>(*this, change, *best));
}

void AccessStates::report(const std::shared_ptr<Change>& change) {
    const model::SnapshotPtr now = model_.snapshot();
    const model::Unit* unit = now->units.find(change->unit);
    if (!unit) return end(change, refuse(Refusal::ObjectNotFound, "The logical unit is gone."));
    const model::Path* best = nullptr;
    for (const model::Path& path : unit->paths) {
        if (change->tried.count(path.id) != 0 || path.state == model::PathState::Removed ||
            path.state == model::PathState::Unknown || path.identity == model::Identity::Changed)
            continue;
        if (!best ||
            (best->state != model::PathState::Okay && path.state == model::PathState::Okay))
            best = &path;
    }
    if (!best) {
        if (!change->taken) return send(change);
        // All were tried; a transition may have been why.
        change->tried.clear();
        return later(change, &AccessStates::report);
    }
    workers_.submit(std::make_shared<ReportJob>(*this, change, *best));
}

// `step` after the interval, as long as there is time.
void AccessStates::later(const std::shared_ptr<Change>& change,
                         void (AccessStates::*step)(const std::shared_ptr<Change>&)) {
    const bool first = change->deadline == Clock::time_point();
    if (!first && options_.now() >= change->deadline)
        return end(change,
                   refuse(Refusal::TryAgain,
                          change->last.empty() ? "It takes longer than expected." : change->last));
    change->step = step;
    sd_event_source* source = nullptr;
    const auto wait = first ? std::chrono::milliseconds(0) : options_.interval;
    const int r = sd_event_add_time_relative(
        loop_, &source, CLOCK_MONOTONIC,
        static_cast<std::uint64_t>(std::chrono::microseconds(wait).count()), 1000,
        [](sd_event_source*, std::uint64_t, void* data) {
            const auto due = static_cast<Change*>(data)->self.lock();
            if (due) (due->owner->*due->step)(due);
            return 0;
        },
        change.get());
    change->timer.reset(source);
    if (r < 0) end(change, refuse(Refusal::Failed, Error{"add", "timer", "", -r}.message() + "."));
}

// It is done. Whoever is told so finds it in the model.
void AccessStates::show(const std::shared_ptr<Change>& change) {
    model_.refresh(change->unit);
    model_.settle(options_.interval * 4, [this, alive = alive_, change](const Status&) {
        if (*alive) end(change, Made{});
    });
}

void AccessStates::end(const std::shared_ptr<Change>& change, Outcome outcome) {
    change->timer.reset();
    const auto queue = changes_.find(change->unit);
    queue->second.pop_front();
    const auto next = queue->second.empty() ? nullptr : queue->second.front();
    if (!next) changes_.erase(queue);
    if (next) later(next, &AccessStates::begin);
    // Asked again in any case: what was refused may have been done.
    if (refused(outcome)) {
        model_.refresh(change->unit);
        const model::SnapshotPtr now = model_.snapshot();
        const model::Unit* unit = change->led_from != 0 ? now->units.find(change->unit) : nullptr;
        if (unit) options_.lead(unit->unit, change->led_from, [] {});
    }
    change->ended(std::move(outcome));
}

} // namespace mpapi::paths
