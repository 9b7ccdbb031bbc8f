// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/ownership/ownership.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr auto kType = scsi::ReservationType::WriteExclusiveRegistrantsOnly;
// Keys that one round removes: the others are a later one's.
constexpr std::size_t kMostRivals = 32;

Error lost(std::string reason) {
    return Error{"arbitrate", "", std::move(reason), EBADE};
}

std::string text_of(ReservationKey key) {
    std::array<char, 19> text{};
    std::snprintf(text.data(), text.size(), "0x%016llx", static_cast<unsigned long long>(key));
    return text.data();
}

bool has_our_key(const Standing& standing, ReservationKey key) {
    return std::any_of(standing.registrants.begin(), standing.registrants.end(),
                       [&](const auto& each) { return each.ours && each.key == key; });
}

bool others_have_our_key(const Standing& standing, ReservationKey key) {
    return std::any_of(standing.registrants.begin(), standing.registrants.end(),
                       [&](const auto& each) { return !each.ours && each.key == key; });
}

const Standing::Registrant* holder_of(const Standing& standing) {
    const auto at = std::find_if(standing.registrants.begin(), standing.registrants.end(),
                                 [](const auto& each) { return each.holder; });
    return at == standing.registrants.end() ? nullptr : &*at;
}

bool held_by_us(const Standing& standing, ReservationKey key) {
    const auto* holder = holder_of(standing);
    return standing.type == kType && holder && holder->ours && holder->key == key;
}

// Empty: it is still ours.
std::string why_lost(const Standing& standing, ReservationKey key) {
    const auto* holder = holder_of(standing);
    const std::string by = holder ? "; the reservation is held with key " + text_of(holder->key)
                                  : "; nobody holds the reservation";
    if (!has_our_key(standing, key)) return "our key was removed" + by;
    if (!held_by_us(standing, key)) return "the reservation is not ours any more" + by;
    return "";
}

// A rival that takes over removes our key.
bool was_dropped(const Standing& standing, ReservationKey key) {
    return standing.type == scsi::ReservationType::None && has_our_key(standing, key);
}

std::vector<ReservationKey> rivals_of(const Standing& standing, ReservationKey key) {
    std::set<ReservationKey> rivals;
    for (const auto& each : standing.registrants)
        if (each.key != key && rivals.size() < kMostRivals) rivals.insert(each.key);
    return {rivals.begin(), rivals.end()};
}

} // namespace

std::string_view to_string(OwnershipState state) {
    switch (state) {
    case OwnershipState::None:
        return "not-owned";
    case OwnershipState::Challenging:
        return "challenging";
    case OwnershipState::Owned:
        return "owned";
    case OwnershipState::Unconfirmed:
        return "unconfirmed";
    case OwnershipState::Releasing:
        return "releasing";
    }
    return "not-owned";
}

Ownership::Ownership(ReservationUnit& unit, PathKeeper* keeper, Alarm& alarm, ReservationKey key,
                     Observer observer, Times times)
  : unit_(unit)
  , keeper_(keeper)
  , alarm_(alarm)
  , key_(key)
  , observer_(std::move(observer))
  , times_(times) {}

Ownership::~Ownership() {
    alarm_.stop();
}

// Answers that come after a loss, or after the end of this, belong to what is over.
template <typename... Arguments, typename Then>
std::function<void(Arguments...)> Ownership::guarded(Then then) {
    return [alive = std::weak_ptr<int>(epoch_), then = std::move(then)](Arguments... arguments) {
        if (!alive.expired()) then(std::forward<Arguments>(arguments)...);
    };
}

void Ownership::enter(OwnershipState state) {
    if (state_ == state) return;
    state_ = state;
    observer_.changed(state);
}

void Ownership::finish(Status status) {
    const Ended ended = std::exchange(ended_, nullptr);
    if (ended) ended(std::move(status));
}

// --- challenge ---------------------------------------------------------------------------------

void Ownership::arbitrate(Ended ended) {
    if (owned()) return ended(Done{});
    if (state_ != OwnershipState::None)
        return ended(
            Error{"arbitrate", "", "another change of the ownership is under way", EALREADY});
    ended_ = std::move(ended);
    waited_ = false;
    noted_.clear();
    enter(OwnershipState::Challenging);
    unit_.read(guarded<Result<Standing>>([this](const Result<Standing>& standing) {
        if (standing) return look_first(*standing);
        enter(OwnershipState::None);
        finish(standing.error());
    }));
}

