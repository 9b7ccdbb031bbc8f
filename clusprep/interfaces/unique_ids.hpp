// SPDX-License-Identifier: LGPL-2.1-or-later
//
// STORAGE_DEVICE_ID_DESCRIPTOR and STORAGE_IDENTIFIER (MS-CSVP 2.2.8, 2.2.9): VPD page 83h as
// CprepDiskGetUniqueIds carries it.
//
//     Version u32, Size u32, NumberOfIdentifiers u32, then each identifier:
//     CodeSet u32, Type u32, IdentifierSize u16, NextOffset u16, Association u32, Identifier
//
// The specification does not say where the next identifier begins or what the last NextOffset is:
// we begin each on a multiple of four and write 0 for the last. We read any offset that leads
// onwards, and look at no NextOffset after the last identifier that was announced.
#pragma once

#include "clusprep/interfaces/disks.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::csvp {

// Identifiers over 64 KiB less their header are left out: no device has one.
std::vector<std::uint8_t> encode_unique_ids(const std::vector<UniqueId>& ids);
Result<std::vector<UniqueId>> decode_unique_ids(std::span<const std::uint8_t> bytes);

} // namespace mpapi::csvp
