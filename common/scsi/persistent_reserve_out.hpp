// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PERSISTENT RESERVE OUT (SPC-3 6.12): the command and its two parameter lists. REGISTER AND MOVE
// has a list of its own; all other service actions share one. Parsing is as strict as a device
// server must be about lengths. Pure functions, no state.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/persistent_reserve_in.hpp"
#include "common/scsi/transport_id.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace mpapi::scsi {

enum class ReserveOutAction : std::uint8_t {
    Register = 0,
    Reserve = 1,
    Release = 2,
    Clear = 3,
    Preempt = 4,
    PreemptAndAbort = 5,
    RegisterAndIgnoreExistingKey = 6,
    RegisterAndMove = 7,
};

struct ReserveOutCommand {
    ReserveOutAction action = ReserveOutAction::Register;
    std::uint8_t scope = 0;
    ReservationType type = ReservationType::None; // where the action has one
    std::uint32_t parameter_list_length = 0;

    bool operator==(const ReserveOutCommand&) const = default;
};

std::array<std::uint8_t, 10> reserve_out_cdb(const ReserveOutCommand& command);
Result<ReserveOutCommand> parse_reserve_out_cdb(Bytes cdb);

// The list of every action but REGISTER AND MOVE (6.12.3).
struct ReserveOutList {
    std::uint64_t key = 0;                   // RESERVATION KEY: the one that is registered
    std::uint64_t service_action_key = 0;    // the new one, or whom to preempt
    bool all_target_ports = false;           // ALL_TG_PT
    bool persist_through_power_loss = false; // APTPL
    bool specify_initiator_ports = false;    // SPEC_I_PT, then:
    std::vector<TransportId> initiators;     // register these as well

    bool operator==(const ReserveOutList&) const = default;
};

// Fails when initiators are given without SPEC_I_PT, or build_transport_id() refuses one.
Result<std::vector<std::uint8_t>> build_reserve_out(const ReserveOutList& list);
// Fails unless there are exactly 24 bytes, or with SPEC_I_PT exactly the TransportIDs announced.
Result<ReserveOutList> parse_reserve_out(Bytes list);

// The list of REGISTER AND MOVE (6.12.4).
struct RegisterAndMoveList {
    std::uint64_t key = 0;
    std::uint64_t service_action_key = 0; // to be registered for, and hold, the destination
    bool unregister = false;              // UNREG: take away our own registration
    bool persist_through_power_loss = false;
    std::uint16_t relative_target_port = 0;
    TransportId initiator;

    bool operator==(const RegisterAndMoveList&) const = default;
};

Result<std::vector<std::uint8_t>> build_register_and_move(const RegisterAndMoveList& list);
Result<RegisterAndMoveList> parse_register_and_move(Bytes list);

} // namespace mpapi::scsi