void Ownership::look_first(const Standing& standing) {
    const auto refuse = [&](Error why) {
        enter(OwnershipState::None);
        finish(std::move(why));
    };
    if (others_have_our_key(standing, key_))
        return refuse(
            {"arbitrate", "", "another initiator has registered our key " + text_of(key_), EEXIST});
    if (held_by_us(standing, key_)) return win();
    if (standing.type != scsi::ReservationType::None && standing.type != kType)
        return refuse(lost("it is reserved in another way: " +
                           std::string(scsi::reservation_type_text(standing.type))));
    registered_before_ = has_our_key(standing, key_);
    const auto* holder = holder_of(standing);
    const ReservationKey rival = holder ? holder->key : 0;
    unit_.enroll(key_, guarded<Status>([this, rival](const Status& enrolled) {
                     if (!enrolled) return give_up_challenge(enrolled.error());
                     rival ? await_defence(rival) : reserve();
                 }));
}

void Ownership::reserve() {
    unit_.reserve(key_, guarded<Status>([this](const Status& reserved) {
                      if (reserved) return confirm_win();
                      if (reserved.error().errnum != EBADE)
                          return give_up_challenge(reserved.error());
                      if (waited_) return give_up_challenge(lost("another challenger was faster"));
                      // Somebody took it just now, or has removed our key: the wait tells.
                      unit_.read(
                          guarded<Result<Standing>>([this](const Result<Standing>& standing) {
                              if (!standing) return give_up_challenge(standing.error());
                              if (held_by_us(*standing, key_)) return win();
                              const auto* holder = holder_of(*standing);
                              if (!holder || !has_our_key(*standing, key_))
                                  return give_up_challenge(lost(why_lost(*standing, key_)));
                              await_defence(holder->key);
                          }));
                  }));
}

void Ownership::await_defence(ReservationKey rival) {
    rival_ = rival;
    waited_ = true;
    alarm_.set(alarm_.now() + times_.challenge, guarded<>([this] {
                   unit_.read(guarded<Result<Standing>>([this](const Result<Standing>& standing) {
                       standing ? look_after_wait(*standing) : give_up_challenge(standing.error());
                   }));
               }));
}

void Ownership::look_after_wait(const Standing& standing) {
    const auto* holder = holder_of(standing);
    if (!has_our_key(standing, key_))
        return give_up_challenge(lost("the holder of key " + text_of(rival_) + " defends it"));
    if (held_by_us(standing, key_)) return win();
    if (!holder) return reserve();
    if (holder->key != rival_ || standing.type != kType)
        return give_up_challenge(lost("another challenger won, with key " + text_of(holder->key)));
    preempt_rival();
}

void Ownership::preempt_rival() {
    unit_.preempt(key_, rival_, guarded<Status>([this](const Status& preempted) {
                      if (preempted) return confirm_win();
                      give_up_challenge(
                          preempted.error().errnum == EBADE
                              ? lost("our key was removed before we could take over, or another "
                                     "challenger was faster")
                              : preempted.error());
                  }));
}

// What a PREEMPT or RESERVE with status GOOD has done is looked at, not believed.
void Ownership::confirm_win() {
    unit_.read(guarded<Result<Standing>>([this](const Result<Standing>& standing) {
        if (!standing) return give_up_challenge(standing.error());
        const std::string why = why_lost(*standing, key_);
        why.empty() ? win() : give_up_challenge(lost(why));
    }));
}

void Ownership::win() {
    confirmed_ = alarm_.now();
    enter(OwnershipState::Owned);
    if (keeper_)
        keeper_->adopt(key_, guarded<Status>([this](const Status& adopted) {
                           if (!adopted) observer_.note(adopted.error().message());
                       }));
    finish(Done{});
    if (owned()) defend();
}

// The key is taken back where it was not there before us, so that a loser leaves nothing behind
// that a defender has to remove, and nobody holds what he was told he does not have.
void Ownership::give_up_challenge(Error why) {
    alarm_.stop();
    const auto end = [this, why = std::move(why)] {
        enter(OwnershipState::None);
        finish(why);
    };
    if (registered_before_) return end();
    unit_.withdraw(guarded<Status>([this, end](const Status& withdrawn) {
        if (!withdrawn) observer_.note("our key stays registered: " + withdrawn.error().message());
        end();
    }));
}

// --- defence -----------------------------------------------------------------------------------

