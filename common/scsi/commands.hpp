// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers that several commands share: operation codes, the status byte, the first byte of every
// kind of INQUIRY data.
#pragma once

#include "common/scsi/bytes.hpp"

#include <cstdint>

namespace mpapi::scsi {

// SPC-3 annex D.
enum class Opcode : std::uint8_t {
    TestUnitReady = 0x00,
    Inquiry = 0x12,
    ReadCapacity10 = 0x25,
    PersistentReserveIn = 0x5e,
    PersistentReserveOut = 0x5f,
    ServiceActionIn16 = 0x9e,
    MaintenanceIn = 0xa3,
    MaintenanceOut = 0xa4,
};

// MAINTENANCE IN/OUT and SERVICE ACTION IN(16).
constexpr std::uint8_t report_target_port_groups_action = 0x0a;
constexpr std::uint8_t set_target_port_groups_action = 0x0a;
constexpr std::uint8_t read_capacity_16_action = 0x10;

constexpr std::uint8_t service_action(Bytes cdb) {
    return load_u8(cdb, 1) & 0x1f;
}

// SAM-5 5.3.1.
enum class StatusCode : std::uint8_t {
    Good = 0x00,
    CheckCondition = 0x02,
    ConditionMet = 0x04,
    Busy = 0x08,
    ReservationConflict = 0x18,
    TaskSetFull = 0x28,
    AcaActive = 0x30,
    TaskAborted = 0x40,
};

// SPC-3 6.4.2, byte 0 of standard INQUIRY data and of every VPD page.
struct Peripheral {
    std::uint8_t qualifier = 0;   // 0 connected, 1 not connected (but could be), 3 no such LUN
    std::uint8_t device_type = 0; // 0 disk, 0Ch storage array controller, 1Fh unknown

    bool operator==(const Peripheral&) const = default;

    static constexpr Peripheral from(std::uint8_t byte) {
        return {static_cast<std::uint8_t>(byte >> 5), static_cast<std::uint8_t>(byte & 0x1f)};
    }
    constexpr std::uint8_t byte() const {
        return static_cast<std::uint8_t>((qualifier & 7) << 5 | (device_type & 0x1f));
    }
    // Whether a LUN leads to a logical unit here at all.
    constexpr bool connected() const { return qualifier == 0; }
};

// SPC-3 7.5.1 (protocol identifier).
enum class Protocol : std::uint8_t {
    FibreChannel = 0x0,
    ParallelScsi = 0x1,
    Ssa = 0x2,
    Ieee1394 = 0x3,
    Srp = 0x4,
    Iscsi = 0x5,
    Sas = 0x6,
    Adt = 0x7,
    Ata = 0x8,
    Uas = 0x9,
    Sop = 0xa,
    Unspecific = 0xf,
};

} // namespace mpapi::scsi
