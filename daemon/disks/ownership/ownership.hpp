// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who owns a logical unit that several nodes can write to: arbitration and defence by persistent
// reservations (MS-CSVP 3.2.4.15 and 3.2.4.6 leave the algorithm open). It is the one that cluster
// software on shared disks uses:
//
//   challenger  registers its key on every I_T nexus, once; waits for 7 s; preempts the holder.
//   defender    reads the registrations every 3 s and preempts each key that is not its own.
//
// A live defender removes the challenger's key at least twice within the wait, so the challenger's
// PREEMPT is answered with RESERVATION CONFLICT: it has lost. A dead one removes nothing. Between
// its steps the challenger never registers again, else it would undo a defence. A challenger whose
// rival was replaced by another holder while it waited has met a live one and gives way: of two
// challengers one wins.
//
// The reservation is Write Exclusive - Registrants Only: the device itself refuses writes of
// whoever has lost, also of a loser that does not know it yet.
//
// Loss is noticed within one interval and final: it is told, and nothing is registered, reserved or
// preempted any more. A path that comes back is registered only while READ FULL STATUS shows our
// key: PREEMPT removes a key from all nexuses of it, so one nexus that has it says that no rival
// removed it. The status is read again afterwards, and where a rival came in between the path is
// taken out again. Who brings paths back asks before (admit()), so that the path is registered when
// the first write goes through it; where that fails the path stays out of use. During a challenge
// none is let in, for the challenger registers once.
//
// A reservation that nobody holds while our key is there was dropped by the device: the holder's
// registration goes, and the reservation with it, when a target port or the unit's mapping to it is
// taken away (SPC-4 5.13.11.2.4). No rival has it, so it is taken again.
//
// A device that does not answer. Ownership is unconfirmed as soon as one round brought no answer,
// and given up when the last confirmation is 7 s old: from then on a rival that began right after
// it may have won. Given up is what is safe: who is told that it has lost stops writing. What we
// hold at the device stays, for it can no longer be looked at.
//
// Loop's thread only. Library code: tells by the observer, does not log.
#pragma once

#include "common/result.hpp"
#include "common/scsi/persistent_reserve_in.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mpapi::disks {

using ReservationKey = std::uint64_t;

// READ FULL STATUS of a unit (SPC-4 6.16.5) as this node sees it.
struct Standing {
    struct Registrant {
        ReservationKey key = 0;
        bool ours = false; // of an initiator port of this node
        bool holder = false;
        bool operator==(const Registrant&) const = default;
    };
    std::vector<Registrant> registrants;
    scsi::ReservationType type = scsi::ReservationType::None; // None: nobody holds it
    // Paths of ours that work and have no registration, by kernel name.
    std::vector<std::string> bare;
    bool operator==(const Standing&) const = default;
};

// The reservation commands of one unit. Each ends once, later, from the loop. errnum EBADE:
// RESERVATION CONFLICT. Any other error: there was no answer, or none that can be understood; the
// command may have been carried out.
class ReservationUnit {
  public:
    using Ended = std::function<void(Status)>;
    virtual ~ReservationUnit() = default;

    virtual void read(std::function<void(Result<Standing>)> done) = 0;
    // REGISTER AND IGNORE EXISTING KEY on every nexus that works. Fails where one of them fails.
    virtual void enroll(ReservationKey key, Ended ended) = 0;
    virtual void enroll_path(const std::string& device, ReservationKey key, Ended ended) = 0;
    // The same with key 0; enroll_path()'s counterpart too.
    virtual void withdraw(Ended ended) = 0;
    virtual void withdraw_path(const std::string& device, Ended ended) = 0;
    // Write Exclusive - Registrants Only, through one registered nexus.
    virtual void reserve(ReservationKey key, Ended ended) = 0;
    virtual void preempt(ReservationKey key, ReservationKey victim, Ended ended) = 0;
    // Through the holder's nexus, and READ RESERVATION says that it is gone.
    virtual void release(ReservationKey key, Ended ended) = 0;
};

// One path of the unit that is about to carry I/O: its commands go through it and no other.
class ReturningPath {
  public:
    using Ended = std::function<void(Status)>;
    virtual ~ReturningPath() = default;
    virtual void read(std::function<void(Result<Standing>)> done) = 0;
    virtual void enroll(ReservationKey key, Ended ended) = 0;
    virtual void withdraw(Ended ended) = 0;
};

// Where another program brings paths back (multipathd), it registers them first: it is given the
// key while the unit is owned. What fails is for people to know.
class PathKeeper {
  public:
    using Ended = std::function<void(Status)>;
    virtual ~PathKeeper() = default;
    virtual void adopt(ReservationKey key, Ended ended) = 0;
    virtual void disown(Ended ended) = 0;
};

