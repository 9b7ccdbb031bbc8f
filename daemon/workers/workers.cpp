// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/workers/workers.hpp"

#include "common/system/handle.hpp"

#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace mpapi::daemon {

namespace {

using Clock = std::chrono::steady_clock;

using Microseconds = std::chrono::microseconds;

constexpr std::int64_t kNever = INT64_MAX;

std::int64_t ticks(Clock::time_point when) {
    return std::chrono::duration_cast<Microseconds>(when.time_since_epoch()).count();
}

// One worker, as both threads see it. What it does is guarded by Shared::mutex. How far it is must
// cost nothing to tell, five times a job: so these are atomics, the deadline last. Whoever reads
// them while the next command begins may name that one; then the worker is about to come back.
struct Worker {
    std::shared_ptr<Job> job; // null: idle
    bool stuck = false;

    std::atomic<const char*> command{nullptr};
    std::atomic<std::int64_t> limit{0}; // microseconds
    std::atomic<std::int64_t> deadline{kNever};

    void rest() {
        job.reset();
        stuck = false;
        deadline.store(kNever, std::memory_order_release);
        command.store(nullptr, std::memory_order_relaxed);
    }
};

// Something for the loop to do with a job.
struct Outcome {
    enum class Kind : std::uint8_t { Done, Stalled, Refused, Returned };
    std::shared_ptr<Job> job;
    Kind kind = Kind::Done;
    std::unique_ptr<Stall> stall;

    void deliver() const {
        switch (kind) {
        case Kind::Done:
            return job->done();
        case Kind::Stalled:
            return job->stalled(*stall);
        case Kind::Refused:
            job->stalled(*stall);
            return job->returned();
        case Kind::Returned:
            return job->returned();
        }
    }
};

struct HostQueue {
    std::deque<std::shared_ptr<Job>> waiting;
    unsigned running = 0; // not the stuck ones
    unsigned stuck = 0;
    bool listed = false; // stands in Shared::ready
};

// Outlives the pool while a stuck worker still refers to it.
struct Shared {
    std::mutex mutex;
    std::condition_variable work_available;
    std::condition_variable worker_left;
    std::map<std::uint32_t, HostQueue> hosts;
    std::deque<std::uint32_t> ready; // hosts that have work and a free place, in turn
    std::vector<Outcome> done;
    unsigned per_host = 1;
    unsigned idle = 0;
    bool waking = false; // one of them was told, and has not begun yet
    unsigned alive = 0;
    unsigned stuck = 0;
    std::size_t waiting = 0;
    std::atomic<std::uint64_t> commands{0};
    std::uint64_t stalled = 0;
    bool closing = false;
    Fd wake; // eventfd, counts as one "look at `done`"

    void post(Outcome outcome) {
        done.push_back(std::move(outcome));
        if (done.size() == 1) notify_loop();
    }

    void notify_loop() const {
        const std::uint64_t one = 1;
        while (::write(wake.get(), &one, sizeof one) < 0 && errno == EINTR) {
        }
    }

    // The host goes to the end of the line whenever it has work that may run.
    void offer(std::uint32_t number, HostQueue& host) {
        if (host.listed || host.waiting.empty() || host.running + host.stuck >= per_host) return;
        host.listed = true;
        ready.push_back(number);
    }

    // One at a time: whoever begins wakes the next if there is still work. Short jobs are done by
    // then, and waking somebody for nothing costs more than they do.
    void wake_worker() {
        if (idle == 0 || waking || ready.empty()) return;
        waking = true;
        work_available.notify_one();
    }
};

class Reporter final : public Progress {
  public:
    Reporter(Shared& shared, Worker& worker)
      : shared_(shared)
      , worker_(worker) {}

    void begin(const char* command, std::chrono::milliseconds limit) override {
        shared_.commands.fetch_add(1, std::memory_order_relaxed);
        worker_.command.store(command, std::memory_order_relaxed);
        worker_.limit.store(Microseconds(limit).count(), std::memory_order_relaxed);
        worker_.deadline.store(ticks(Clock::now() + limit), std::memory_order_release);
    }