void Ownership::resume(Ended ended) {
    if (state_ != OwnershipState::None)
        return ended(Error{"resume", "", "the ownership is known", EALREADY});
    ended_ = std::move(ended);
    confirmed_ = alarm_.now();
    enter(OwnershipState::Unconfirmed);
    if (keeper_)
        keeper_->adopt(key_, guarded<Status>([this](const Status& adopted) {
                           if (!adopted) observer_.note(adopted.error().message());
                       }));
    defend();
}

void Ownership::path_returned() {
    if (!owned()) return;
    in_round_ ? void(round_wanted_ = true) : defend();
}

void Ownership::defend() {
    in_round_ = true;
    round_wanted_ = false;
    put_in_.clear();
    next_round_ = alarm_.now() + times_.interval;
    watch_patience();
    unit_.read(guarded<Result<Standing>>(
        [this](const Result<Standing>& standing) { judge(standing, false); }));
}

// However long the answers of a round take, patience ends in time.
void Ownership::watch_patience() {
    alarm_.set(confirmed_ + times_.patience, guarded<>([this] {
                   if (alarm_.now() - confirmed_ < times_.patience) return watch_patience();
                   unanswered({"read", "reservations", "the device does not answer", ETIMEDOUT});
                   if (owned()) watch_patience();
               }));
}

// Whether the unit is still this node's, also after everybody was told.
bool Ownership::confirm(const Standing& standing) {
    const std::string why = why_lost(standing, key_);
    if (!why.empty()) {
        lose(why);
        return false;
    }
    const auto epoch = std::weak_ptr(epoch_);
    confirmed_ = alarm_.now();
    enter(OwnershipState::Owned);
    finish(Done{}); // of resume()
    return !epoch.expired() && owned();
}

void Ownership::judge(const Result<Standing>& standing, bool again) {
    if (!owned()) return;
    if (!standing) {
        unanswered(standing.error());
        if (owned()) round_ended();
        return;
    }
    if (!again && was_dropped(*standing, key_)) return reserve_again();
    if (!confirm(*standing)) return;
    if (others_have_our_key(*standing, key_) && noted_.insert("key").second)
        observer_.note("another initiator has registered our key " + text_of(key_) +
                       ": it can write, and removing the key would remove ours");
    if (again) return round_ended();
    remove_rivals(rivals_of(*standing, key_), standing->bare, false);
}

// Once in a round: who was faster, and whether the device keeps it, the next look tells.
void Ownership::reserve_again() {
    if (noted_.insert("dropped").second)
        observer_.note("the device dropped the reservation, which nobody holds; it is taken again");
    unit_.reserve(key_, guarded<Status>([this](const Status&) {
                      if (!owned()) return;
                      round_wanted_ = true;
                      unit_.read(guarded<Result<Standing>>(
                          [this](const Result<Standing>& standing) { judge(standing, true); }));
                  }));
}

void Ownership::remove_rivals(std::vector<ReservationKey> rivals, std::vector<std::string> bare,
                              bool acted) {
    if (rivals.empty()) return register_bare(std::move(bare), acted);
    const ReservationKey rival = rivals.back();
    rivals.pop_back();
    // A conflict: the rival took its key back, or has removed ours. The next look tells.
    unit_.preempt(key_, rival, guarded<Status>([this, rivals, bare](const Status& preempted) {
                      if (!owned()) return;
                      if (!preempted && preempted.error().errnum != EBADE &&
                          noted_.insert(preempted.error().message()).second)
                          observer_.note("a rival's key could not be removed: " +
                                         preempted.error().message());
                      remove_rivals(rivals, bare, true);
                  }));
}

void Ownership::register_bare(std::vector<std::string> bare, bool acted) {
    if (bare.empty()) {
        if (!acted) return round_ended();
        return unit_.read(guarded<Result<Standing>>(
            [this](const Result<Standing>& standing) { judge(standing, true); }));
    }
    const std::string device = bare.back();
    bare.pop_back();
    put_in_.push_back(device);
    unit_.enroll_path(
        device, key_, guarded<Status>([this, bare, device](const Status& enrolled) {
            if (!owned()) return;
            if (!enrolled && noted_.insert(enrolled.error().message()).second)
                observer_.note(device + " could not be registered: " + enrolled.error().message());
            register_bare(bare, true);
        }));
}

// A path that is about to carry I/O. The answer comes in any case, whatever becomes of the
// ownership meanwhile, for somebody keeps the path out of use until then.
struct Ownership::Admission : std::enable_shared_from_this<Ownership::Admission> {
    Admission(Ownership& of, std::shared_ptr<ReturningPath> which, Ended after)
      : self(of)
      , alive(of.alive_)
      , path(std::move(which))
      , ended(std::move(after)) {}

