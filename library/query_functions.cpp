// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What there is, as plugins tell it. Each function is described in mpapi.h.
#include "library/dispatch.hpp"

using namespace mpapi::library;

MP_STATUS MP_GetPluginProperties(MP_OID pluginOid, MP_PLUGIN_PROPERTIES* pProps) {
    return ask_plugin(pluginOid, pProps, &EntryPoints::MP_GetPluginPropertiesPlugin);
}

MP_STATUS MP_GetDeviceProductOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return ask_plugin(oid, ppList, &EntryPoints::MP_GetDeviceProductOidListPlugin);
}

MP_STATUS MP_GetInitiatorPortOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return ask_plugin(oid, ppList, &EntryPoints::MP_GetInitiatorPortOidListPlugin);
}

MP_STATUS MP_GetProprietaryLoadBalanceOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return ask_plugin(oid, ppList, &EntryPoints::MP_GetProprietaryLoadBalanceOidListPlugin);
}

MP_STATUS MP_GetMultipathLus(MP_OID oid, MP_OID_LIST** ppList) {
    if (ppList == nullptr) return MP_STATUS_INVALID_PARAMETER;
    const auto accepted = any_of(MP_OBJECT_TYPE_PLUGIN, MP_OBJECT_TYPE_DEVICE_PRODUCT);
    return dispatch(oid, accepted, [&](const Plugin& plugin, const Oid& id) {
        return id.type == MP_OBJECT_TYPE_PLUGIN
                   ? fetch(ppList, plugin.entry.MP_GetMultipathLusPlugin)
                   : fetch(ppList, plugin.entry.MP_GetMultipathLusDevProd, oid);
    });
}

MP_STATUS MP_GetDeviceProductProperties(MP_OID oid, MP_DEVICE_PRODUCT_PROPERTIES* pProps) {
    return ask(oid, any_of(MP_OBJECT_TYPE_DEVICE_PRODUCT), pProps,
               &EntryPoints::MP_GetDeviceProductProperties);
}

MP_STATUS MP_GetInitiatorPortProperties(MP_OID oid, MP_INITIATOR_PORT_PROPERTIES* pProps) {
    return ask(oid, any_of(MP_OBJECT_TYPE_INITIATOR_PORT), pProps,
               &EntryPoints::MP_GetInitiatorPortProperties);
}

MP_STATUS MP_GetMPLogicalUnitProperties(MP_OID oid, MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    return ask(oid, any_of(MP_OBJECT_TYPE_MULTIPATH_LU), pProps,
               &EntryPoints::MP_GetMPLogicalUnitProperties);
}

MP_STATUS MP_GetAssociatedPathOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return ask(oid,
               any_of(MP_OBJECT_TYPE_MULTIPATH_LU, MP_OBJECT_TYPE_INITIATOR_PORT,
                      MP_OBJECT_TYPE_TARGET_PORT),
               ppList, &EntryPoints::MP_GetAssociatedPathOidList);
}

MP_STATUS MP_GetPathLogicalUnitProperties(MP_OID oid, MP_PATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    return ask(oid, any_of(MP_OBJECT_TYPE_PATH_LU), pProps,
               &EntryPoints::MP_GetPathLogicalUnitProperties);
}

MP_STATUS MP_GetAssociatedTPGOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return ask(oid, any_of(MP_OBJECT_TYPE_MULTIPATH_LU), ppList,
               &EntryPoints::MP_GetAssociatedTPGOidList);
}

MP_STATUS MP_GetTargetPortGroupProperties(MP_OID oid, MP_TARGET_PORT_GROUP_PROPERTIES* pProps) {
    return ask(oid, any_of(MP_OBJECT_TYPE_TARGET_PORT_GROUP), pProps,
               &EntryPoints::MP_GetTargetPortGroupProperties);
}

MP_STATUS MP_GetMPLuOidListFromTPG(MP_OID oid, MP_OID_LIST** ppList) {
    return ask(oid, any_of(MP_OBJECT_TYPE_TARGET_PORT_GROUP), ppList,
               &EntryPoints::MP_GetMPLuOidListFromTPG);
}

MP_STATUS MP_GetTargetPortOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return ask(oid, any_of(MP_OBJECT_TYPE_TARGET_PORT_GROUP), ppList,
               &EntryPoints::MP_GetTargetPortOidList);
}

MP_STATUS MP_GetTargetPortProperties(MP_OID oid, MP_TARGET_PORT_PROPERTIES* pProps) {
    return ask(oid, any_of(MP_OBJECT_TYPE_TARGET_PORT), pProps,
               &EntryPoints::MP_GetTargetPortProperties);
}

MP_STATUS
MP_GetProprietaryLoadBalanceProperties(MP_OID oid, MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES* pProps) {
    return ask(oid, any_of(MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE), pProps,
               &EntryPoints::MP_GetProprietaryLoadBalanceProperties);
}

// Both spellings are one function.
MP_STATUS MP_GetMPLLogicalUnitProperties(MP_OID, MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES*)
    __attribute__((alias("MP_GetMPLogicalUnitProperties")));
