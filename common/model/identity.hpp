// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What makes an object the same object: texts that are equal exactly for the same thing, over
// renames of kernel devices and restarts of the daemon. Sequence numbers are kept under these keys
// and object paths are made of them.
#pragma once

#include "common/model/values.hpp"

#include <string>
#include <string_view>

namespace mpapi::model {

// A map is known by its UUID, one without by its name:
//   "36001405…"    for the UUID "mpath-36001405…", as multipathd makes them
//   "uuid-CRYPT-x" for any other UUID
//   "name-foo"     for a map without UUID
std::string logical_unit_key(std::string_view uuid, std::string_view name);

// An I_T_L nexus: "<initiator port>,<target port>,<LUN>". Unique within one logical unit.
std::string nexus_key(std::string_view initiator_port_id, std::string_view target_port_id,
                      std::uint64_t lun);

// The plain unit number of a LUN where it has one (peripheral and flat addressing, SAM-5 4.7); all
// eight bytes otherwise. `lun` is the kernel's: four 16-bit levels, the first in the lowest bits.
std::uint64_t logical_unit_number(std::uint64_t lun);

// The designator that multipath-tools put into the UUID of a map, as unit names are written here
// (without the digit for its type): "6001405…" for "mpath-36001405…". Empty where it is not of that
// form.
struct ExpectedName {
    std::string text;
    NameType type = NameType::Unknown;
    bool operator==(const ExpectedName&) const = default;
};
ExpectedName name_expected_by(std::string_view uuid);

} // namespace mpapi::model
