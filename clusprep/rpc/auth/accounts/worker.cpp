// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/worker.hpp"

#include "common/system/signals_blocked.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace mpapi::rpc {

struct Worker::Shared {
    std::mutex mutex;
    std::condition_variable wanted;
    std::deque<Work> waiting;
    std::vector<std::function<void()>> yielded;
    bool over = false;
    std::size_t most = 0;
    Fd told; // an eventfd: there is something in `yielded`

    void run();
};

void Worker::Shared::run() {
    for (;;) {
        Work work;
        {
            std::unique_lock lock(mutex);
            wanted.wait(lock, [&] { return over || !waiting.empty(); });
            if (over) return;
            work = std::move(waiting.front());
            waiting.pop_front();
        }
        auto result = work();
        const std::lock_guard lock(mutex);
        if (over) return;
        yielded.push_back(std::move(result));
        ::eventfd_write(told.get(), 1);
    }
}

Result<std::unique_ptr<Worker>> Worker::start(sd_event* loop, std::size_t most) {
    std::unique_ptr<Worker> worker(new Worker);
    worker->shared_ = std::make_shared<Shared>();
    worker->shared_->most = most;
    worker->shared_->told.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!worker->shared_->told) return Error{"create", "eventfd", "", errno};
    sd_event_source* source = nullptr;
    if (const int r = sd_event_add_io(loop, &source, worker->shared_->told.get(), EPOLLIN, yielded,
                                      worker.get());
        r < 0)
        return Error{"watch", "eventfd", "", -r};
    worker->source_.reset(source);
    const SignalsBlocked blocked; // they are for the loop
    try {
        std::thread([shared = worker->shared_] { shared->run(); }).detach();
    } catch (const std::system_error& failed) {
        return Error{"start", "thread", "", failed.code().value()};
    }
    return worker;
}

Worker::~Worker() {
    if (!shared_) return;
    const std::lock_guard lock(shared_->mutex);
    shared_->over = true;
    shared_->waiting.clear();
    shared_->yielded.clear();
    shared_->wanted.notify_one();
}

bool Worker::submit(Work work) {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->waiting.size() >= shared_->most) return false;
    shared_->waiting.push_back(std::move(work));
    shared_->wanted.notify_one();
    return true;
}

int Worker::yielded(sd_event_source*, int fd, std::uint32_t, void* data) {
    const auto shared = static_cast<Worker*>(data)->shared_; // the results may destroy the worker
    eventfd_t count = 0;
    ::eventfd_read(fd, &count);
    std::vector<std::function<void()>> results;
    {
        const std::lock_guard lock(shared->mutex);
        results.swap(shared->yielded);
    }
    for (const auto& result : results) {
        {
            const std::lock_guard lock(shared->mutex);
            if (shared->over) break;
        }
        result();
    }
    return 0;
}

} // namespace mpapi::rpc