    Ownership& self;
    const std::weak_ptr<int> alive;
    const std::shared_ptr<ReturningPath> path;
    const Ended ended;
    std::weak_ptr<int> epoch;

    void start() {
        if (self.state_ == OwnershipState::None) return ended(Done{});
        if (!self.owned())
            return ended(Error{"use path", "", "the ownership of the unit is changing", EAGAIN});
        epoch = self.epoch_;
        path->read([kept = shared_from_this()](const Result<Standing>& standing) {
            if (!kept->alive.expired()) kept->looked(standing);
        });
    }

    void looked(const Result<Standing>& standing) {
        if (epoch.expired()) return start();
        if (!standing) return ended(standing.error());
        if (was_dropped(*standing, self.key_)) return wait_for_reservation();
        if (!self.confirm(*standing)) return start();
        path->enroll(self.key_, [kept = shared_from_this()](const Status& enrolled) {
            if (!kept->alive.expired()) kept->registered(enrolled);
        });
    }

    void registered(const Status& enrolled) {
        if (epoch.expired()) return take_out();
        if (!enrolled) return ended(enrolled.error());
        path->read([kept = shared_from_this()](const Result<Standing>& standing) {
            if (!kept->alive.expired()) kept->looked_again(standing);
        });
    }

    void looked_again(const Result<Standing>& standing) {
        if (epoch.expired()) return take_out();
        if (!standing) return ended(standing.error());
        if (was_dropped(*standing, self.key_)) return wait_for_reservation();
        if (!self.confirm(*standing)) return take_out();
        ended(Done{});
    }

    void wait_for_reservation() {
        self.path_returned();
        ended(Error{"use path", "", "the reservation is being taken again", EAGAIN});
    }

    // What it was registered for is over. A new ownership has it registered already.
    void take_out() {
        if (self.owned()) return start();
        path->withdraw([kept = shared_from_this()](const Status&) {
            if (!kept->alive.expired()) kept->start();
        });
    }
};

void Ownership::admit(std::shared_ptr<ReturningPath> path, Ended ended) {
    std::make_shared<Admission>(*this, std::move(path), std::move(ended))->start();
}

void Ownership::round_ended() {
    in_round_ = false;
    put_in_.clear();
    if (round_wanted_) return defend();
    alarm_.set(std::max(next_round_, alarm_.now()), guarded<>([this] { defend(); }));
}

void Ownership::unanswered(const Error& why) {
    if (alarm_.now() - confirmed_ >= times_.patience)
        return lose("unknown: " + why.message() + ", and a rival may have won since");
    enter(OwnershipState::Unconfirmed);
}

void Ownership::lose(const std::string& why) {
    epoch_ = std::make_shared<int>(0);
    alarm_.stop();
    in_round_ = false;
    // Registered between a rival's PREEMPT and our seeing it: that must not stand.
    for (const std::string& device : std::exchange(put_in_, {}))
        unit_.withdraw_path(device, [](const Status&) {});
    if (keeper_)
        keeper_->disown(guarded<Status>([this](const Status& disowned) {
            if (!disowned) observer_.note(disowned.error().message());
        }));
    enter(OwnershipState::None);
    observer_.lost(why);
    finish(lost(why));
}

// --- end ---------------------------------------------------------------------------------------

void Ownership::stop(Ended ended) {
    if (!owned())
        return ended(Error{"stop the defence", "", "the unit is not owned by this node", EPERM});
    // A round under way ends here: what it was about to remove does not matter any more.
    epoch_ = std::make_shared<int>(0);
    alarm_.stop();
    in_round_ = false;
    finish(Error{"resume", "", "the defence was stopped", ECANCELED});
    ended_ = std::move(ended);
    enter(OwnershipState::Releasing);
    unit_.release(key_, guarded<Status>([this](const Status& released) {
                      if (!released) {
                          enter(OwnershipState::Unconfirmed);
                          finish(released.error());
                          if (owned()) defend();
                          return;
                      }
                      if (keeper_)
                          keeper_->disown(guarded<Status>([this](const Status& disowned) {
                              if (!disowned) observer_.note(disowned.error().message());
                          }));
                      unit_.withdraw(guarded<Status>([this](const Status& withdrawn) {
                          if (!withdrawn)
                              observer_.note("our key stays registered: " +
                                             withdrawn.error().message());
                          enter(OwnershipState::None);
                          finish(Done{});
                      }));
                  }));
}

} // namespace mpapi::disks
