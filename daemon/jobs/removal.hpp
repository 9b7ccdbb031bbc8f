// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The removal of a logical unit's map: who holds it is looked at; where nobody does, the path
// manager takes it away; it is done when the model has it no more. It never forces and never
// suspends anything.
//
// What was found is never the reason to remove: the kernel refuses while anybody has the map open,
// and that is the only answer that no mount can outrun. What was found is the reason not to try,
// and what people are told.
//
// With time to wait, holders are waited for: what is mounted or swapped to is announced by the
// kernel, the others are looked for every few seconds.
#pragma once

#include "common/model/snapshot.hpp"
#include "daemon/holders/lookup.hpp"
#include "daemon/jobs/job.hpp"
#include "daemon/paths/outcome.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mpapi::jobs {

class Removal : public std::enable_shared_from_this<Removal> {
  public:
    using Clock = std::chrono::steady_clock;

    struct Means {
        std::function<Clock::time_point()> now;
        // The unit as it is now; nothing where it is gone.
        std::function<std::optional<model::LogicalUnit>(model::Sequence)> find;
        holders::Lookup* lookup = nullptr; // never null
        // In line with other changes: paths::ChangeQueue::remove.
        std::function<void(const model::LogicalUnit&, paths::Ended)> remove;
    };

    static constexpr std::chrono::seconds kLookAgain{5};
    // However often things are mounted and unmounted.
    static constexpr std::chrono::seconds kLookAgainAtMost{1};
    static constexpr std::chrono::seconds kModelFollows{10};
    static constexpr std::size_t kMostHolders = 64; // shown

    // `job` has number, object, user and time. `changed` is called after each step, when what is
    // shown or due may be another; it must not call back.
    Removal(Job job, const model::LogicalUnit& unit, std::chrono::microseconds wait,
            const Means& means, std::function<void()> changed);

    void start();
    // Ends it, or, while the kernel is at it, has it end when it is refused.
    void cancel();
    void model_changed(const model::Snapshot& now);
    // To be called when it is due.
    void pass();
    std::optional<Clock::time_point> due() const;

    const Job& job() const { return job_; }
    model::Sequence unit() const { return unit_; }

  private:
    enum class Step { Looking, Waiting, Removing, Following, Ended };

    void look();
    void looked(const holders::Findings& found);
    void wait();
    void holders_moved();
    void remove();
    void removed(const paths::Outcome& outcome);
    void follow();
    void give_up(const char* error, const std::string& opening);
    void end(State state, const char* error, std::string message);

    Job job_;
    const model::Sequence unit_;
    const std::string name_; // of the map when it began, for messages
    const Means& means_;
    std::function<void()> changed_;
    Step step_ = Step::Looking;
    std::optional<Clock::time_point> deadline_; // of waiting
    Clock::time_point looked_at_{};
    Clock::time_point due_{};
    std::optional<std::string> refusal_; // of the path manager, for the look that follows it
    std::string trouble_;                // with looking
    bool canceled_ = false;
    std::shared_ptr<void> watch_;
};

} // namespace mpapi::jobs
