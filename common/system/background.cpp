// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/background.hpp"

#include "common/system/signals_blocked.hpp"

#include <pthread.h>
#include <sys/eventfd.h>

#include <cerrno>

namespace mpapi {

Background::Background(Fd wake)
  : wake_(std::move(wake)) {}

Result<std::unique_ptr<Background>> Background::create(sd_event* loop) {
    Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return Error{"make an eventfd", "", "", errno};
    std::unique_ptr<Background> background(new Background(std::move(wake)));
    sd_event_source* source = nullptr;
    const int r =
        sd_event_add_io(loop, &source, background->wake_.get(), EPOLLIN, take_up, background.get());
    if (r < 0) return Error{"watch an eventfd", "", "", -r};
    background->source_.reset(source);
    return background;
}

Background::~Background() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Background::submit(std::function<void()> work, std::function<void()> done) {
    {
        std::lock_guard lock(mutex_);
        waiting_.push_back({std::move(work), std::move(done)});
    }
    if (thread_.joinable()) {
        changed_.notify_one();
        return;
    }
    const SignalsBlocked here;
    thread_ = std::thread([this] { run(); });
}

void Background::run() {
    pthread_setname_np(pthread_self(), "publish");
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
        if (stop_) return;
        Job job = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        job.work();
        job.work = nullptr; // what it held (snapshots) is dropped here, not on the loop
        lock.lock();
        finished_.push_back(std::move(job));
        eventfd_write(wake_.get(), 1);
    }
}

int Background::take_up(sd_event_source*, int fd, std::uint32_t, void* userdata) {
    auto* self = static_cast<Background*>(userdata);
    eventfd_t count = 0;
    eventfd_read(fd, &count);
    std::deque<Job> finished;
    {
        std::lock_guard lock(self->mutex_);
        finished.swap(self->finished_);
    }
    for (auto& job : finished)
        job.done();
    return 0;
}

} // namespace mpapi
