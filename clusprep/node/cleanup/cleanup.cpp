// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/cleanup/cleanup.hpp"

#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace mpapi::node {

namespace {

using namespace std::chrono;

constexpr std::size_t kMostBytes = 4096;
// A wall clock that was put back would let a job wait for years: no delay is longer than what
// DelayBeforeCleanup can say.
constexpr microseconds kLongestDelay = milliseconds(UINT32_MAX);

} // namespace

Cleanup::Cleanup(std::string file, Means means)
  : file_(std::move(file))
  , means_(std::move(means)) {}

Cleanup::~Cleanup() = default;

std::int64_t Cleanup::now() const {
    return duration_cast<microseconds>(means_.now().time_since_epoch()).count();
}

Status Cleanup::keep() {
    return replace_file(file_, text(*job_), 0600);
}

Status Cleanup::resume() {
    const auto kept = read_file(file_, kMostBytes);
    if (!kept && kept.error().errnum == ENOENT) return Done{};
    if (!kept) return kept.error();
    const auto job = parse_cleanup_job(*kept);
    if (!job) {
        means_.note(job.error().message() + " (" + file_ + "); it is removed");
        return remove_file(file_);
    }
    means_.note("the cleanup of an evicted node goes on");
    job_ = *job;
    schedule();
    return Done{};
}

void Cleanup::clean_up(const csvp::CleanupOrder& order, csvp::Completion<Done> done) {
    CleanupJob asked;
    asked.due = now() + duration_cast<microseconds>(order.delay).count();
    asked.stop_service = order.stop_service;
    asked.wait_for_service = order.stop_service && order.wait_for_service;
    const auto before = job_;
    job_ = job_ ? joined(*job_, asked) : asked;
    if (job_ != before) {
        if (Status kept = keep(); !kept) {
            job_ = before;
            return done(csvp::Failure{csvp::Hresult::Failed, kept.error()});
        }
    }
    Waiter& waiter = waiters_.emplace_back(Waiter{std::move(done), nullptr});
    waiter.timer = means_.timers->after(order.timeout, [this, &waiter] { expire(&waiter); });
    if (!working_) schedule();
}

void Cleanup::expire(const Waiter* waiter) {
    const auto found = std::find_if(waiters_.begin(), waiters_.end(),
                                    [&](const Waiter& each) { return &each == waiter; });
    if (found == waiters_.end()) return;
    const csvp::Completion<Done> done = std::move(found->done);
    waiters_.erase(found);
    done(csvp::Failure{csvp::Hresult::WaitTimeout,
                       {"wait for", "cleanup", "it goes on", ETIMEDOUT}});
}

void Cleanup::schedule() {
    const microseconds left(std::max<std::int64_t>(job_->due - now(), 0));
    delay_ = means_.timers->after(std::min(left, kLongestDelay), [this] { work(); });
}

void Cleanup::work() {
    working_ = true;
    doing_ = job_;
    failed_.reset();
    means_.note("what makes this host part of a cluster is removed");
    step(0);
}

void Cleanup::step(std::size_t number) {
    const Then then = [this, number](const Status& done) {
        if (!done) {
            means_.note(done.error().message());
            if (!failed_) failed_ = done.error();
        }
        step(number + 1);
    };
    switch (number) {
    case 0:
        if (!doing_->stop_service) return step(1);
        return means_.stop_service(doing_->wait_for_service, then);
    case 1:
        return means_.remove_secret(then);
    case 2:
        return means_.release_disks(then);
    default:
        return end();
    }
}

void Cleanup::end() {
    // Somebody asked for more meanwhile: that a service that still runs is stopped, say.
    if ((job_->stop_service && !doing_->stop_service) ||
        (job_->wait_for_service && !doing_->wait_for_service))
        return work();
    if (Status removed = remove_file(file_); !removed) {
        means_.note(removed.error().message());
        if (!failed_) failed_ = removed.error();
    }
    working_ = false;
    job_.reset();
    delay_.reset();
    means_.note(failed_ ? "the cleanup ended with errors" : "the cleanup has ended");
    // Who is told may call again, or destroy us.
    std::vector<csvp::Completion<Done>> told;
    for (Waiter& waiter : waiters_)
        told.push_back(std::move(waiter.done));
    waiters_.clear();
    const std::optional<Error> failed = failed_;
    for (const auto& done : told) {
        if (failed)
            done(csvp::Failure{csvp::Hresult::Failed, *failed});
        else
            done(Done{});
    }
}

} // namespace mpapi::node
