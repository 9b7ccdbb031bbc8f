// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PERSISTENT RESERVE IN (SPC-3 6.11; RLR_C SPC-5): READ KEYS, READ RESERVATION, REPORT
// CAPABILITIES, READ FULL STATUS. What changes reservations is in persistent_reserve_out.hpp.
//
// Replies are refused whole when their lengths lie. A registration whose TransportID is not
// understood keeps its key and says why, for the key still blocks. Pure functions, no state.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/transport_id.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::scsi {

enum class ReserveInAction : std::uint8_t {
    ReadKeys = 0,
    ReadReservation = 1,
    ReportCapabilities = 2,
    ReadFullStatus = 3,
};

// SPC-3 6.11.3.4.
enum class ReservationType : std::uint8_t {
    None = 0, // not on the wire as a type; full status has it where nothing is held
    WriteExclusive = 1,
    ExclusiveAccess = 3,
    WriteExclusiveRegistrantsOnly = 5,
    ExclusiveAccessRegistrantsOnly = 6,
    WriteExclusiveAllRegistrants = 7,
    ExclusiveAccessAllRegistrants = 8,
};

bool is_known(ReservationType type);                          // None is not
std::string_view reservation_type_text(ReservationType type); // "write exclusive", "" unknown

struct ReserveInCommand {
    ReserveInAction action = ReserveInAction::ReadKeys;
    std::uint16_t allocation_length = 0;

    bool operator==(const ReserveInCommand&) const = default;
};

// For a first try: 64 keys; about 10 registrations in full status.
constexpr std::uint16_t reserve_in_allocation = 520;

std::array<std::uint8_t, 10> reserve_in_cdb(ReserveInAction action,
                                            std::uint16_t allocation_length);
Result<ReserveInCommand> parse_reserve_in_cdb(Bytes cdb);

// How long the whole reply is by its own header; 0 when not even the header is there.
std::size_t reserve_in_length(ReserveInAction action, Bytes reply);

struct ReservationKeys {
    std::uint32_t generation = 0;
    std::vector<std::uint64_t> keys; // one for each registered I_T nexus, so keys repeat

    bool operator==(const ReservationKeys&) const = default;
};

Result<ReservationKeys> parse_reservation_keys(Bytes reply);
std::vector<std::uint8_t> build_reservation_keys(const ReservationKeys& keys);

struct Reservation {
    std::uint64_t key = 0;  // 0 for the all registrants types
    std::uint8_t scope = 0; // 0 logical unit; others are obsolete and kept
    ReservationType type = ReservationType::WriteExclusive;

    bool operator==(const Reservation&) const = default;
};

struct ReservationStatus {
    std::uint32_t generation = 0;
    std::optional<Reservation> held;

    bool operator==(const ReservationStatus&) const = default;
};

Result<ReservationStatus> parse_reservation(Bytes reply);
std::vector<std::uint8_t> build_reservation(const ReservationStatus& reservation);

struct ReserveCapabilities {
    bool replace_lost_reservation = false;             // RLR_C
    bool compatible_reservation = false;               // CRH
    bool specify_initiator_ports = false;              // SIP_C
    bool all_target_ports = false;                     // ATP_C
    bool persist_through_power_loss = false;           // PTPL_C, it can
    bool persists_through_power_loss = false;          // PTPL_A, it does now
    std::uint8_t allow_commands = 0;                   // 3 bits
    std::optional<std::vector<ReservationType>> types; // nullopt: the device does not tell

    bool operator==(const ReserveCapabilities&) const = default;
};

Result<ReserveCapabilities> parse_reserve_capabilities(Bytes reply);
std::vector<std::uint8_t> build_reserve_capabilities(const ReserveCapabilities& capabilities);

struct Registration {
    std::uint64_t key = 0;
    bool holder = false;
    bool all_target_ports = false; // then relative_target_port means nothing
    std::uint8_t scope = 0;        // of the reservation, when it is the holder
    ReservationType type = ReservationType::None;
    std::uint16_t relative_target_port = 0;
    std::optional<TransportId> initiator; // nullopt: see reason
    std::string reason;

    bool operator==(const Registration&) const = default;
};

struct FullStatus {
    std::uint32_t generation = 0;
    std::vector<Registration> registrations;

    bool operator==(const FullStatus&) const = default;
};

Result<FullStatus> parse_full_status(Bytes reply);
// Fails when a registration has no initiator or one that build_transport_id() refuses.
Result<std::vector<std::uint8_t>> build_full_status(const FullStatus& status);

} // namespace mpapi::scsi
