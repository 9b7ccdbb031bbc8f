/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plugin of the Multipath Management API exports, ISO/IEC 11002 Annex E and 9.4.
 *
 * A plugin is a shared object, named in mpapi.conf(5), that the library opens with
 * dlopen(RTLD_NOW | RTLD_LOCAL) when a client makes the first call that concerns plugins. It
 * looks up the entry points below by name, once, and keeps only those that the plugin's own file
 * defines: one that comes from a library it is linked with does not count.
 *
 * Which entry points. `Initialize` is mandatory: a shared object without it is no plugin. All the
 * others may be missing; calls that need one are answered MP_STATUS_UNSUPPORTED. A function of
 * <mpapi.h> whose object is the plugin itself has an entry point without that argument and with
 * the suffix Plugin; one for a logical unit that also exists for the plugin has the suffix Lu; one
 * for a device product, DevProd (9.4.6). All the others have the name and the arguments they have
 * in <mpapi.h>.
 *
 * Linking. The plugin exports names that the library exports too, so a call from one of its
 * functions to another of these names would go to the library. Call internal functions instead,
 * or link with -Wl,-Bsymbolic; in any case export nothing but the entry points (a version script).
 * It need not be linked with the library.
 *
 * What has been checked before an entry point is called: pointers are not NULL; the type of an id
 * is one that the function takes; its owner is this plugin; counts are in range; ids in a list for
 * MP_SetTPGAccess are target port groups of this plugin; a load balance type is one algorithm.
 * What has not: whether the sequence number is one of an object that exists
 * (MP_STATUS_OBJECT_NOT_FOUND), how objects relate (MP_STATUS_INVALID_PARAMETER), whether texts
 * end within their arrays, access states, weights and rates.
 *
 * Results. On success all of the result is written, its rest and its reserved parts zero; it
 * arrives zeroed. Lists are one block from malloc or calloc of offsetof(MP_OID_LIST, oids) +
 * max(count, 1) * sizeof(MP_OID) bytes; the client frees it with free, through the library. An
 * empty result is a list of 0 ids with MP_STATUS_SUCCESS, never NULL. On failure nothing is
 * allocated. Ids carry the owner id given to Initialize and a sequence number that is not 0, is
 * unique among the plugin's objects of that type, and is not used again for another object.
 *
 * Threads. Entry points are called from any thread of the client, several at once, with no lock of
 * the library held (9.4.2): the plugin does its own locking. A client may be inside a callback, on
 * the plugin's own thread. A thread may be cancelled where the plugin calls a cancellation point,
 * but not inside a registration or deregistration.
 * Threads that the plugin starts have all signals blocked. No exception leaves an entry point.
 *
 * Fork. In a child of a process that has loaded the plugin entry points may be called: the
 * plugin's threads do not exist there, and a descriptor is shared with the parent. A client that
 * registers again in the child is registered again here, with no deregistration before it; a
 * plugin that still has the parent's registration answers MP_STATUS_FN_REPLACED or
 * MP_STATUS_SUCCESS. Terminate is not called in the child; Initialize is, if the parent's call of
 * it had not returned by then. Descriptors are close-on-exec.
 */
#ifndef MPAPI_PLUGIN_H
#define MPAPI_PLUGIN_H

#include <mpapi.h>

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The first call, once (but see Fork), before any other. `pluginOwnerID`, never 0, is the owner id
 * of every object id that the plugin makes from now on. It should be quick: the client's first call
 * waits for it. It must neither call a function of <mpapi.h> nor wait for a thread that does.
 *
 * Any status but MP_STATUS_SUCCESS: the plugin is closed again, without Terminate, and is not
 * listed; its owner id goes to the next one. A driver or daemon that is not there now is no
 * reason: the client may run for years.
 */
MP_STATUS Initialize(MP_UINT32 pluginOwnerID);

/*
 * The last call, at the client's exit or when it closes the library; the shared object is closed
 * afterwards. No entry point and no callback is running, and none will. When it returns no thread
 * of the plugin exists. Not called where that cannot be had: in a child after fork, when the
 * client exits inside a call or a callback, and when one was still running ten seconds after the
 * client's exit began.
 *
 * At exit it runs before the destructors of those static objects of the plugin that existed when
 * Initialize returned; others, local to a function that ran later, are gone by then. If the client
 * closes the library it runs before all of them, while the dynamic loader's lock is held: a thread
 * it waits for must not need that lock (dlopen, dlclose).
 */
