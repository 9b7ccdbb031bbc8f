// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/reservations.hpp"

#include "common/system/clock.hpp"
#include "common/system/handle.hpp"
#include "daemon/disks/on_worker.hpp"
#include "daemon/disks/reservation_commands.hpp"
#include "daemon/paths/set_groups_command.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

namespace mpapi::disks {

namespace {

using scsi::ReserveOutAction;

constexpr std::uint64_t kAccuracyUs = 10'000;

// Whether another nexus may do what this one could not.
bool may_be_the_path(const Error& error) {
    switch (error.errnum) {
    case EBADE:
    case EOPNOTSUPP:
    case ENOKEY:
        return false;
    default:
        return true;
    }
}

// Sends through one nexus, over a descriptor through which the device has named the unit.
template <typename T>
void through(const Reservations::Means& means, const Disk& disk, const Nexus& nexus,
             std::function<Result<T>(ReservationCommands&)> ask,
             std::function<void(Result<T>)> then) {
    on_worker<T>(
        means.workers, nexus.address.host, nexus.device,
        [hardware = &means.hardware, timeout = means.timeout, unit_name = disk.unit_name,
         device = nexus.device, number = nexus.number,
         ask = std::move(ask)](daemon::Progress& progress) -> Result<T> {
            progress.begin("open", timeout);
            auto opened = hardware->open(device, number);
            if (!opened) return opened.error();
            if (auto why = paths::leads_elsewhere(**opened, progress, unit_name, timeout))
                return Error{"use path", device, *std::move(why), EXDEV};
            ReservationCommands commands(**opened, progress, timeout);
            return ask(commands);
        },
        std::move(then));
}

} // namespace

// Nexuses that have just kept somebody waiting: others are asked before them for a while.
class Reservations::SlowNexuses {
  public:
    void add(const Nexus& nexus) { until_[nexus.number] = Clock::now() + kRemembered; }
    void sort_last(std::vector<Nexus>& nexuses) {
        std::erase_if(until_,
                      [now = Clock::now()](const auto& each) { return each.second <= now; });
        std::stable_partition(nexuses.begin(), nexuses.end(), [this](const Nexus& nexus) {
            return nexus.usable && until_.count(nexus.number) == 0;
        });
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kRemembered{30};
    std::map<model::DeviceNumber, Clock::time_point> until_;
};

Reservations::Reservations(Means means)
  : means_(means)
  , slow_(std::make_unique<SlowNexuses>()) {}

Reservations::~Reservations() {
    *alive_ = false;
}

// One nexus after the other until one answers with something that is about the unit. What only
// reads does not wait for one that is silent: the next is asked too, and the first answer counts.
// Who owns a disk has 7 s to see that it still does, and a dead path has a command's time, 5 s.
// Where one is silent the others behind the same fabric are too, so that it goes faster from there.
template <typename T>
struct Reservations::FirstThatAnswers
  : std::enable_shared_from_this<Reservations::FirstThatAnswers<T>> {
    FirstThatAnswers(Reservations& of, DiskPtr which, std::vector<Nexus> through_these,
                     bool only_reads, Ask<T> what, Through<T> after)
      : self(of)
      , alive(of.alive_)
      , disk(std::move(which))
      , nexuses(std::move(through_these))
      , hurry(only_reads)
      , ask(std::move(what))
      , then(std::move(after)) {}

    Reservations& self;
    const std::shared_ptr<bool> alive;
    const DiskPtr disk;
    const std::vector<Nexus> nexuses;
    const bool hurry;
    const Ask<T> ask;
    Through<T> then; // null: it has been told
    std::size_t next = 0;
    std::size_t waiting = 0;
    EventSource impatience;

    void ask_next() {
        const std::size_t n = next++;
        ++waiting;
        watch();
        through<T>(self.means_, *disk, nexuses[n], ask,
                   [kept = this->shared_from_this(), n](Result<T> result) {
                       if (*kept->alive && kept->then) kept->answered(n, std::move(result));
                   });
    }

    void answered(std::size_t n, Result<T> result) {
        --waiting;
        const bool ends = result || !may_be_the_path(result.error());
        if (!ends && next < nexuses.size()) return ask_next();
        if (!ends && waiting > 0) return;
        impatience.reset();
        const Nexus* nexus = result ? &nexuses[n] : nullptr;
        std::exchange(then, nullptr)(std::move(result), nexus);
    }

    void watch() {
        impatience.reset();
        if (!hurry || next >= nexuses.size()) return;
        sd_event_source* source = nullptr;
        const auto ring = [](sd_event_source*, std::uint64_t, void* data) {
            auto& asking = *static_cast<FirstThatAnswers*>(data);
            if (!*asking.alive) return 0;
            asking.self.slow_->add(asking.nexuses[asking.next - 1]);
            asking.ask_next();
            return 0;
        };
        const auto patience = next > 1 ? self.means_.patience / 4 : self.means_.patience;
        const auto when = to_usec(std::chrono::steady_clock::now() + patience);
        if (sd_event_add_time(self.means_.loop, &source, CLOCK_MONOTONIC, when, kAccuracyUs, ring,
                              this) >= 0)
            impatience.reset(source);
    }
};

template <typename T>
void Reservations::ask_first(const DiskPtr& disk, std::vector<Nexus> nexuses, bool only_reads,
                             Ask<T> ask, Through<T> then) {
    if (nexuses.empty())
        return then(disk->scsi ? Error{"use disk", disk->id, "it has no path", ENODEV}
                               : Error{"use disk", disk->id, "it is no SCSI disk", EOPNOTSUPP},
                    nullptr);
    slow_->sort_last(nexuses);
    std::make_shared<FirstThatAnswers<T>>(*this, disk, std::move(nexuses), only_reads,
                                          std::move(ask), std::move(then))
        ->ask_next();
}

namespace {

Result<ReservationState> read_state(ReservationCommands& commands, const Disk& disk,
                                    std::uint64_t key) {
    ReservationState state;
    const auto reservation = commands.read_reservation();
    if (!reservation) return reservation.error();
    state.held = reservation->held;
    const auto full = commands.read_full_status();
    if (full) {
        state.generation = full->generation;
        state.registrations = whose(full->registrations, disk, key);
        return state;
    }
    if (full.error().errnum != EOPNOTSUPP) return full.error();
    const auto keys = commands.read_keys();
    if (!keys) return keys.error();
    state.full = false;
    state.generation = keys->generation;
    for (const std::uint64_t each : keys->keys) {
        RegisteredNexus nexus;
        nexus.registration.key = each;
        nexus.registration.reason = "the device does not tell whose nexus it is";
        state.registrations.push_back(std::move(nexus));
    }
    return state;
}

// What the device said to one who is not registered.
Error not_registered(const Error& refusal) {
    return {refusal.action, "", "this node is not registered: " + refusal.reason, ENOKEY};
}

// Those through which a command with our key is taken; all where the device does not tell. The
// holder's first where only it will do: else silent ones stay last, whoever holds through them.
std::vector<Nexus> registered_nexuses(const ReservationState& state, const Disk& disk,
                                      std::uint64_t key, bool holder_first) {
    std::vector<Nexus> holders, found;
    for (std::size_t n = 0; n < disk.nexuses.size(); ++n) {
        bool registered = false, holds = false;
        for (const auto& each : state.registrations)
            if (each.registration.key == key &&
                std::find(each.ours.begin(), each.ours.end(), n) != each.ours.end()) {
                registered = true;
                holds |= each.registration.holder;
            }
        if (registered) (holder_first && holds ? holders : found).push_back(disk.nexuses[n]);
    }
    found.insert(found.begin(), holders.begin(), holders.end());
    return found.empty() && state.registered(key) ? disk.nexuses : found;
}

// Nobody's.
std::uint64_t passing_key(const ReservationState& state, std::uint64_t key) {
    std::uint64_t bit = 1;
    while (key == bit || state.registered(key ^ bit))
        bit <<= 1; // fewer registrations than 64 differ from ours by one bit
    return key ^ bit;
}

} // namespace

bool ReservationState::registered(std::uint64_t key) const {
    return std::any_of(registrations.begin(), registrations.end(),
                       [key](const auto& each) { return each.registration.key == key; });
}

bool ReservationState::held_by(std::uint64_t key) const {
    if (!held) return false;
    if (held->key != 0) return held->key == key;
    return registered(key); // all registrants
}

struct Reservations::PerNexusJob {
    std::vector<NexusResult> results;
    std::size_t waiting = 0;
    PerNexus then;
};

void Reservations::register_with(const DiskPtr& disk, std::vector<Nexus> nexuses,
                                 std::uint64_t new_key, PerNexus then) {
    if (nexuses.empty()) return then({});
    auto job = std::make_shared<PerNexusJob>();
    job->then = std::move(then);
    job->waiting = nexuses.size();
    for (Nexus& nexus : nexuses)
        job->results.push_back({std::move(nexus), Error{}});
    for (std::size_t n = 0; n < job->results.size(); ++n)
        through<Done>(
            means_, *disk, job->results[n].nexus,
            [new_key](ReservationCommands& commands) {
                return commands.send(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, new_key);
            },
            [job, n, alive = alive_](Status status) {
                job->results[n].status = std::move(status);
                if (--job->waiting == 0 && *alive) job->then(std::move(job->results));
            });
}

void Reservations::register_all(const DiskPtr& disk, PerNexus then) {
    register_with(disk, disk->nexuses, means_.key, std::move(then));
}

void Reservations::unregister_all(const DiskPtr& disk, PerNexus then) {
    register_with(disk, disk->nexuses, 0, std::move(then));
}

void Reservations::register_some(const DiskPtr& disk, std::vector<Nexus> nexuses, PerNexus then) {
    register_with(disk, std::move(nexuses), means_.key, std::move(then));
}

void Reservations::unregister_some(const DiskPtr& disk, std::vector<Nexus> nexuses, PerNexus then) {
    register_with(disk, std::move(nexuses), 0, std::move(then));
}

void Reservations::read(const DiskPtr& disk, Read then) {
    read_some(disk, disk->nexuses, std::move(then));
}

void Reservations::read_through(const DiskPtr& disk, const Nexus& nexus, Read then) {
    read_some(disk, {nexus}, std::move(then));
}

void Reservations::read_some(const DiskPtr& disk, std::vector<Nexus> nexuses, Read then) {
    ask_first<ReservationState>(
        disk, std::move(nexuses), true,
        [disk, key = means_.key](ReservationCommands& commands) {
            return read_state(commands, *disk, key);
        },
        [then = std::move(then)](Result<ReservationState> state, const Nexus*) {
            then(std::move(state));
        });
}

void Reservations::send(const DiskPtr& disk, const ReservationState& state, ReserveOutAction action,
                        std::uint64_t victim, Ended then) {
    auto nexuses =
        registered_nexuses(state, *disk, means_.key, action == ReserveOutAction::Reserve);
    const bool registered = !nexuses.empty();
    if (!registered) nexuses = disk->nexuses;
    ask_first<Done>(
        disk, std::move(nexuses), false,
        [action, key = means_.key, victim](ReservationCommands& commands) {
            return commands.send(action, key, victim);
        },
        [this, disk, registered, then = std::move(then)](const Status& sent, const Nexus*) {
            if (sent) return then(sent);
            const int why = sent.error().errnum;
            if (why != EBADE && why != ECOMM) return then(sent);
            if (!registered) return then(not_registered(sent.error()));
            if (why == EBADE) return then(sent);
            // With ECOMM a rival may have removed our key before the command came.
            read(disk, [this, then, sent](const Result<ReservationState>& now) {
                const bool removed = now && !now->registered(means_.key);
                then(removed ? Status(not_registered(sent.error())) : sent);
            });
        });
}

// The device takes a second RESERVE through the holder's nexus only (SPC-4 5.13.9): where that is
// dead, the reservation is looked at.
void Reservations::reserve(const DiskPtr& disk, Ended then) {
    read(disk, [this, disk, then = std::move(then)](const Result<ReservationState>& state) {
        if (!state) return then(state.error());
        send(disk, *state, ReserveOutAction::Reserve, 0,
             [this, disk, then](const Status& reserved) {
                 if (reserved || reserved.error().errnum != EBADE) return then(reserved);
                 read(disk, [this, then, reserved](const Result<ReservationState>& now) {
                     const bool ours =
                         now && now->held_by(means_.key) && now->held->type == kOurType;
                     then(ours ? Status(Done{}) : reserved);
                 });
             });
    });
}

void Reservations::preempt_key(const DiskPtr& disk, std::uint64_t victim, Ended then) {
    read(disk, [this, disk, victim, then = std::move(then)](const Result<ReservationState>& state) {
        if (!state) return then(state.error());
        send(disk, *state, ReserveOutAction::Preempt, victim, then);
    });
}

void Reservations::clear(const DiskPtr& disk, Ended then) {
    read(disk, [this, disk, then = std::move(then)](const Result<ReservationState>& state) {
        if (!state) return then(state.error());
        send(disk, *state, ReserveOutAction::Clear, 0, then);
    });
}

void Reservations::preempt_holder(const DiskPtr& disk, Ended then) {
    read(disk, [this, disk, then = std::move(then)](const Result<ReservationState>& state) {
        if (!state) return then(state.error());
        if (!state->held) return send(disk, *state, ReserveOutAction::Reserve, 0, then);
        if (state->held_by(means_.key) && state->held->key != 0) return then(Done{});
        send(disk, *state, ReserveOutAction::Preempt, state->held->key, then);
    });
}

// RELEASE through one nexus after the other until nobody holds the reservation; then, where the
// holder's nexus cannot be reached, through one that we make the holder.
struct Reservations::Releasing : std::enable_shared_from_this<Releasing> {
    Releasing(Reservations& of, DiskPtr what, const ReservationState& state, Ended after)
      : self(of)
      , alive(of.alive_)
      , disk(std::move(what))
      , passing(passing_key(state, of.means_.key))
      , then(std::move(after)) {
        for (const auto& each : state.registrations)
            if (each.registration.holder && each.registration.key == self.means_.key)
                for (const std::size_t n : each.ours)
                    holders.push_back(disk->nexuses[n]);
        if (holders.empty()) holders = disk->nexuses;
    }

