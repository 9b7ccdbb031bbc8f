// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/change_queue.hpp"

#include <utility>

namespace mpapi::paths {

struct ChangeQueue::Step {
    std::vector<Change> changes;
    std::shared_ptr<const Intents> before;
    std::shared_ptr<const Intents> wanted;
    bool over = false; // its outcome is settled
};

ChangeQueue::ChangeQueue(sd_event* loop, const daemon::ModelSource& model,
                         ManagementObserver& observer, std::optional<IntentsFile> file, Aside aside,
                         std::function<void(const std::string&)> trouble)
  : loop_(loop)
  , model_(model)
  , observer_(observer)
  , file_(std::move(file))
  , aside_(std::move(aside))
  , trouble_(std::move(trouble)) {}

ChangeQueue::~ChangeQueue() {
    *alive_ = false;
}

void ChangeQueue::begin_with(Intents kept) {
    asked_ = std::make_shared<const Intents>(std::move(kept));
    observer_.set_management(manager_, asked_, nullptr);
}

void ChangeQueue::begin() {
    begun_ = true;
    wake();
}

void ChangeQueue::set_manager(PathManager* manager, std::string why_none) {
    why_none_ = std::move(why_none);
    if (manager == manager_) return;
    if (manager_) manager_->retire();
    manager_ = manager;
    observer_.set_management(manager_, asked_, nullptr);
    resume_due_ = manager_ != nullptr;
    if (step_ && !step_->over)
        put_back(step_, Refused{Refusal::TryAgain, "The path manager changed meanwhile."});
    wake();
}

void ChangeQueue::submit(Target target, Request request, Ended ended) {
    waiting_.push_back({target, std::move(request), std::move(ended)});
    wake();
}

void ChangeQueue::remove(model::Sequence unit, Ended ended) {
    waiting_.push_back(
        {{{model::ObjectType::LogicalUnit, unit}, unit}, RemoveMap{}, std::move(ended), true});
    wake();
}

void ChangeQueue::wake() {
    if (!wake_) {
        sd_event_source* source = nullptr;
        const auto on_wake = [](sd_event_source*, void* data) {
            static_cast<ChangeQueue*>(data)->next();
            return 0;
        };
        if (sd_event_add_defer(loop_, &source, on_wake, this) < 0) return;
        wake_.reset(source);
    }
    sd_event_source_set_enabled(wake_.get(), SD_EVENT_ONESHOT);
}

// All that waits, up to one that must be alone.
void ChangeQueue::next() {
    if (step_ || !begun_) return;
    if (std::exchange(resume_due_, false) && manager_) return resume();
    if (waiting_.empty()) return;
    auto step = std::make_shared<Step>();
    step->before = asked_;
    Intents wanted = *asked_;
    const model::SnapshotPtr now = model_.snapshot();
    std::vector<std::pair<Ended, Refused>> refusals;
    while (!waiting_.empty()) {
        if (waiting_.front().alone && !step->changes.empty()) break;
        Change change = std::move(waiting_.front());
        waiting_.pop_front();
        const bool alone = change.alone;
        if (!manager_) {
            refusals.emplace_back(std::move(change.ended), nobody());
            continue;
        }
        const Request* request = std::get_if<Request>(&change.what);
        if (!request) {
            step->changes.push_back(std::move(change));
            break;
        }
        Edited edited = edit(*now, change.target, *request, wanted);
        if (auto* refused = std::get_if<Refused>(&edited)) {
            refusals.emplace_back(std::move(change.ended), std::move(*refused));
            continue;
        }
        if (auto refused = manager_->check(wanted, std::get<Intents>(edited))) {
            refusals.emplace_back(std::move(change.ended), std::move(*refused));
            continue;
        }
        wanted = std::get<Intents>(std::move(edited));
        step->changes.push_back(std::move(change));
        if (alone) break;
    }
    const bool removal =
        !step->changes.empty() && std::holds_alternative<RemoveMap>(step->changes.front().what);
    if (removal) {
        step->wanted = step->before;
        step_ = step;
    } else if (!step->changes.empty()) {
        step->wanted =
            std::make_shared<const Intents>(manager_->completed(*asked_, std::move(wanted)));
        step_ = step;
    }
    if (!waiting_.empty()) wake();
    const auto alive = alive_;
    for (auto& [ended, refused] : refusals) {
        ended(std::move(refused));
        if (!*alive) return;
    }
    if (removal)
        remove_map(step);
    else if (!step->changes.empty())
        keep(step);
}

// The unit is found again: its turn may have come late.
void ChangeQueue::remove_map(const std::shared_ptr<Step>& step) {
    if (step->over) return;
    const model::SnapshotPtr now = model_.snapshot();
    const model::Unit* unit = now->units.find(step->changes.front().target.unit);
    if (!unit) return end(step, Refused{Refusal::ObjectNotFound, "The logical unit is gone."});
    manager_->remove(unit->unit, [this, alive = alive_, step](const Outcome& outcome) {
        if (*alive && !step->over) end(step, outcome);
    });
}

void ChangeQueue::keep(const std::shared_ptr<Step>& step) {
    if (*step->wanted == *step->before || !file_) return pursue(step);
    auto kept = std::make_shared<Status>(Done{});
    aside_([file = *file_, before = step->before, wanted = step->wanted,
            kept] { *kept = file.write(*before, *wanted); },
           [this, alive = alive_, step, kept] {
               if (!*alive || step->over) return;
               if (*kept) return pursue(step);
               put_back(step, Refused{Refusal::Failed,
                                      "It could not be kept: " + kept->error().message() + "."});
           });
}

void ChangeQueue::pursue(const std::shared_ptr<Step>& step) {
    // What leaves its table from now on is a disabled path and no stray disk.
    Intents shown = *step->before;
    shown.disabled.insert(step->wanted->disabled.begin(), step->wanted->disabled.end());
    tell(shown);
    manager_->pursue(*step->before, *step->wanted,
                     [this, alive = alive_, step](const Outcome& outcome) {
                         if (!*alive || step->over) return;
                         if (refused(outcome))
                             put_back(step, outcome);
                         else
                             end(step, outcome);
                     });
}

void ChangeQueue::put_back(const std::shared_ptr<Step>& step, const Outcome& outcome) {
    step->over = true;
    if (*step->wanted == *step->before || !file_) return end(step, outcome);
    auto kept = std::make_shared<Status>(Done{});
    aside_([file = *file_, before = step->before, wanted = step->wanted,
            kept] { *kept = file.write(*wanted, *before); },
           [this, alive = alive_, step, kept, outcome] {
               if (!*alive) return;
               if (*kept) return end(step, outcome);
               Refused worse = *refused(outcome);
               worse.text += " What was asked for before could not be kept either: " +
                             kept->error().message() + ".";
               end(step, worse);
           });
}

void ChangeQueue::end(const std::shared_ptr<Step>& step, const Outcome& outcome) {
    step->over = true;
    const Refused* why = refused(outcome);
    if (!why) asked_ = step->wanted;
    // Who was told that something is done finds it so.
    observer_.set_management(manager_, asked_, [this, alive = alive_, step, outcome] {
        if (*alive) answer(step, outcome);
    });
}

void ChangeQueue::answer(const std::shared_ptr<Step>& step, const Outcome& outcome) {
    step_.reset();
    wake();
    const Refused* why = refused(outcome);
    const bool about_one = why && why->why != Refusal::TryAgain && why->why != Refusal::TimedOut;
    if (about_one && step->changes.size() > 1) {
        for (auto change = step->changes.rbegin(); change != step->changes.rend(); ++change) {
            change->alone = true;
            waiting_.push_front(std::move(*change));
        }
        return;
    }
    const auto alive = alive_;
    for (Change& change : step->changes) {
        change.ended(outcome);
        if (!*alive) return;
    }
}

// What was kept is made true by a manager that takes charge; nobody waits for it.
void ChangeQueue::resume() {
    auto step = std::make_shared<Step>();
    step->before = step->wanted = asked_;
    step_ = step;
    manager_->resume(*asked_, [this, alive = alive_, step](const Outcome& outcome) {
        if (!*alive || step->over) return;
        if (const Refused* why = refused(outcome))
            trouble_("What was asked for before is not in force: " + why->text);
        end(step, outcome);
    });
    observer_.policy_changed(); // it knows of settings since then
}

void ChangeQueue::tell(const Intents& shown) {
    observer_.set_management(manager_, std::make_shared<const Intents>(shown), nullptr);
}

} // namespace mpapi::paths
