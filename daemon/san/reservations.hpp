// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Persistent reservations of one logical unit (SPC-4 5.13), by I_T nexus: who is registered with
// which key, who holds the reservation, who may do what. Pure state: no bytes, no locks; an I_T
// nexus is a number here.
//
// What is left to the device server: SPEC_I_PT is not offered (SIP_C zero), and a power loss never
// happens, so APTPL is kept and reported only.
#pragma once

#include "common/scsi/persistent_reserve_in.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace mpapi::san {

using Nexus = std::uint32_t;

// What a command that is no PERSISTENT RESERVE OUT does, as far as reservations care (SPC-4 table
// 49 and SBC-3 table 13).
enum class CommandKind : std::uint8_t {
    Harmless, // allowed under any reservation: TEST UNIT READY, READ CAPACITY, …
    Read,
    Write, // also what changes the state of the unit: SET TARGET PORT GROUPS
};

class Reservations {
  public:
    enum class Outcome : std::uint8_t {
        Good,
        Conflict,       // status RESERVATION CONFLICT
        InvalidField,   // 5h 26h/00h
        InvalidRelease, // 5h 26h/04h
    };
    enum class Told : std::uint8_t { Released, ReservationsPreempted, RegistrationsPreempted };
    struct Registration {
        Nexus nexus = 0;
        std::uint64_t key = 0;
        bool operator==(const Registration&) const = default;
    };
    // What a service action did, and which nexuses get a unit attention for it.
    struct Result {
        Outcome outcome = Outcome::Good;
        std::vector<std::pair<Nexus, Told>> notices;
    };

    // REGISTER, and with `ignore` REGISTER AND IGNORE EXISTING KEY, on every one of `nexuses` (the
    // command's own first; more than one with ALL_TG_PT) or on none.
    Result register_key(std::span<const Nexus> nexuses, std::uint64_t key, std::uint64_t new_key,
                        bool ignore, bool persist);
    Result reserve(Nexus nexus, std::uint64_t key, scsi::ReservationType type);
    Result release(Nexus nexus, std::uint64_t key, scsi::ReservationType type);
    Result clear(Nexus nexus, std::uint64_t key);
    // PREEMPT, and PREEMPT AND ABORT, for there are no other commands to abort.
    Result preempt(Nexus nexus, std::uint64_t key, std::uint64_t victim,
                   scsi::ReservationType type);
    Result register_and_move(Nexus nexus, std::uint64_t key, std::uint64_t new_key,
                             Nexus destination, bool unregister, bool persist);

    bool allows(Nexus nexus, CommandKind kind) const;

    std::uint32_t generation() const { return generation_; }
    bool persists() const { return persists_; }
    const std::vector<Registration>& registrations() const { return registrations_; }
    bool held() const { return type_ != scsi::ReservationType::None; }
    scsi::ReservationType type() const { return type_; }
    bool holds(Nexus nexus) const;
    // The holder's key; 0 for the all registrants types.
    std::uint64_t holder_key() const;

  private:
    const Registration* find(Nexus nexus) const;
    void erase(Nexus nexus);
    void notify_registered(Result& result, Nexus except, Told notice) const;
    void unregister(Nexus nexus, Result& result);
    bool all_registrants() const;
    bool registrants_only() const;

    std::vector<Registration> registrations_;
    scsi::ReservationType type_ = scsi::ReservationType::None;
    Nexus holder_ = 0; // of the other types than all registrants
    std::uint32_t generation_ = 0;
    bool persists_ = false;
};

} // namespace mpapi::san