  private:
    Shared& shared_;
    Worker& worker_;
};

void finish(Shared& shared, Worker& worker) {
    const std::uint32_t number = worker.job->host;
    HostQueue& host = shared.hosts[number];
    if (worker.stuck) {
        --host.stuck;
        --shared.stuck;
        shared.post({std::move(worker.job), Outcome::Kind::Returned, nullptr});
    } else {
        --host.running;
        shared.post({std::move(worker.job), Outcome::Kind::Done, nullptr});
    }
    shared.offer(number, host);
    // Hosts come and go, each with a number of its own: a session that ended leaves nothing here.
    if (host.running == 0 && host.stuck == 0 && host.waiting.empty() && !host.listed)
        shared.hosts.erase(number);
    worker.rest();
}

void work(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Worker>& self,
          unsigned wanted_workers) {
    pthread_setname_np(pthread_self(), "worker");
    std::unique_lock lock(shared->mutex);
    for (;;) {
        // A worker that came back finds its replacement at work: one of them is too many.
        if (shared->closing || shared->alive - shared->stuck > wanted_workers) break;
        if (shared->ready.empty()) {
            ++shared->idle;
            shared->work_available.wait(lock);
            --shared->idle;
            shared->waking = false;
            continue;
        }
        const std::uint32_t number = shared->ready.front();
        shared->ready.pop_front();
        HostQueue& host = shared->hosts[number];
        host.listed = false;
        if (host.waiting.empty() || host.running + host.stuck >= shared->per_host) continue;
        self->job = std::move(host.waiting.front());
        host.waiting.pop_front();
        --shared->waiting;
        ++host.running;
        shared->offer(number, host);
        shared->wake_worker();

        Reporter reporter(*shared, *self);
        lock.unlock();
        self->job->run(reporter);
        lock.lock();
        finish(*shared, *self);
    }
    --shared->alive;
    shared->wake_worker();
    shared->worker_left.notify_all();
}

std::string seconds_text(Microseconds exact) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(exact);
    std::string text = std::to_string(time.count() / 1000);
    if (const auto rest = time.count() % 1000) {
        std::string digits = std::to_string(1000 + rest).substr(1);
        digits.erase(digits.find_last_not_of('0') + 1);
        text += "." + digits;
    }
    return text + " s";
}

} // namespace

class Workers::Pool {
  public:
    Pool(sd_event* loop, const Config::Commands& limits)
      : loop_(loop)
      , limits_(limits)
      , shared_(std::make_shared<Shared>()) {}

    ~Pool() { close(std::chrono::milliseconds(0)); }

    unsigned close(std::chrono::milliseconds patience) {
        std::unique_lock lock(shared_->mutex);
        shared_->closing = true;
        shared_->work_available.notify_all();
        shared_->worker_left.wait_for(lock, patience,
                                      [this] { return shared_->alive == shared_->stuck; });
        shared_->done.clear();
        return shared_->alive;
    }

