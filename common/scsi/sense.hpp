// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sense data (SPC-3 4.5) in both formats: fixed (70h, 71h) and descriptor (72h, 73h), with a text
// for what a multipath host meets. 71h and 73h are deferred: about an earlier command, not the one
// that brought them. Sense data is cut at what the transport keeps (18, 32, 96 bytes), so
// parsing takes what is there; only without a sense key is there nothing to say. Pure functions.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::scsi {

// SPC-3 4.5.6.
enum class SenseKey : std::uint8_t {
    NoSense = 0x0,
    RecoveredError = 0x1,
    NotReady = 0x2,
    MediumError = 0x3,
    HardwareError = 0x4,
    IllegalRequest = 0x5,
    UnitAttention = 0x6,
    DataProtect = 0x7,
    BlankCheck = 0x8,
    VendorSpecific = 0x9,
    CopyAborted = 0xa,
    AbortedCommand = 0xb,
    VolumeOverflow = 0xd,
    Miscompare = 0xe,
    Completed = 0xf,
};

enum class SenseFormat : std::uint8_t { Fixed, Descriptor };

struct Sense {
    SenseKey key = SenseKey::NoSense;
    std::uint8_t asc = 0;
    std::uint8_t ascq = 0;
    bool deferred = false;
    std::optional<std::uint64_t> information; // 32 bits at most in the fixed format
    SenseFormat format = SenseFormat::Fixed;

    bool operator==(const Sense&) const = default;

    constexpr bool is(SenseKey wanted_key, std::uint8_t wanted_asc) const {
        return key == wanted_key && asc == wanted_asc;
    }
    constexpr bool is(SenseKey wanted_key, std::uint8_t wanted_asc,
                      std::uint8_t wanted_ascq) const {
        return is(wanted_key, wanted_asc) && ascq == wanted_ascq;
    }
};

// Fails on an unknown response code and on fewer bytes than the sense key needs.
Result<Sense> parse_sense(Bytes sense);
// 18 bytes, or 8 and an information descriptor. Information that does not fit the fixed format is
// left out (VALID zero, SPC-3 4.5.3).
std::vector<std::uint8_t> build_sense(const Sense& sense);

// "UNIT ATTENTION: asymmetric access state changed (6h 2Ah/06h)"; without a text of its own for the
// additional code, the key's text and the numbers.
std::string sense_text(const Sense& sense);
std::string_view sense_key_text(SenseKey key);
// The additional sense code alone, "" when it is none of this field.
std::string_view additional_sense_text(std::uint8_t asc, std::uint8_t ascq);

// What callers decide by. A unit attention says that the command was not carried out (SAM-5 5.14):
// send it again.
constexpr bool is_unit_attention(const Sense& sense) {
    return sense.key == SenseKey::UnitAttention;
}
// The state of target port groups changed, or failed to.
constexpr bool is_access_state_change(const Sense& sense) {
    return sense.is(SenseKey::UnitAttention, 0x2a, 0x06) ||
           sense.is(SenseKey::UnitAttention, 0x2a, 0x07);
}
// What the device is may have changed: power on and resets, INQUIRY data, LUN inventory, capacity.
constexpr bool is_identity_change(const Sense& sense) {
    return sense.is(SenseKey::UnitAttention, 0x29) ||
           sense.is(SenseKey::UnitAttention, 0x3f, 0x03) ||
           sense.is(SenseKey::UnitAttention, 0x3f, 0x05) ||
           sense.is(SenseKey::UnitAttention, 0x3f, 0x0e) ||
           sense.is(SenseKey::UnitAttention, 0x2a, 0x09);
}
// Somebody else took reservations or registrations away.
constexpr bool is_reservation_change(const Sense& sense) {
    return sense.is(SenseKey::UnitAttention, 0x2a, 0x03) ||
           sense.is(SenseKey::UnitAttention, 0x2a, 0x04) ||
           sense.is(SenseKey::UnitAttention, 0x2a, 0x05);
}
// NOT READY for its asymmetric access state (SPC-3 5.8.2): the path, not the unit, is in the way.
constexpr bool is_transitioning(const Sense& sense) {
    return sense.is(SenseKey::NotReady, 0x04, 0x0a);
}
constexpr bool is_standby(const Sense& sense) {
    return sense.is(SenseKey::NotReady, 0x04, 0x0b);
}
constexpr bool is_unavailable(const Sense& sense) {
    return sense.is(SenseKey::NotReady, 0x04, 0x0c);
}
// The port group is offline: other ports may still lead to the unit.
constexpr bool is_offline(const Sense& sense) {
    return sense.is(SenseKey::NotReady, 0x04, 0x12);
}
// LOGICAL UNIT COMMUNICATION FAILURE.
constexpr bool is_communication_failure(const Sense& sense) {
    return sense.asc == 0x08 && sense.ascq == 0x00;
}
// The device does not know the command or something in it: asking again is of no use.
constexpr bool is_unsupported(const Sense& sense) {
    return sense.key == SenseKey::IllegalRequest &&
           (sense.asc == 0x20 || sense.asc == 0x24 || sense.asc == 0x26);
}
// LUN not there (any more).
constexpr bool is_no_such_unit(const Sense& sense) {
    return sense.is(SenseKey::IllegalRequest, 0x25);
}
constexpr bool is_set_target_port_groups_failure(const Sense& sense) {
    return sense.asc == 0x67 && sense.ascq == 0x0a;
}

} // namespace mpapi::scsi