// A clock and one alarm. `then` is called from the loop at that time or later; a new alarm takes
// the place of the one before.
class Alarm {
  public:
    using Time = std::chrono::steady_clock::time_point;
    virtual ~Alarm() = default;
    virtual Time now() const = 0;
    virtual void set(Time when, std::function<void()> then) = 0;
    virtual void stop() = 0;
};

enum class OwnershipState : std::uint8_t {
    None,
    Challenging,
    Owned,
    Unconfirmed, // owned when last seen; the device does not answer
    Releasing,
};
std::string_view to_string(OwnershipState state); // "not-owned", "owned"...

class Ownership {
  public:
    struct Times {
        std::chrono::milliseconds interval{3000};
        std::chrono::milliseconds challenge{7000};
        std::chrono::milliseconds patience{7000}; // without a confirmation
    };
    // Called from the loop. They may call back into this, but not destroy it.
    struct Observer {
        std::function<void(OwnershipState)> changed;
        std::function<void(const std::string& why)> lost; // after changed(None)
        std::function<void(const std::string& text)> note;
    };
    using Ended = std::function<void(Status)>;

    // `key` is not 0 and this node's alone. What is referred to outlives this; `keeper` may be
    // null.
    Ownership(ReservationUnit& unit, PathKeeper* keeper, Alarm& alarm, ReservationKey key,
              Observer observer, Times times);
    Ownership(ReservationUnit& unit, PathKeeper* keeper, Alarm& alarm, ReservationKey key,
              Observer observer)
      : Ownership(unit, keeper, alarm, key, std::move(observer), Times()) {}
    // What is under way is not told to have ended. Gives nothing up at the device.
    ~Ownership();
    Ownership(const Ownership&) = delete;
    Ownership& operator=(const Ownership&) = delete;

    // Errors of the answer: EBADE lost, EEXIST another node has our key, EALREADY one is under way;
    // else a command's own. Owned already: at once.
    void arbitrate(Ended ended);
    // Gives up the reservation and takes back the key. The caller has seen to it that nobody writes
    // any more. EPERM: not owned. Where the release fails the unit stays owned and defended.
    void stop(Ended ended);
    // After a restart of the daemon, for a unit that was owned: looks whether it still is. Lost is
    // told to the observer, too.
    void resume(Ended ended);
    // Whether a path may carry I/O: at once where the unit is not this node's, else when the key is
    // registered on it. EAGAIN: not while the ownership changes; any other error: it could not be
    // registered, and must stay out of use.
    void admit(std::shared_ptr<ReturningPath> path, Ended ended);
    // A path of the unit is there (again): looked after at once rather than within the interval.
    void path_returned();

    OwnershipState state() const { return state_; }
    bool owned() const {
        return state_ == OwnershipState::Owned || state_ == OwnershipState::Unconfirmed;
    }

  private:
    template <typename... Arguments, typename Then>
    std::function<void(Arguments...)> guarded(Then then);
    void enter(OwnershipState state);

    struct Admission;

    void look_first(const Standing& standing);
    void reserve();
    void await_defence(ReservationKey rival);
    void look_after_wait(const Standing& standing);
    void preempt_rival();
    void confirm_win();
    void win();
    void give_up_challenge(Error why);
    void finish(Status status);

    void defend();
    void watch_patience();
    bool confirm(const Standing& standing);
    void judge(const Result<Standing>& standing, bool again);
    void reserve_again();
    void remove_rivals(std::vector<ReservationKey> rivals, std::vector<std::string> bare,
                       bool acted);
    void register_bare(std::vector<std::string> bare, bool acted);
    void round_ended();
    void unanswered(const Error& why);
    void lose(const std::string& why);

    ReservationUnit& unit_;
    PathKeeper* keeper_;
    Alarm& alarm_;
    ReservationKey key_;
    Observer observer_;
    Times times_;
    OwnershipState state_ = OwnershipState::None;
    Ended ended_;
    bool registered_before_ = false; // our key was there before the challenge
    bool waited_ = false;
    ReservationKey rival_ = 0;
    Alarm::Time confirmed_{};
    Alarm::Time next_round_{};
    bool in_round_ = false;
    bool round_wanted_ = false;
    std::vector<std::string> put_in_;                       // paths that this round registered
    std::set<std::string> noted_;                           // each trouble is told once
    std::shared_ptr<int> epoch_ = std::make_shared<int>(0); // of one ownership
    const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

} // namespace mpapi::disks
