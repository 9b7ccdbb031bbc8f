// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Vital product data: what all pages share (SPC-3 7.6.1), Supported VPD Pages 00h (7.6.9) and Unit
// Serial Number 80h (7.6.10). Page 83h is in designator.hpp. Pure functions, no state.
//
// Some devices answer EVPD with standard INQUIRY data; the page code gives them away, and for page
// 00h, where it cannot, the length does.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/commands.hpp"
#include "common/scsi/text.hpp"

#include <cstdint>
#include <vector>

namespace mpapi::scsi {

constexpr std::uint8_t supported_pages_page = 0x00;
constexpr std::uint8_t unit_serial_number_page = 0x80;
constexpr std::uint8_t device_identification_page = 0x83;

// For a first try: what devices with a length field of one byte (SPC-2) still understand.
constexpr std::uint16_t vpd_allocation = 252;

// How long the whole page is by its own header; 0 when not even the header is there.
std::size_t vpd_length(Bytes reply);

// The bytes of a page behind its header, after looking at page code and length: fails for another
// page and when fewer bytes arrived than the header announces. A view into `reply`.
Result<Bytes> vpd_payload(Bytes reply, std::uint8_t page);

struct SupportedPages {
    Peripheral peripheral;
    std::vector<std::uint8_t> pages; // ascending in SPC-4; kept as they come

    bool operator==(const SupportedPages&) const = default;
    bool contains(std::uint8_t page) const;
};

Result<SupportedPages> parse_supported_pages(Bytes reply);
Result<std::vector<std::uint8_t>> build_supported_pages(const SupportedPages& pages);

struct UnitSerialNumber {
    Peripheral peripheral;
    Text serial; // without leading and trailing spaces; empty: not available (SPC-3 7.6.10)

    bool operator==(const UnitSerialNumber&) const = default;
};

Result<UnitSerialNumber> parse_unit_serial_number(Bytes reply);
Result<std::vector<std::uint8_t>> build_unit_serial_number(const UnitSerialNumber& serial);

} // namespace mpapi::scsi
