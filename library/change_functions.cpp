// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What plugins are asked to change. Each function is described in mpapi.h.
#include "library/dispatch.hpp"

#include <bit>
#include <span>
#include <type_traits>

using namespace mpapi::library;

namespace {

constexpr auto plugin_or_lu = any_of(MP_OBJECT_TYPE_PLUGIN, MP_OBJECT_TYPE_MULTIPATH_LU);

// A function that exists for the plugin and for one logical unit.
template <typename... Arguments>
MP_STATUS change(MP_OID oid, MP_STATUS (*const EntryPoints::*for_plugin)(Arguments...),
                 MP_STATUS (*const EntryPoints::*for_lu)(MP_OID, Arguments...),
                 std::type_identity_t<Arguments>... arguments) {
    return dispatch(oid, plugin_or_lu, [&](const Plugin& plugin, const Oid& id) {
        return id.type == MP_OBJECT_TYPE_PLUGIN ? call(plugin.entry.*for_plugin, arguments...)
                                                : call(plugin.entry.*for_lu, oid, arguments...);
    });
}

// A function of objects of one type.
template <typename... Arguments>
MP_STATUS change_one(MP_OID oid, MP_OBJECT_TYPE type,
                     MP_STATUS (*const EntryPoints::*entry)(MP_OID, Arguments...),
                     std::type_identity_t<Arguments>... arguments) {
    return dispatch(oid, any_of(type), [&](const Plugin& plugin, const Oid&) {
        return call(plugin.entry.*entry, oid, arguments...);
    });
}

// A function of two objects of one plugin.
MP_STATUS change_pair(MP_OID first, MP_OBJECT_TYPE first_type, MP_OID second,
                      MP_OBJECT_TYPE second_type,
                      MP_STATUS (*const EntryPoints::*entry)(MP_OID, MP_OID)) {
    return at_boundary([&] {
        const Visit visit;
        if (!is_type(numbers(first).type) || !is_type(numbers(second).type))
            return MP_STATUS_INVALID_OBJECT_TYPE;
        const Target one = target_of(visit, numbers(first), any_of(first_type));
        if (one.plugin == nullptr) return one.status;
        const Target other = target_of(visit, numbers(second), any_of(second_type));
        if (other.plugin == nullptr) return other.status;
        if (one.plugin != other.plugin) return MP_STATUS_INVALID_PARAMETER;
        return call(one.plugin->entry.*entry, first, second);
    });
}

// One algorithm that can be asked for: not a set, not "unknown", not a bit without a meaning.
bool is_algorithm(MP_LOAD_BALANCE_TYPE type) {
    constexpr MP_LOAD_BALANCE_TYPE known = 0x7e | 0xffff0000;
    return std::has_single_bit(type) && (type & known) != 0;
}

// Group numbers have 16 bits (SPC-4 6.36), and each group is named once.
constexpr MP_UINT32 most_groups = 65535;

} // namespace

// As known dispatchers do, different owners are seen before anything else here.
MP_STATUS MP_AssignLogicalUnitToTPG(MP_OID tpgOid, MP_OID luOid) {
    if (tpgOid.ownerId != luOid.ownerId) return MP_STATUS_INVALID_PARAMETER;
    return change_pair(tpgOid, MP_OBJECT_TYPE_TARGET_PORT_GROUP, luOid, MP_OBJECT_TYPE_MULTIPATH_LU,
                       &EntryPoints::MP_AssignLogicalUnitToTPG);
}

MP_STATUS MP_SetOverridePath(MP_OID logicalUnitOid, MP_OID pathOid) {
    return change_pair(logicalUnitOid, MP_OBJECT_TYPE_MULTIPATH_LU, pathOid, MP_OBJECT_TYPE_PATH_LU,
                       &EntryPoints::MP_SetOverridePath);
}

MP_STATUS MP_CancelOverridePath(MP_OID logicalUnitOid) {
    return change_one(logicalUnitOid, MP_OBJECT_TYPE_MULTIPATH_LU,
                      &EntryPoints::MP_CancelOverridePath);
}

MP_STATUS MP_EnableAutoFailback(MP_OID oid) {
    return change(oid, &EntryPoints::MP_EnableAutoFailbackPlugin,
                  &EntryPoints::MP_EnableAutoFailbackLu);
}

MP_STATUS MP_DisableAutoFailback(MP_OID oid) {
    return change(oid, &EntryPoints::MP_DisableAutoFailbackPlugin,
                  &EntryPoints::MP_DisableAutoFailbackLu);
}

