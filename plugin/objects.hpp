// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which objects a snapshot has, and what belongs to what, as ids of ISO/IEC 11002: the sequence
// number is the one the daemon keeps for the object over restarts and never gives to another.
#pragma once

#include "common/flat/reader.hpp"
#include "library/include/mpapi.h"

#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::plugin {

using Sequence = std::uint64_t;
using Sequences = std::vector<Sequence>;

// Bits of MP_LOAD_BALANCE_TYPE that are not the standard's: only such algorithms are objects.
inline constexpr MP_UINT32 kProprietaryTypes = 0xffff'0000;

// Of the whole driver: failing over is what any of its maps can do.
MP_UINT32 supported_load_balance_types(const flat::SectionView& common);

MP_OID oid_of(MP_OBJECT_TYPE type, MP_UINT32 owner, Sequence sequence);

bool exists(const flat::Reader& snapshot, MP_OBJECT_TYPE type, Sequence sequence);
// All of a type, ascending.
Sequences all_of(const flat::Reader& snapshot, MP_OBJECT_TYPE type);

// What belongs to an object that exists.
Sequences units_of_product(const flat::Reader& snapshot, Sequence product);
Sequences paths_of_unit(const flat::UnitView& unit);
Sequences paths_of_initiator_port(const flat::Reader& snapshot, Sequence port);
Sequences paths_of_target_port(const flat::Reader& snapshot, Sequence port);
Sequences groups_of_unit(const flat::UnitView& unit);
Sequences target_ports_of_group(const flat::GroupView& group);

// From malloc, as the client frees it; null where there is no memory.
MP_OID_LIST* new_list(MP_OBJECT_TYPE type, MP_UINT32 owner, std::span<const Sequence> sequences);

} // namespace mpapi::plugin
