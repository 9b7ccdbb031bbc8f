// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/jobs/removal.hpp"

#include "daemon/publish/errors.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::jobs {

namespace {

namespace error = publish::error;

constexpr std::size_t kNamed = 3; // in a message

std::string in_words(const holders::Holder& holder) {
    const bool process = holder.kind == holders::Kind::Process;
    std::string words = (process ? "process " : "") + holder.name;
    if (!holder.detail.empty()) words += " (" + holder.detail + ")";
    return words;
}

// "/srv/db (xfs on /dev/mapper/mpatha), process 4711 (dd, user 0) and 2 more"
std::string in_words(const std::vector<holders::Holder>& holders) {
    std::string words;
    for (std::size_t at = 0; at < std::min(holders.size(), kNamed); ++at)
        words += (at ? ", " : "") + in_words(holders[at]);
    if (holders.size() > kNamed)
        words += " and " + std::to_string(holders.size() - kNamed) + " more";
    return words;
}

std::string sentence(std::string words) {
    if (!words.empty() && words.front() >= 'a' && words.front() <= 'z')
        words.front() = static_cast<char>(words.front() - 'a' + 'A');
    return words + ".";
}

} // namespace

Removal::Removal(Job job, const model::LogicalUnit& unit, std::chrono::microseconds wait,
                 const Means& means, std::function<void()> changed)
  : job_(std::move(job))
  , unit_(unit.id)
  , name_(unit.name)
  , means_(means)
  , changed_(std::move(changed)) {
    job_.kind = "remove";
    job_.stage = "looking who holds the map";
    if (wait.count() > 0) deadline_ = means_.now() + wait;
}

void Removal::start() {
    look();
}

// A unit has a life of its own while this waits: each time it is found again, by its lasting id.
void Removal::look() {
    const auto unit = means_.find(unit_);
    if (!unit) return end(State::Done, "", "The map " + name_ + " is gone already.");
    step_ = Step::Looking;
    looked_at_ = means_.now();
    changed_();
    means_.lookup->look(unit->number, [weak = weak_from_this()](const holders::Findings& found) {
        const auto self = weak.lock();
        if (self && self->step_ == Step::Looking) self->looked(found);
    });
}

void Removal::looked(const holders::Findings& found) {
    job_.holders = found.holders;
    // Partitions that nobody uses are in nobody's way until the path manager says that they are.
    if (refusal_)
        job_.holders.insert(job_.holders.end(), found.partitions.begin(), found.partitions.end());
    if (job_.holders.size() > kMostHolders) job_.holders.resize(kMostHolders);
    trouble_ = found.trouble.empty() ? "" : " " + sentence(found.trouble);
    job_.message = trouble_.empty() ? "" : trouble_.substr(1);
    if (found.holders.empty() && !refusal_) return remove();
    if (deadline_ && means_.now() < *deadline_) return wait();
    if (deadline_) return give_up(error::kTimedOut, " is still in use");
    give_up(error::kTryAgain, " is in use");
}

void Removal::give_up(const char* error, const std::string& opening) {
    std::string message = "The map " + name_ + opening;
    if (job_.holders.empty()) {
        // The kernel knows of somebody whom nobody finds.
        message +=
            ": " + refusal_.value_or("") +
            " Nobody was found who holds it; a target (LIO, nvmet) or a file system that was "
            "unmounted lazily leaves no trace.";
    } else {
        message += ": " + in_words(job_.holders) + ".";
        const std::string& remedy = job_.holders.front().remedy;
        if (!remedy.empty()) message += " " + sentence(remedy + ", then try again");
    }
    end(State::Failed, error, message + trouble_);
}

void Removal::wait() {
    step_ = Step::Waiting;
    job_.stage = job_.holders.empty() ? "waiting until nobody has the map open"
                                      : "waiting for " + in_words(job_.holders);
    refusal_.reset();
    due_ = std::min(means_.now() + kLookAgain, *deadline_);
    if (!watch_)
        watch_ = means_.lookup->watch([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->holders_moved();
        });
    changed_();
}

void Removal::holders_moved() {
    if (step_ != Step::Waiting) return;
    due_ = std::min(due_, looked_at_ + kLookAgainAtMost);
    changed_();
}

void Removal::remove() {
    const auto unit = means_.find(unit_);
    if (!unit) return end(State::Done, "", "The map " + name_ + " is gone already.");
    step_ = Step::Removing;
    job_.stage = "removing the map";
    changed_();
    means_.remove(*unit, [weak = weak_from_this()](const paths::Outcome& outcome) {
        const auto self = weak.lock();
        if (self && self->step_ == Step::Removing) self->removed(outcome);
    });
}

void Removal::removed(const paths::Outcome& outcome) {
    const auto* refused = paths::refused(outcome);
    if (!refused || !means_.find(unit_)) return follow();
    if (canceled_) return end(State::Canceled, "", refused->text);
    if (refused->why != paths::Refusal::TryAgain)
        return end(State::Failed, error::name_for(refused->why), refused->text);
    // Somebody came, or was not seen: perhaps by now.
    refusal_ = refused->text;
    look();
}

void Removal::follow() {
    if (!means_.find(unit_)) return end(State::Done, "", "The map " + name_ + " was removed.");
    step_ = Step::Following;
    job_.stage = "waiting until the map is gone";
    due_ = means_.now() + kModelFollows;
    changed_();
}

void Removal::model_changed(const model::Snapshot& now) {
    if (step_ == Step::Ended || now.units.find(unit_)) return;
    if (step_ == Step::Following)
        end(State::Done, "", "The map " + name_ + " was removed.");
    else if (step_ != Step::Removing) // who removes it tells how that ended
        end(State::Done, "", "The map " + name_ + " was removed by somebody else.");
}

void Removal::cancel() {
    if (step_ == Step::Looking || step_ == Step::Waiting)
        return end(State::Canceled, "", "Canceled; the map " + name_ + " was left as it is.");
    if (step_ != Step::Removing) return;
    canceled_ = true;
    job_.stage = "removing the map; it will not be tried again";
    changed_();
}

std::optional<Removal::Clock::time_point> Removal::due() const {
    if (step_ == Step::Waiting || step_ == Step::Following) return due_;
    return std::nullopt;
}

void Removal::pass() {
    if (!due() || means_.now() < due_) return;
    if (step_ == Step::Waiting) return look();
    end(State::Failed, error::kTimedOut,
        "The map " + name_ + " was removed, but is still, or again, there.");
}

void Removal::end(State state, const char* error, std::string message) {
    step_ = Step::Ended;
    job_.state = state;
    job_.stage.clear();
    job_.error = error;
    job_.message = std::move(message);
    if (state == State::Done) {
        job_.progress = 1;
        job_.holders.clear();
    }
    changed_();
}

} // namespace mpapi::jobs
