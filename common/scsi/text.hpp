// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Text as devices send it, made safe for a bus and a terminal; hexadecimal text.
//
// A device that puts other bytes into a text field is no reason to lose the rest of the reply, so a
// field parses into Text, which then says what is wrong with it. Pure functions.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::scsi {

// `text` is always printable: what does not belong into it is written as \xNN. It is what the
// device meant only while `reason` is empty; otherwise its value is to be treated as unknown.
struct Text {
    std::string text;
    std::string reason; // "byte 3 is 9Ch, no printable ASCII"

    bool valid() const noexcept { return reason.empty(); }
    bool operator==(const Text&) const = default;
};

// An ASCII data field (SPC-3 4.4.1): 20h to 7Eh, filled with spaces on the right, or ended by NULs.
// Fill is removed.
Text ascii_field(Bytes field);

// UTF-8 without control characters, ended by NULs or by the end of the field.
Text utf8_field(Bytes field);

// Lower-case, two digits a byte.
std::string to_hex(Bytes bytes);
// Accepts both cases; an even number of digits and nothing else.
Result<std::vector<std::uint8_t>> from_hex(std::string_view text);

// "3Fh", "002Ah": numbers the way the standards write them, for reasons.
std::string hex8(std::uint8_t value);
std::string hex16(std::uint16_t value);

// For reasons: "36 bytes", "1 byte".
std::string byte_count(std::size_t count);

} // namespace mpapi::scsi
