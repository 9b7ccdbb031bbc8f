// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CleanUpEvictedNode (MS-CSVP 3.6.4.1): after a delay, everything on this host that makes it part
// of a cluster goes: the cluster service is stopped, the secret, our reservations and our claims on
// disks are removed. That the secret goes deviates from 3.8.4.1, by which only ConfigSvcSecret
// changes it: an evicted node has no business with it.
//
// There is one job at a time, in a file until it has ended. The cleanup timer of a caller runs from
// its call on, during the delay too; when it expires the caller is told and the job goes on. A call
// while there is a job joins it: the shorter delay and the more thorough flags count. A step that
// fails does not keep the others from being done; its error is what callers are told. A job that
// ended, well or not, is over: whoever wants it again calls again. Loop thread only.
#pragma once

#include "clusprep/interfaces/node.hpp"
#include "clusprep/node/cleanup/job.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::node {

// Calls back once after some time; dropping the handle calls it off.
class Timers {
  public:
    virtual ~Timers() = default;
    using Handle = std::shared_ptr<void>;
    virtual Handle after(std::chrono::microseconds time, std::function<void()> then) = 0;
};

class Cleanup final : public csvp::Cleanup {
  public:
    // Of the work; each calls back once and never when the Cleanup is gone by then.
    using Then = std::function<void(Status)>;
    struct Means {
        std::function<std::chrono::system_clock::time_point()> now;
        Timers* timers = nullptr;
        // Stops the configured service; without `wait` it is enough that it was told to.
        std::function<void(bool wait, Then then)> stop_service;
        std::function<void(Then then)> remove_secret;
        std::function<void(Then then)> release_disks; // reservations, defences and claims of ours
        std::function<void(const std::string& notice)> note;
    };

    // `file`: where the job is kept, in a directory that only this user writes to.
    Cleanup(std::string file, Means means);
    ~Cleanup() override;
    Cleanup(const Cleanup&) = delete;
    Cleanup& operator=(const Cleanup&) = delete;

    // Goes on with what an earlier process left. A file that says nothing is told and removed.
    Status resume();

    void clean_up(const csvp::CleanupOrder& order, csvp::Completion<Done> done) override;

    bool under_way() const { return job_.has_value(); }

  private:
    struct Waiter {
        csvp::Completion<Done> done;
        Timers::Handle timer;
    };

    std::int64_t now() const;
    Status keep();
    void schedule();
    void work();
    void step(std::size_t number);
    void end();
    void expire(const Waiter* waiter);

    std::string file_;
    Means means_;
    std::optional<CleanupJob> job_;
    Timers::Handle delay_;
    bool working_ = false;
    std::optional<CleanupJob> doing_; // the flags that the work under way began with
    std::optional<Error> failed_;
    std::list<Waiter> waiters_;
};

} // namespace mpapi::node
