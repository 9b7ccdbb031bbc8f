// SPDX-License-Identifier: LGPL-2.1-or-later
//
// INQUIRY (SPC-3 6.4): the command and its standard data. The data is cut where the allocation
// length says while its ADDITIONAL LENGTH still tells the whole; 36 bytes hold all that is read
// here, so a reply that was cut later than that is complete for us. Pure functions, no state.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/commands.hpp"
#include "common/scsi/text.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace mpapi::scsi {

// SPC-3 6.4.2: how a logical unit's target port groups may be managed.
enum class Tpgs : std::uint8_t { None = 0, Implicit = 1, Explicit = 2, Both = 3 };

struct Inquiry {
    Peripheral peripheral;
    bool removable = false;
    std::uint8_t version = 0; // 05h SPC-3, 06h SPC-4, 07h SPC-5
    std::uint8_t response_format = 2;
    Tpgs tpgs = Tpgs::None;
    bool third_party_copy = false;
    bool multi_port = false;
    Text vendor;   // 8 bytes
    Text product;  // 16 bytes
    Text revision; // 4 bytes

    bool operator==(const Inquiry&) const = default;
};

// One allocation length for a first try: more than any device sends, less than the 256 bytes at
// which the length field of SPC-2 devices ends.
constexpr std::uint16_t inquiry_allocation = 96;

struct InquiryCommand {
    bool evpd = false;
    std::uint8_t page = 0;
    std::uint16_t allocation_length = 0;

    bool operator==(const InquiryCommand&) const = default;
};

std::array<std::uint8_t, 6> inquiry_cdb(std::uint16_t allocation_length);
std::array<std::uint8_t, 6> vpd_cdb(std::uint8_t page, std::uint16_t allocation_length);
// Fails on another operation code, a short CDB, and a page code without EVPD.
Result<InquiryCommand> parse_inquiry_cdb(Bytes cdb);

// How long the whole reply is by its own header; 0 when not even the header is there.
std::size_t inquiry_length(Bytes reply);

// Fails when the mandatory 36 bytes are not there. Bad text is no failure: see Text.
Result<Inquiry> parse_inquiry(Bytes reply);
// 96 bytes. Text that is too long is cut off; `reason` is not looked at.
std::vector<std::uint8_t> build_inquiry(const Inquiry& inquiry);

} // namespace mpapi::scsi