    Reservations& self;
    std::shared_ptr<bool> alive;
    DiskPtr disk;
    std::vector<Nexus> holders; // the holder's nexus, or all where it is not told which that is
    const std::uint64_t passing;
    Ended then;
    std::size_t at = 0;
    std::vector<Nexus> dead; // of the holders
    Error last{"release", "", "the reservation is still held", EIO};

    void next() {
        if (at == holders.size()) return dead.empty() ? then(last) : move();
        through<bool>(
            self.means_, *disk, holders[at],
            [key = self.means_.key](ReservationCommands& commands) {
                return released(commands, key, key);
            },
            [this, kept = shared_from_this()](const Result<bool>& released) {
                if (!*alive) return;
                if (released && *released) return then(Done{});
                if (!released) {
                    last = released.error();
                    if (may_be_the_path(last)) dead.push_back(holders[at]);
                }
                ++at;
                next();
            });
    }

    static Result<bool> released(ReservationCommands& commands, std::uint64_t with,
                                 std::uint64_t ours) {
        auto sent = commands.send(ReserveOutAction::Release, with);
        if (!sent) return std::move(sent).error();
        const auto now = commands.read_reservation();
        if (!now) return now.error();
        return !now->held || (now->held->key != with && now->held->key != ours);
    }

    void move() {
        std::vector<Nexus> living;
        for (const Nexus& nexus : disk->nexuses)
            if (std::find(dead.begin(), dead.end(), nexus) == dead.end()) living.push_back(nexus);
        if (living.empty()) return then(last);
        self.register_with(disk, std::move(living), passing,
                           [this, kept = shared_from_this()](const auto& results) {
                               const Status changed = outcome_of(results);
                               std::vector<Nexus> passed;
                               for (const auto& each : results)
                                   if (each.status) passed.push_back(each.nexus);
                               changed ? preempt(passed) : back(passed, changed);
                           });
    }