MP_STATUS MP_EnableAutoProbing(MP_OID oid) {
    return change(oid, &EntryPoints::MP_EnableAutoProbingPlugin,
                  &EntryPoints::MP_EnableAutoProbingLu);
}

MP_STATUS MP_DisableAutoProbing(MP_OID oid) {
    return change(oid, &EntryPoints::MP_DisableAutoProbingPlugin,
                  &EntryPoints::MP_DisableAutoProbingLu);
}

MP_STATUS MP_EnablePath(MP_OID oid) {
    return change_one(oid, MP_OBJECT_TYPE_PATH_LU, &EntryPoints::MP_EnablePath);
}

MP_STATUS MP_DisablePath(MP_OID oid) {
    return change_one(oid, MP_OBJECT_TYPE_PATH_LU, &EntryPoints::MP_DisablePath);
}

MP_STATUS MP_SetLogicalUnitLoadBalanceType(MP_OID logicalUnitOid,
                                           MP_LOAD_BALANCE_TYPE loadBalance) {
    return dispatch(
        logicalUnitOid, any_of(MP_OBJECT_TYPE_MULTIPATH_LU), [&](const Plugin& plugin, const Oid&) {
            if (!is_algorithm(loadBalance)) return MP_STATUS_INVALID_PARAMETER;
            return call(plugin.entry.MP_SetLogicalUnitLoadBalanceType, logicalUnitOid, loadBalance);
        });
}

MP_STATUS MP_SetPluginLoadBalanceType(MP_OID oid, MP_LOAD_BALANCE_TYPE loadBalance) {
    return dispatch(oid, any_of(MP_OBJECT_TYPE_PLUGIN), [&](const Plugin& plugin, const Oid&) {
        if (!is_algorithm(loadBalance)) return MP_STATUS_INVALID_PARAMETER;
        return call(plugin.entry.MP_SetPluginLoadBalanceTypePlugin, loadBalance);
    });
}

MP_STATUS MP_SetPathWeight(MP_OID pathOid, MP_UINT32 weight) {
    return change_one(pathOid, MP_OBJECT_TYPE_PATH_LU, &EntryPoints::MP_SetPathWeight, weight);
}

MP_STATUS MP_SetFailbackPollingRate(MP_OID oid, MP_UINT32 pollingRate) {
    return change(oid, &EntryPoints::MP_SetFailbackPollingRatePlugin,
                  &EntryPoints::MP_SetFailbackPollingRateLu, pollingRate);
}

MP_STATUS MP_SetProbingPollingRate(MP_OID oid, MP_UINT32 pollingRate) {
    return change(oid, &EntryPoints::MP_SetProbingPollingRatePlugin,
                  &EntryPoints::MP_SetProbingPollingRateLu, pollingRate);
}

MP_STATUS MP_SetProprietaryProperties(MP_OID oid, MP_UINT32 count,
                                      MP_PROPRIETARY_PROPERTY* pPropertyList) {
    if (pPropertyList == nullptr) return MP_STATUS_INVALID_PARAMETER;
    const auto accepted = plugin_or_lu | any_of(MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE);
    return dispatch(oid, accepted, [&](const Plugin& plugin, const Oid&) {
        constexpr auto most = std::extent_v<decltype(MP_PLUGIN_PROPERTIES::proprietaryProperties)>;
        if (count == 0 || count > most) return MP_STATUS_INVALID_PARAMETER;
        return call(plugin.entry.MP_SetProprietaryProperties, oid, count, pPropertyList);
    });
}

MP_STATUS MP_SetTPGAccess(MP_OID luOid, MP_UINT32 count, MP_TPG_STATE_PAIR* pTpgStateList) {
    if (pTpgStateList == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return dispatch(
        luOid, any_of(MP_OBJECT_TYPE_MULTIPATH_LU), [&](const Plugin& plugin, const Oid& lu) {
            if (count == 0 || count > most_groups) return MP_STATUS_INVALID_PARAMETER;
            for (const MP_TPG_STATE_PAIR& pair : std::span(pTpgStateList, count)) {
                const Oid group = numbers(pair.tpgOid);
                if (group.type != MP_OBJECT_TYPE_TARGET_PORT_GROUP || group.owner != lu.owner)
                    return MP_STATUS_INVALID_PARAMETER;
            }
            return call(plugin.entry.MP_SetTPGAccess, luOid, count, pTpgStateList);
        });
}
