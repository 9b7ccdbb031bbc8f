// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/core/managed.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::failover {

namespace {

// Somebody who removes it this often within a minute is not to be fought.
constexpr unsigned kMostRestored = 5;
constexpr Ms kRestoredWithin{60'000};

Profile asking(Profile profile) {
    return profile == Profile::None ? Profile::Fast : profile;
}

constexpr std::pair<std::string_view, State> names[] = {
    {"offline", State::Offline}, {"probing", State::Probing},     {"announcing", State::Announcing},
    {"online", State::Online},   {"defending", State::Defending}, {"conflict", State::Conflict},
    {"failed", State::Failed},
};

} // namespace

std::string_view name_of(State state) {
    return names[static_cast<std::size_t>(state)].first;
}

std::optional<State> state_named(std::string_view name) {
    for (const auto& [each, state] : names)
        if (each == name) return state;
    return std::nullopt;
}

Managed::Managed(const Ip& ip, Wish wish, Hands& hands, Draw draw)
  : ip_(ip)
  , wish_(std::move(wish))
  , hands_(hands)
  , draw_(std::move(draw))
  , announcing_(wish_.announce, ip.family)
  , defence_(wish_.policy) {}

void Managed::go(State state, std::string reason) {
    const State before = std::exchange(state_, state);
    const bool other = before != state || reason_ != reason;
    reason_ = std::move(reason);
    if (other) hands_.changed(before);
}

bool Managed::usable() {
    if (link_.usable()) return true;
    const char* const why = !link_.there ? "the interface is not there"
                            : !link_.up  ? "the interface is down"
                                         : "the interface has no carrier";
    go(State::Offline, why);
    return false;
}

void Managed::go_online(Time now) {
    wanted_ = true;
    probing_.reset();
    state_ = State::Offline; // so that the same end as last time is told again
    reason_.clear();
    if (usable()) begin_probing(now, wish_.profile);
}

void Managed::take_up(bool on_interface, Time now) {
    wanted_ = true;
    if (!on_interface) {
        if (usable()) begin_probing(now, asking(wish_.profile));
        return;
    }
    if (!link_.there || !link_.up) return leave(State::Offline, "the interface is down");
    take(now);
}

void Managed::stay(State state, std::string reason) {
    go(state, std::move(reason));
}

void Managed::begin_probing(Time now, Profile profile) {
    const ProbeTimes times = ProbeTimes::of(profile, ip_.family);
    if (times.count == 0) return take(now);
    // RFC 5227 2.1.1
    const Time earliest = conflicts_ >= kMaxConflicts ? last_attempt_ + kRateLimitInterval : now;
    probing_.emplace(times, now, earliest, draw_);
    nonce_.reset();
    asked_ = false;
    go(State::Probing);
    due(now);
}

// On the interface first, so that whoever turns to us at the first announcement is answered.
void Managed::take(Time now) {
    probing_.reset();
    if (auto added = hands_.add(ip_); !added) {
        const std::string reason = added.error().message();
        (void)hands_.remove(ip_); // what went before the failure
        return go(State::Failed, reason);
    }
    defence_.begin(now);
    announcing_.begin(now);
    if (announcing_.due(now)) announce_now();
    settle();
}

void Managed::announce_now() {
    ++counters_.announcements;
    // One that does not leave is counted, and clears nothing: the next one may.
    if (auto sent = hands_.announce(ip_, wish_.forms); !sent) ++counters_.send_errors;
}

void Managed::settle() {
    go(defence_.under_way()     ? State::Defending
       : !announcing_.settled() ? State::Announcing
                                : State::Online);
}

void Managed::leave(State state, std::string reason) {
    probing_.reset();
    defence_.forget();
    if (auto removed = hands_.remove(ip_); !removed && link_.there)
        return go(State::Failed, removed.error().message());
    go(state, std::move(reason));
}

Status Managed::go_offline(std::string reason) {
    wanted_ = false;
    probing_.reset();
    defence_.forget();
    if (auto removed = hands_.remove(ip_); !removed && link_.there) {
        go(State::Failed, removed.error().message());
        return removed;
    }
    go(State::Offline, std::move(reason));
    return Done{};
}

void Managed::announce(Time now) {
    if (!is_held(state_)) return;
    announcing_.begin(now);
    if (announcing_.due(now)) announce_now();
    settle();
}

void Managed::set_policy(Policy policy) {
    wish_.policy = policy;
    defence_.set_policy(policy);
    hands_.changed(state_);
}

void Managed::heard(const Claim& told, Time now) {
    if (told.from == link_.address) return;
    Claim claim = told;
    if (claim.marked)
        fellow_.emplace(claim.from, now);
    else if (fellow_ && fellow_->first == claim.from && now - fellow_->second < kDefendInterval &&
             link_.address < claim.from)
        claim.marked = claim.kind == Claim::Kind::Use;
    if (state_ == State::Probing) {
        if (!Probing::conflicts(claim, link_.address, nonce_)) return;
    } else if (!is_held(state_) || claim.kind != Claim::Kind::Use) {
        return; // who probes is answered by the kernel
    }
    ++counters_.conflicts;
    rival_ = claim;
    hands_.conflict(claim);
    if (state_ == State::Probing) {
        ++conflicts_;
        leave(State::Conflict, claim.from.text() + " has the address");
    } else if (defend(defence_.met(claim, link_.address, now))) {
        settle();
    }
}

// False where it is given up.
bool Managed::defend(Defence::Answer answer) {
    switch (answer) {
    case Defence::Answer::Nothing:
        return true;
    case Defence::Answer::Announce:
        ++counters_.defences;
        announce_now();
        return true;
    case Defence::Answer::Ask:
        if (const auto waits = ask()) {
            defence_.put_off(*waits);
            return true;
        }
        break; // who cannot ask does not know better
    case Defence::Answer::GiveUp:
        break;
    }
    leave(State::Conflict, rival_->from.text() + " has the address");
    return false;
}

void Managed::link(const LinkState& link, Time now) {
    const LinkState before = std::exchange(link_, link);
    if (!wanted_ || before == link) return;
    if (is_held(state_)) {
        if (!link.there) return leave(State::Offline, "the interface is not there");
        // An address that a down interface keeps would be back without a question.
        if (!link.up) return leave(State::Offline, "the interface is down");
        if (link.carrier && (!before.carrier || before.address != link.address)) announce(now);
        return;
    }
    if (state_ == State::Probing && (!link.usable() || before.address != link.address)) {
        probing_.reset();
        if (usable()) begin_probing(now, asking(wish_.profile));
        return;
    }
    if (state_ == State::Offline && usable()) begin_probing(now, asking(wish_.profile));
}

void Managed::lost(Time now) {
    if (!is_held(state_) || !link_.there || !link_.up) return;
    if (now - restored_since_ > kRestoredWithin) {
        restored_since_ = now;
        restored_ = 0;
    }
    if (++restored_ > kMostRestored)
        return leave(State::Failed, "somebody on this host removes the address again and again");
    ++counters_.restored;
    take(now);
}

void Managed::due(Time now) {
    if (state_ == State::Probing && probing_) {
        switch (probing_->due(now)) {
        case Probing::Step::Wait:
            return;
        case Probing::Step::Free:
            // What was never asked was never answered.
            if (!asked_) return leave(State::Failed, "no probe could be sent");
            conflicts_ = 0;
            return take(now);
        case Probing::Step::Probe:
            break;
        }
        if (const auto waits = ask()) {
            if (!asked_) last_attempt_ = now;
            asked_ = true;
            probing_->put_off(*waits);
        }
        return;
    }
    if (!is_held(state_)) return;
    if (!defend(defence_.due(now))) return;
    // While it is not known whose it is nobody is turned to us.
    if (!defence_.asking() && announcing_.due(now)) announce_now();
    settle();
}

// Nothing where the probe could not be sent; else how long it waits for its pace.
std::optional<std::chrono::nanoseconds> Managed::ask() {
    nonce_.emplace();
    for (auto& byte : *nonce_)
        byte = static_cast<std::uint8_t>(draw_(256));
    ++counters_.probes;
    if (const auto waits = hands_.probe(ip_, *nonce_)) return *waits;
    ++counters_.send_errors;
    return std::nullopt;
}

std::optional<Time> Managed::next() const {
    if (state_ == State::Probing && probing_) return probing_->next();
    if (!is_held(state_)) return std::nullopt;
    if (defence_.asking()) return defence_.next();
    const auto a = announcing_.next(), b = defence_.next();
    if (a && b) return std::min(*a, *b);
    return a ? a : b;
}

} // namespace mpapi::failover
