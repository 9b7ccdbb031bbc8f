// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An object id as numbers. A client can put anything into its enumeration, which C++ may not even
// read then.
#pragma once

#include "library/include/mpapi.h"

#include <bit>

namespace mpapi::library {

struct Oid {
    MP_UINT32 type;
    MP_UINT32 owner;
    MP_UINT64 sequence;
    bool operator==(const Oid&) const = default;
};

inline Oid numbers(const MP_OID& oid) {
    return std::bit_cast<Oid>(oid);
}

inline MP_UINT32 number(const MP_OBJECT_TYPE& type) {
    return std::bit_cast<MP_UINT32>(type);
}

inline MP_OID plugin_oid(MP_UINT32 owner) {
    return MP_OID{MP_OBJECT_TYPE_PLUGIN, owner, 0};
}

} // namespace mpapi::library