    void preempt(const std::vector<Nexus>& passed) {
        self.ask_first<bool>(
            disk, passed, false,
            [key = self.means_.key, with = passing](ReservationCommands& commands) -> Result<bool> {
                auto moved = commands.send(ReserveOutAction::Preempt, with, key);
                if (!moved) return std::move(moved).error();
                return released(commands, with, key);
            },
            [this, kept = shared_from_this(), passed](const Result<bool>& released, const Nexus*) {
                back(passed, released ? *released ? Status(Done{}) : Status(last)
                                      : Status(released.error()));
            });
    }

    // To our own key, whatever became of the reservation.
    void back(const std::vector<Nexus>& passed, const Status& outcome) {
        self.register_some(
            disk, passed, [this, kept = shared_from_this(), outcome](const auto& results) {
                const Status changed = results.empty() ? Status(Done{}) : outcome_of(results);
                then(outcome ? changed : outcome);
            });
    }
};

void Reservations::release(const DiskPtr& disk, Ended then) {
    read(disk, [this, disk, then = std::move(then)](const Result<ReservationState>& state) {
        if (!state) return then(state.error());
        if (state->held_by(means_.key))
            return std::make_shared<Releasing>(*this, disk, *state, then)->next();
        const bool held = state->held.has_value();
        send(disk, *state, ReserveOutAction::Release, 0, [then, held](const Status& sent) {
            // The device says GOOD to who holds nothing.
            if (sent && held)
                return then(Error{"release", "", "another node holds the reservation", EBADE});
            then(sent);
        });
    });
}

} // namespace mpapi::disks
