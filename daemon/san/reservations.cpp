// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/reservations.hpp"

#include <algorithm>

namespace mpapi::san {

using scsi::ReservationType;

namespace {

bool is_all_registrants(ReservationType type) {
    return type == ReservationType::WriteExclusiveAllRegistrants ||
           type == ReservationType::ExclusiveAccessAllRegistrants;
}

bool is_registrants_only(ReservationType type) {
    return type == ReservationType::WriteExclusiveRegistrantsOnly ||
           type == ReservationType::ExclusiveAccessRegistrantsOnly;
}

bool is_write_exclusive(ReservationType type) {
    return type == ReservationType::WriteExclusive ||
           type == ReservationType::WriteExclusiveRegistrantsOnly ||
           type == ReservationType::WriteExclusiveAllRegistrants;
}

} // namespace

bool Reservations::all_registrants() const {
    return is_all_registrants(type_);
}
bool Reservations::registrants_only() const {
    return is_registrants_only(type_);
}

const Reservations::Registration* Reservations::find(Nexus nexus) const {
    const auto found =
        std::find_if(registrations_.begin(), registrations_.end(),
                     [nexus](const Registration& known) { return known.nexus == nexus; });
    return found == registrations_.end() ? nullptr : &*found;
}

void Reservations::erase(Nexus nexus) {
    std::erase_if(registrations_,
                  [nexus](const Registration& known) { return known.nexus == nexus; });
}

bool Reservations::holds(Nexus nexus) const {
    if (!held()) return false;
    return all_registrants() ? find(nexus) != nullptr : holder_ == nexus;
}

std::uint64_t Reservations::holder_key() const {
    if (!held() || all_registrants()) return 0;
    const Registration* holder = find(holder_);
    return holder ? holder->key : 0;
}

void Reservations::notify_registered(Result& result, Nexus except, Told notice) const {
    for (const auto& known : registrations_)
        if (known.nexus != except) result.notices.emplace_back(known.nexus, notice);
}

// 5.13.11.2.3: a registrants only reservation that goes with its holder's registration is told to
// those that could write under it.
void Reservations::unregister(Nexus nexus, Result& result) {
    const bool held_it = holds(nexus);
    erase(nexus);
    if (!held_it) return;
    if (all_registrants()) {
        if (registrations_.empty()) type_ = ReservationType::None;
        return;
    }
    if (registrants_only()) notify_registered(result, nexus, Told::Released);
    type_ = ReservationType::None;
}

Reservations::Result Reservations::register_key(std::span<const Nexus> nexuses, std::uint64_t key,
                                                std::uint64_t new_key, bool ignore, bool persist) {
    Result result;
    if (!ignore)
        for (const auto nexus : nexuses) {
            const Registration* known = find(nexus);
            if (key != (known ? known->key : 0)) return {Outcome::Conflict, {}};
        }
    for (const auto nexus : nexuses) {
        const bool known = find(nexus) != nullptr;
        if (new_key == 0) {
            if (known) unregister(nexus, result);
        } else if (known) {
            for (auto& registration : registrations_)
                if (registration.nexus == nexus) registration.key = new_key;
        } else {
            registrations_.push_back({nexus, new_key});
        }
    }
    persists_ = persist;
    ++generation_;
    return result;
}

Reservations::Result Reservations::reserve(Nexus nexus, std::uint64_t key, ReservationType type) {
    const Registration* known = find(nexus);
    if (!known || known->key != key) return {Outcome::Conflict, {}};
    if (held()) return {holds(nexus) && type == type_ ? Outcome::Good : Outcome::Conflict, {}};
    type_ = type;
    holder_ = nexus;
    return {};
}

Reservations::Result Reservations::release(Nexus nexus, std::uint64_t key, ReservationType type) {
    const Registration* known = find(nexus);
    if (!known || known->key != key) return {Outcome::Conflict, {}};
    // 5.13.11.2.2: releasing what one does not hold is no error.
    if (!holds(nexus)) return {};
    if (type != type_) return {Outcome::InvalidRelease, {}};
    Result result;
    if (registrants_only() || all_registrants()) notify_registered(result, nexus, Told::Released);
    type_ = ReservationType::None;
    return result;
}

Reservations::Result Reservations::clear(Nexus nexus, std::uint64_t key) {
    const Registration* known = find(nexus);
    if (!known || known->key != key) return {Outcome::Conflict, {}};
    Result result;
    notify_registered(result, nexus, Told::ReservationsPreempted);
    registrations_.clear();
    type_ = ReservationType::None;
    ++generation_;
    return result;
}

Reservations::Result Reservations::preempt(Nexus nexus, std::uint64_t key, std::uint64_t victim,
                                           ReservationType type) {
    const Registration* known = find(nexus);
    if (!known || known->key != key) return {Outcome::Conflict, {}};
    // 5.13.11.2.4, table 55: which of the three things a preempt is.
    const bool everybody = held() && all_registrants() && victim == 0;
    const bool the_holder = held() && !all_registrants() && victim == holder_key() && victim != 0;
    if (victim == 0 && !everybody) return {Outcome::InvalidField, {}};

    Result result;
    std::vector<Registration> left;
    for (const auto& registration : registrations_) {
        const bool mine = registration.nexus == nexus;
        // Who takes the reservation over stays registered, even under the key that is preempted.
        const bool removed = everybody    ? !mine
                             : the_holder ? !mine && registration.key == victim
                                          : registration.key == victim;
        if (!removed)
            left.push_back(registration);
        else if (!mine)
            result.notices.emplace_back(registration.nexus, Told::RegistrationsPreempted);
    }
    if (!everybody && !the_holder && left.size() == registrations_.size())
        return {Outcome::Conflict, {}}; // nobody has that key
    registrations_ = std::move(left);
    ++generation_;
    if (everybody || the_holder) {
        if (type_ != type) notify_registered(result, nexus, Told::Released);
        type_ = type;
        holder_ = nexus;
    } else if (all_registrants() && registrations_.empty()) {
        type_ = ReservationType::None; // who preempts its own key may be the last
    }
    return result;
}

Reservations::Result Reservations::register_and_move(Nexus nexus, std::uint64_t key,
                                                     std::uint64_t new_key, Nexus destination,
                                                     bool unregister_self, bool persist) {
    const Registration* known = find(nexus);
    if (!known || known->key != key) return {Outcome::Conflict, {}};
    if (!holds(nexus) || all_registrants()) return {Outcome::Conflict, {}};
    if (new_key == 0 || destination == nexus) return {Outcome::InvalidField, {}};
    erase(destination);
    registrations_.push_back({destination, new_key});
    holder_ = destination;
    if (unregister_self) erase(nexus);
    persists_ = persist;
    ++generation_;
    return {};
}

bool Reservations::allows(Nexus nexus, CommandKind kind) const {
    if (!held() || kind == CommandKind::Harmless || holds(nexus)) return true;
    if (registrants_only() && find(nexus)) return true;
    return kind == CommandKind::Read && is_write_exclusive(type_);
}

} // namespace mpapi::san
