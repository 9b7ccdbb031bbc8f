// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/jobs/jobs.hpp"

#include "common/bus/object_label.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace mpapi::jobs {

std::string object_path(std::uint64_t number) {
    return std::string(bus::kRoot) + "/job/" + std::to_string(number);
}

Jobs::Jobs(const daemon::ModelSource& model, holders::Lookup& lookup, RemoveMap remove,
           Clocks clocks)
  : model_(model)
  , clocks_(std::move(clocks))
  , means_{clocks_.now,
           [this](model::Sequence id) -> std::optional<model::LogicalUnit> {
               const auto snapshot = model_.snapshot();
               const auto* unit = snapshot->units.find(id);
               return unit ? std::optional(unit->unit) : std::nullopt;
           },
           &lookup, std::move(remove)} {}

void Jobs::set_observer(JobsObserver* observer) {
    observer_ = observer;
}

void Jobs::tell_ends(std::function<void(const Job&)> ended) {
    ended_ = std::move(ended);
}

Result<std::string> Jobs::start_removal(const model::LogicalUnit& unit, uid_t user,
                                        std::chrono::microseconds wait) {
    std::size_t running = 0;
    for (const auto& [number, entry] : entries_) {
        if (!entry.removal) continue;
        ++running;
        if (entry.removal->unit() == unit.id)
            return Error{"remove", unit.name, object_path(number) + " does so already", EBUSY};
    }
    if (running >= kMostRunning)
        return Error{"remove", unit.name,
                     std::to_string(running) + " removals are under way; wait for one to end",
                     EBUSY};
    Job job;
    job.number = ++last_;
    job.object = std::string(bus::kRoot) + "/lu/" + bus::escape(unit.key);
    job.user = user;
    job.started_at = clocks_.realtime();
    const auto removal = std::make_shared<Removal>(
        std::move(job), unit, std::min<std::chrono::microseconds>(wait, kLongestWait), means_,
        [this, number = last_] { changed(number); });
    const Job& told =
        entries_.emplace(last_, Entry{removal, removal->job(), {}}).first->second.told;
    if (observer_) observer_->job_added(told);
    std::string path = object_path(last_);
    removal->start();
    sweep();
    return path;
}

Status Jobs::cancel(std::uint64_t number, uid_t user) {
    const auto at = entries_.find(number);
    if (at == entries_.end()) return Error{"cancel", object_path(number), "it is gone", ENOENT};
    if (user != 0 && user != at->second.told.user)
        return Error{"cancel", object_path(number), "only root and who started it may", EACCES};
    // Kept until it returns: ended, it is let go of.
    if (const auto removal = at->second.removal) removal->cancel();
    return Done{};
}

const Job* Jobs::find(std::uint64_t number) const {
    const auto at = entries_.find(number);
    return at == entries_.end() ? nullptr : &at->second.told;
}

void Jobs::pass() {
    std::vector<std::shared_ptr<Removal>> running;
    for (const auto& [number, entry] : entries_)
        if (entry.removal) running.push_back(entry.removal);
    for (const auto& removal : running)
        removal->pass();
    sweep();
}

void Jobs::model_changed(const model::SnapshotPtr&, const model::SnapshotPtr& after,
                         const std::vector<model::Event>&, Clock::time_point) {
    std::vector<std::shared_ptr<Removal>> running;
    for (const auto& [number, entry] : entries_)
        if (entry.removal) running.push_back(entry.removal);
    for (const auto& removal : running)
        removal->model_changed(*after);
}

void Jobs::changed(std::uint64_t number) {
    const auto at = entries_.find(number);
    if (at == entries_.end() || !at->second.removal) return;
    Entry& entry = at->second;
    const Job before = std::exchange(entry.told, entry.removal->job());
    if (entry.told.state != State::Running) {
        entry.ended_at = clocks_.now();
        entry.removal.reset(); // who called this holds it
    }
    if (observer_ && !(before == entry.told)) observer_->job_changed(before, entry.told);
    if (ended_ && !entry.removal) ended_(entry.told);
    tell_due();
}

// Ended ones that are too old, or have too many behind them.
void Jobs::sweep() {
    const auto now = clocks_.now();
    std::size_t newer = entries_.size();
    for (auto at = entries_.begin(); at != entries_.end();) {
        --newer;
        const Entry& entry = at->second;
        if (entry.removal || (newer < kMostNewer && now - entry.ended_at < kKept)) {
            ++at;
            continue;
        }
        const Job gone = entry.told;
        at = entries_.erase(at);
        if (observer_) observer_->job_removed(gone);
    }
    tell_due();
}

void Jobs::tell_due() {
    if (!observer_) return;
    std::optional<Clock::time_point> first;
    for (const auto& [number, entry] : entries_) {
        const auto due = entry.removal ? entry.removal->due() : entry.ended_at + kKept;
        if (due && (!first || *due < *first)) first = due;
    }
    observer_->due_at(first);
}

} // namespace mpapi::jobs
