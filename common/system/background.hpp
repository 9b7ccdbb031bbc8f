// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One thread for what takes longer than the loop may stand still: writing snapshots and documents.
// It touches nothing but what it was given; what it made is taken up on the loop's thread.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace mpapi {

class Background {
  public:
    static Result<std::unique_ptr<Background>> create(sd_event* loop);
    // Waits for the work under way; what waits behind it, and what was not taken up, is dropped.
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    // `work` runs on the thread, then `done` on the loop's; in the order of submission.
    void submit(std::function<void()> work, std::function<void()> done);

  private:
    struct Job {
        std::function<void()> work;
        std::function<void()> done;
    };

    explicit Background(Fd wake);
    void run();
    static int take_up(sd_event_source*, int fd, std::uint32_t, void* userdata);

    Fd wake_; // eventfd: something is finished
    EventSource source_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> waiting_;
    std::deque<Job> finished_;
    bool stop_ = false;
    std::thread thread_; // started with the first job
};

} // namespace mpapi
