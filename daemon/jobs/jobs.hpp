// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The jobs there are. One that has ended can be looked at for a while. No bus in here and no loop:
// an observer (job_objects.hpp) is told what to show and when to call again.
//
// To wire it: make the lookup (holders::SystemLookup; san::MapHolders over the embedded SAN), then
// Jobs with it, then JobObjects over Jobs; Inventory::add_listener(jobs); Publisher::also_manage()
// with JobObjects::append_all(). LogicalUnit.Remove calls start_removal() once the caller is known
// to be allowed and the unit has been found again; how that ends is told to tell_ends(), for the
// journal. They go in this order: publisher, objects, jobs, lookup.
#pragma once

#include "common/result.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/jobs/removal.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

namespace mpapi::jobs {

// "/org/mpapi/Multipath1/job/3"
std::string object_path(std::uint64_t number);

// Told from within calls of Jobs; must not call back.
class JobsObserver {
  public:
    virtual void job_added(const Job& job) = 0;
    virtual void job_changed(const Job& before, const Job& after) = 0;
    virtual void job_removed(const Job& job) = 0;
    // When pass() is to be called; nothing: not until told otherwise.
    virtual void due_at(std::optional<Removal::Clock::time_point> when) = 0;

  protected:
    ~JobsObserver() = default;
};

class Jobs final : public daemon::ModelListener {
  public:
    using Clock = Removal::Clock;
    using RemoveMap = std::function<void(const model::LogicalUnit&, paths::Ended)>;

    struct Clocks {
        std::function<Clock::time_point()> now = Clock::now;
        std::function<model::Time()> realtime;
    };

    static constexpr std::size_t kMostRunning = 16;
    static constexpr std::size_t kMostNewer = 64; // than one that has ended
    static constexpr std::chrono::minutes kKept{10};
    static constexpr std::chrono::hours kLongestWait{7 * 24};

    // References outlive the jobs. `remove` takes the map away in line with other changes
    // (paths::ChangeQueue::remove); it may be answered from within.
    Jobs(const daemon::ModelSource& model, holders::Lookup& lookup, RemoveMap remove,
         Clocks clocks);
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;

    // Null: none.
    void set_observer(JobsObserver* observer);
    // Called once with each job that has ended; must not call back.
    void tell_ends(std::function<void(const Job&)> ended);

    // The object path of the job that removes the unit, waiting up to `wait` for those who hold it
    // (0: not at all). Fails with EBUSY where it is being removed already or too much is.
    Result<std::string> start_removal(const model::LogicalUnit& unit, uid_t user,
                                      std::chrono::microseconds wait);

    // By who started it and by root. Fails with EACCES; ENOENT where there is no such job. One that
    // has ended stays as it ended.
    Status cancel(std::uint64_t number, uid_t user);

    const Job* find(std::uint64_t number) const;
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const auto& [number, entry] : entries_)
            visit(entry.told);
    }

    void pass();

    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events, Clock::time_point cause) override;

  private:
    struct Entry {
        std::shared_ptr<Removal> removal; // null once it has ended
        Job told;
        Clock::time_point ended_at{};
    };

    void changed(std::uint64_t number);
    void sweep();
    void tell_due();

    const daemon::ModelSource& model_;
    Clocks clocks_;
    Removal::Means means_;
    JobsObserver* observer_ = nullptr;
    std::function<void(const Job&)> ended_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Entry> entries_;
};

} // namespace mpapi::jobs