MP_STATUS Terminate(void);

/* Of the plugin. Arguments and statuses as of the function without the suffix. */
MP_STATUS MP_GetPluginPropertiesPlugin(MP_PLUGIN_PROPERTIES* pProps);
MP_STATUS MP_GetDeviceProductOidListPlugin(MP_OID_LIST** ppList);
MP_STATUS MP_GetInitiatorPortOidListPlugin(MP_OID_LIST** ppList);
MP_STATUS MP_GetMultipathLusPlugin(MP_OID_LIST** ppList);
MP_STATUS MP_GetProprietaryLoadBalanceOidListPlugin(MP_OID_LIST** ppList);
MP_STATUS MP_EnableAutoFailbackPlugin(void);
MP_STATUS MP_DisableAutoFailbackPlugin(void);
MP_STATUS MP_EnableAutoProbingPlugin(void);
MP_STATUS MP_DisableAutoProbingPlugin(void);
MP_STATUS MP_SetPluginLoadBalanceTypePlugin(MP_LOAD_BALANCE_TYPE loadBalance);
MP_STATUS MP_SetFailbackPollingRatePlugin(MP_UINT32 pollingRate);
MP_STATUS MP_SetProbingPollingRatePlugin(MP_UINT32 pollingRate);

/*
 * Events. The functions that arrive here are the library's own, one for each kind, and
 * `pCallerData` is the library's too, one for each kind and type: hand both back untouched in each
 * call. The library keeps the clients' functions, replaces and removes them, finds out who
 * registered what, and waits for callbacks that run; for each kind and type it registers here at
 * most once before it deregisters. `objectType` MP_OBJECT_TYPE_UNKNOWN means all types, beside and
 * apart from registrations for single ones: a change of an object is told once to the registration
 * of its type and once to that of all types.
 *
 * Call them from a thread of the plugin's own (9.4.4) with nothing locked: the client may call any
 * entry point inside, deregister included, and may take its time. The list holds ids of one type.
 * It stays the plugin's and must live until the call returns; the client may write to it. Watch the
 * operating system, and run a thread, only while something is registered (9.4.5).
 *
 * Deregister need not wait for a call that runs, and must not if it is called on the thread that
 * makes that call. What still arrives after it is dropped by the library.
 */
MP_STATUS MP_RegisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                    MP_OBJECT_TYPE objectType, void* pCallerData);
MP_STATUS MP_RegisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType, void* pCallerData);
MP_STATUS MP_DeregisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType);
MP_STATUS MP_DeregisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                        MP_OBJECT_TYPE objectType);

/* Of a logical unit, where the function also exists for the plugin. */
MP_STATUS MP_EnableAutoFailbackLu(MP_OID oid);
MP_STATUS MP_DisableAutoFailbackLu(MP_OID oid);
MP_STATUS MP_EnableAutoProbingLu(MP_OID oid);
MP_STATUS MP_DisableAutoProbingLu(MP_OID oid);
MP_STATUS MP_SetFailbackPollingRateLu(MP_OID oid, MP_UINT32 pollingRate);
MP_STATUS MP_SetProbingPollingRateLu(MP_OID oid, MP_UINT32 pollingRate);

/* Of a device product. */
MP_STATUS MP_GetMultipathLusDevProd(MP_OID oid, MP_OID_LIST** ppList);

/*
 * The others are declared in <mpapi.h>:
 *   MP_GetDeviceProductProperties           MP_GetInitiatorPortProperties
 *   MP_GetMPLogicalUnitProperties           MP_GetAssociatedPathOidList
 *   MP_GetPathLogicalUnitProperties         MP_GetAssociatedTPGOidList
 *   MP_GetTargetPortGroupProperties         MP_GetMPLuOidListFromTPG
 *   MP_GetProprietaryLoadBalanceProperties  MP_GetTargetPortOidList
 *   MP_GetTargetPortProperties              MP_AssignLogicalUnitToTPG
 *   MP_SetOverridePath                      MP_CancelOverridePath
 *   MP_EnablePath                           MP_DisablePath
 *   MP_SetLogicalUnitLoadBalanceType        MP_SetPathWeight
 *   MP_SetProprietaryProperties             MP_SetTPGAccess
 */

#ifdef __cplusplus
} /* extern "C" */
#endif
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif /* MPAPI_PLUGIN_H */
