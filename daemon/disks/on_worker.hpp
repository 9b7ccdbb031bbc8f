// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A function on a worker (daemon/workers), its result on the loop. Where the worker does not come
// back in the time it announced the result is ETIMEDOUT, and what the function still brings is
// dropped.
#pragma once

#include "common/result.hpp"
#include "daemon/workers/workers.hpp"

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace mpapi::disks {

template <typename T>
class WorkerJob final : public daemon::Job {
  public:
    // On the worker; all that it touches it owns or outlives every worker. A step that may block
    // follows a call of Progress::begin().
    using Work = std::function<Result<T>(daemon::Progress&)>;
    using Then = std::function<void(Result<T>)>;

    WorkerJob(std::uint32_t scsi_host, std::string object, Work work, Then then)
      : Job(scsi_host)
      , object_(std::move(object))
      , work_(std::move(work))
      , then_(std::move(then)) {}

    void run(daemon::Progress& progress) override { result_ = work_(progress); }
    void done() override { std::exchange(then_, nullptr)(std::move(result_)); }
    void stalled(const daemon::Stall& stall) override {
        std::exchange(then_, nullptr)(
            Error{stall.command.empty() ? "ask" : stall.command, object_, stall.reason, ETIMEDOUT});
    }

  private:
    const std::string object_;
    const Work work_;
    Then then_;
    Result<T> result_ = Error{}; // the worker's until done()
};

// `then` is called once, on the loop, never from within. `object` names in errors what was asked.
template <typename T>
void on_worker(daemon::Workers& workers, std::uint32_t scsi_host, std::string object,
               typename WorkerJob<T>::Work work, typename WorkerJob<T>::Then then) {
    workers.submit(std::make_shared<WorkerJob<T>>(scsi_host, std::move(object), std::move(work),
                                                  std::move(then)));
}

} // namespace mpapi::disks
