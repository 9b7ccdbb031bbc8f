// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one order in which changes are made. What waits while one is made becomes one step after it,
// so that a hundred changes cost multipathd a few reconfigurations; where such a step fails, each
// of its changes is tried alone, so that everyone is told about their own. One that took too long
// is not tried again: with a manager that does not answer each of them would take as long.
//
// A removal of a map is a step of its own, which changes nothing of what is asked for.
//
// A step: edit what is asked for, keep it (intents_file.hpp), have the path manager make it true;
// on failure keep what was asked for before. Ended at any point by kill -9, the next run finds the
// old intents or the new ones and makes them true.
//
// Loop's thread only.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/paths/intents_file.hpp"
#include "daemon/paths/management.hpp"
#include "daemon/paths/path_manager.hpp"
#include "daemon/paths/requests.hpp"

#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace mpapi::paths {

class ChangeQueue {
  public:
    // Runs `work` on another thread, then `done` on the loop.
    using Aside = std::function<void(std::function<void()> work, std::function<void()> done)>;

    // All references outlive the queue, which outlives what it gives to `aside`. Without a file
    // intents are kept in memory. `trouble` is told what nobody waits for.
    ChangeQueue(sd_event* loop, const daemon::ModelSource& model, ManagementObserver& observer,
                std::optional<IntentsFile> file, Aside aside,
                std::function<void(const std::string&)> trouble);
    ~ChangeQueue();
    ChangeQueue(const ChangeQueue&) = delete;
    ChangeQueue& operator=(const ChangeQueue&) = delete;

    // What was kept. Before anything else.
    void begin_with(Intents kept);
    // The model shows what there is. Until then nobody takes charge and nothing is changed: of a
    // unit that the model does not have, what was kept cannot be made true.
    void begin();

    // Who makes tables from now on; null: nobody, and why. One that goes is not called any more; a
    // change that it was making ends with TryAgain.
    void set_manager(PathManager* manager, std::string why_none);

    // Calls `ended` once, later.
    void submit(Target target, Request request, Ended ended);

    // Takes the unit's map away, in line with all other changes. Calls `ended` once, later.
    void remove(model::Sequence unit, Ended ended);

    // Whoever is in force; null: nobody.
    PathManager* manager() const { return manager_; }
    // What to say while there is none.
    Refused nobody() const {
        return {Refusal::TryAgain, "Nothing can be changed now: " + why_none_ + "."};
    }
    const Intents& asked() const { return *asked_; }

  private:
    struct RemoveMap {};
    struct Change {
        Target target;
        std::variant<Request, RemoveMap> what;
        Ended ended;
        bool alone = false; // not in one step with others: a removal, or failed together with them
    };
    struct Step;

    void wake();
    void next();
    void keep(const std::shared_ptr<Step>& step);
    void pursue(const std::shared_ptr<Step>& step);
    void remove_map(const std::shared_ptr<Step>& step);
    void end(const std::shared_ptr<Step>& step, const Outcome& outcome);
    void answer(const std::shared_ptr<Step>& step, const Outcome& outcome);
    void put_back(const std::shared_ptr<Step>& step, const Outcome& outcome);
    void resume();
    void tell(const Intents& shown);

    sd_event* loop_;
    const daemon::ModelSource& model_;
    ManagementObserver& observer_;
    std::optional<IntentsFile> file_;
    Aside aside_;
    std::function<void(const std::string&)> trouble_;

    std::shared_ptr<const Intents> asked_ = std::make_shared<const Intents>();
    PathManager* manager_ = nullptr;
    std::string why_none_ = "the path manager is not known yet";
    std::deque<Change> waiting_;
    std::shared_ptr<Step> step_; // under way
    bool resume_due_ = false;
    bool begun_ = false;
    EventSource wake_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::paths
