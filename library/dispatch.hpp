// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From an object id to the plugin's function. The order of checks is that of the known dispatchers
// but for one: the type is looked at before the owner, as the standard's text wants (an id that was
// never set is INVALID_OBJECT_TYPE, not OBJECT_NOT_FOUND).
#pragma once

#include "library/boundary.hpp"
#include "library/oid.hpp"
#include "library/plugins.hpp"

#include <cstring>
#include <type_traits>

namespace mpapi::library {

// A set of object types.
template <typename... Types>
constexpr MP_UINT32 any_of(Types... types) {
    return ((1u << types) | ...);
}

// What became of an id: a plugin, or a status that says why not.
struct Target {
    MP_STATUS status = MP_STATUS_SUCCESS;
    Plugin* plugin = nullptr;
};

inline bool is_type(MP_UINT32 type) {
    return type != MP_OBJECT_TYPE_UNKNOWN && type <= MP_OBJECT_TYPE_MAX;
}

inline Target owner_of(const Visit& visit, const Oid& oid) {
    if (!is_type(oid.type)) return {MP_STATUS_INVALID_OBJECT_TYPE};
    if (oid.owner == 0 || oid.owner > visit.plugins().size()) return {MP_STATUS_OBJECT_NOT_FOUND};
    return {MP_STATUS_SUCCESS, visit.plugins()[oid.owner - 1].get()};
}

inline Target target_of(const Visit& visit, const Oid& oid, MP_UINT32 accepted) {
    const Target target = owner_of(visit, oid);
    if (target.plugin == nullptr) return target;
    if (oid.type == MP_OBJECT_TYPE_PLUGIN && oid.sequence != 0) return {MP_STATUS_OBJECT_NOT_FOUND};
    if ((accepted & any_of(oid.type)) == 0) return {MP_STATUS_INVALID_PARAMETER};
    return target;
}

template <typename Entry, typename... Arguments>
MP_STATUS call(Entry entry, Arguments... arguments) {
    return entry == nullptr ? MP_STATUS_UNSUPPORTED : entry(arguments...);
}

// The client's memory is written on success only, and all of it.
template <typename Result, typename Entry, typename... Arguments>
MP_STATUS fetch(Result* out, Entry entry, Arguments... arguments) {
    static_assert(std::is_trivially_copyable_v<Result>);
    Result result{};
    if constexpr (!std::is_pointer_v<Result>)
        std::memset(&result, 0, sizeof(Result)); // its padding too
    const MP_STATUS status = call(entry, arguments..., &result);
    if (status != MP_STATUS_SUCCESS) return status;
    if constexpr (std::is_pointer_v<Result>) {
        if (result == nullptr) return MP_STATUS_FAILED;
        *out = result;
    } else {
        std::memcpy(out, &result, sizeof(Result));
    }
    return status;
}

// The usual call: `work` gets the plugin and the id's type.
template <typename Work>
MP_STATUS dispatch(MP_OID oid, MP_UINT32 accepted, Work work) {
    return at_boundary([&] {
        const Visit visit;
        const Oid id = numbers(oid);
        const Target target = target_of(visit, id, accepted);
        return target.plugin == nullptr ? target.status : work(*target.plugin, id);
    });
}

// The usual question about an object that is not the plugin itself.
template <typename Result>
MP_STATUS ask(MP_OID oid, MP_UINT32 accepted, Result* out,
              MP_STATUS (*const EntryPoints::*entry)(MP_OID, Result*)) {
    if (out == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return dispatch(oid, accepted, [&](const Plugin& plugin, const Oid&) {
        return fetch(out, plugin.entry.*entry, oid);
    });
}

// The usual question about the plugin.
template <typename Result>
MP_STATUS ask_plugin(MP_OID oid, Result* out, MP_STATUS (*const EntryPoints::*entry)(Result*)) {
    if (out == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return dispatch(oid, any_of(MP_OBJECT_TYPE_PLUGIN), [&](const Plugin& plugin, const Oid&) {
        return fetch(out, plugin.entry.*entry);
    });
}

} // namespace mpapi::library