    Status start() {
        shared_->per_host = std::max(1u, limits_.per_host);
        shared_->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!shared_->wake) return Error{"create", "eventfd", "", errno};
        sd_event_source* source = nullptr;
        int r = sd_event_add_io(loop_, &source, shared_->wake.get(), EPOLLIN, on_wake, this);
        if (r < 0) return Error{"watch", "eventfd", "", -r};
        wake_source_.reset(source);
        r = sd_event_add_defer(loop_, &source, on_hand_over, this);
        if (r < 0) return Error{"add", "hand-over source", "", -r};
        hand_over_source_.reset(source);
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        r = sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, UINT64_MAX, 0, on_deadline, this);
        if (r < 0) return Error{"add", "deadline timer", "", -r};
        deadline_source_.reset(source);
        r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (r < 0) return Error{"disarm", "deadline timer", "", -r};
        return Done{};
    }

    // Handed over once a turn of the loop: workers are woken for many jobs at a time, not for each.
    void submit(std::shared_ptr<Job> job) {
        if (submitted_.empty())
            sd_event_source_set_enabled(hand_over_source_.get(), SD_EVENT_ONESHOT);
        submitted_.push_back(std::move(job));
    }

    WorkCounters counters() const {
        std::lock_guard lock(shared_->mutex);
        WorkCounters counters;
        counters.commands = shared_->commands.load(std::memory_order_relaxed);
        counters.commands_stalled = shared_->stalled;
        counters.commands_stuck = shared_->stuck;
        counters.workers = shared_->alive;
        counters.jobs_waiting = shared_->waiting + submitted_.size();
        return counters;
    }

  private:
    static int on_hand_over(sd_event_source*, void* self) {
        static_cast<Pool*>(self)->hand_over();
        return 0;
    }

    void hand_over() {
        std::lock_guard lock(shared_->mutex);
        for (auto& job : submitted_) {
            const std::uint32_t number = job->host;
            HostQueue& host = shared_->hosts[number];
            if (const std::string why = refusal(number, host); !why.empty()) {
                refuse(std::move(job), why);
                continue;
            }
            host.waiting.push_back(std::move(job));
            ++shared_->waiting;
            shared_->offer(number, host);
            shared_->wake_worker();
            if (shared_->waiting > shared_->idle) start_worker();
        }
        submitted_.clear();
        watch_deadlines();
    }

    // With the mutex held, all of these.
    bool exhausted() const { return shared_->stuck >= limits_.threads + limits_.replacements; }

    // Why nobody would ever come for work of this host; empty when somebody will.
    std::string refusal(std::uint32_t number, const HostQueue& host) const {
        if (exhausted())
            return "all " + std::to_string(shared_->stuck) +
                   " workers wait for commands that do not return";
        if (host.stuck >= shared_->per_host)
            return "host" + std::to_string(number) + " has " + std::to_string(host.stuck) +
                   " commands that do not return";
        return {};
    }

    void refuse(std::shared_ptr<Job> job, const std::string& why) {
        shared_->post({std::move(job), Outcome::Kind::Refused,
                       std::make_unique<Stall>(Stall{"", why, std::chrono::system_clock::now()})});
    }

    void start_worker() {
        const unsigned allowed = limits_.threads + std::min(shared_->stuck, limits_.replacements);
        if (shared_->alive >= allowed) return;
        auto worker = std::make_shared<Worker>();
        try {
            std::thread thread(work, shared_, worker, limits_.threads);
            thread.detach(); // a stuck one can never be joined; ~Pool waits for the others
        } catch (const std::system_error&) {
            return; // a limit on tasks: those that there are do it, or write_off() tries again
        }
        ++shared_->alive;
        // Forget the records of workers that left.
        std::erase_if(workers_, [](const std::weak_ptr<Worker>& w) { return w.expired(); });
        workers_.push_back(worker);
    }

    // One timer for all commands, armed only while something runs: never later than the earliest
    // deadline, and one limit ahead for work whose command has not begun.
    void watch_deadlines() {
        if (timer_armed_) return;
        arm(Clock::now() + limits_.timeout);
    }

    void arm(Clock::time_point when) {
        const auto usec =
            std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
        sd_event_source_set_time(deadline_source_.get(), static_cast<std::uint64_t>(usec));
        sd_event_source_set_enabled(deadline_source_.get(), SD_EVENT_ONESHOT);
        timer_armed_ = true;
    }

    static int on_wake(sd_event_source*, int fd, std::uint32_t, void* self) {
        std::uint64_t count = 0;
        while (::read(fd, &count, sizeof count) < 0 && errno == EINTR) {
        }
        static_cast<Pool*>(self)->run_completions();
        return 0;
    }

    // Bounded, so that a flood of answers does not keep a reader waiting.
    void run_completions() {
        constexpr auto slice = std::chrono::milliseconds(2);
        const auto until = Clock::now() + slice;
        for (;;) {
            if (current_.empty()) {
                std::lock_guard lock(shared_->mutex);
                current_.swap(shared_->done);
                next_ = 0;
            }
            if (current_.empty()) return;
            while (next_ < current_.size()) {
                const Outcome outcome = std::move(current_[next_++]);
                outcome.deliver();
                if (Clock::now() >= until) {
                    shared_->notify_loop();
                    return;
                }
            }
            current_.clear();
        }
    }

    static int on_deadline(sd_event_source*, std::uint64_t, void* self) {
        static_cast<Pool*>(self)->write_off();
        return 0;
    }

    void write_off() {
        std::lock_guard lock(shared_->mutex);
        timer_armed_ = false;
        const auto now = Clock::now();
        auto next = Clock::time_point::max();
        std::vector<std::shared_ptr<Worker>> overdue; // giving up starts workers: not while walking
        for (const auto& weak : workers_) {
            auto worker = weak.lock();
            if (!worker || !worker->job || worker->stuck) continue;
            const std::int64_t deadline = worker->deadline.load(std::memory_order_acquire);
            if (deadline <= ticks(now))
                overdue.push_back(std::move(worker));
            else // kNever: its first command has not begun
                next =
                    std::min(next, now + std::min<Microseconds>(Microseconds(deadline - ticks(now)),
                                                                limits_.timeout));
        }
        for (const auto& worker : overdue)
            give_up(*worker);
        if (shared_->waiting > shared_->idle) start_worker();
        if (shared_->waiting > 0) next = std::min(next, now + limits_.timeout);
        if (next != Clock::time_point::max()) arm(next);
    }

    void give_up(Worker& worker) {
        worker.stuck = true;
        ++shared_->stalled;
        ++shared_->stuck;
        const std::uint32_t number = worker.job->host;
        HostQueue& host = shared_->hosts[number];
        --host.running;
        ++host.stuck;
        const char* command = worker.command.load(std::memory_order_relaxed);
        const Microseconds limit(worker.limit.load(std::memory_order_relaxed));
        const Microseconds late(ticks(Clock::now()) -
                                worker.deadline.load(std::memory_order_relaxed));
        shared_->post({worker.job, Outcome::Kind::Stalled,
                       std::make_unique<Stall>(
                           Stall{command ? command : "", "no answer after " + seconds_text(limit),
                                 std::chrono::system_clock::now() - late - limit})});
        for (auto& [other, queue] : shared_->hosts)
            if (other == number || exhausted()) refuse_waiting(other, queue);
        if (shared_->waiting > 0) {
            start_worker();
            shared_->offer(number, host);
            shared_->wake_worker();
        }
    }

    void refuse_waiting(std::uint32_t number, HostQueue& host) {
        const std::string why = refusal(number, host);
        if (why.empty()) return;
        shared_->waiting -= host.waiting.size();
        for (auto& job : host.waiting)
            refuse(std::move(job), why);
        host.waiting.clear();
    }

    sd_event* loop_;
    Config::Commands limits_;
    std::shared_ptr<Shared> shared_;
    std::vector<std::weak_ptr<Worker>> workers_;
    std::vector<std::shared_ptr<Job>> submitted_; // in this turn of the loop
    EventSource hand_over_source_;
    EventSource wake_source_;
    EventSource deadline_source_;
    bool timer_armed_ = false;
    std::vector<Outcome> current_; // being run, from next_ on
    std::size_t next_ = 0;
};

Workers::Workers(std::unique_ptr<Pool> pool)
  : pool_(std::move(pool)) {}
Workers::~Workers() = default;

Result<std::unique_ptr<Workers>> Workers::create(sd_event* loop, const Config::Commands& limits) {
    auto pool = std::make_unique<Pool>(loop, limits);
    if (auto started = pool->start(); !started) return started.error();
    return std::unique_ptr<Workers>(new Workers(std::move(pool)));
}

unsigned Workers::close(std::chrono::milliseconds patience) {
    return pool_->close(patience);
}
void Workers::submit(std::shared_ptr<Job> job) {
    pool_->submit(std::move(job));
}
WorkCounters Workers::counters() const {
    return pool_->counters();
}

} // namespace mpapi::daemon
