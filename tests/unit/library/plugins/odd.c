/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plugins that each do one thing wrong; which one is chosen when this is compiled. */
#include <mpapi-plugin.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef WITHOUT_INITIALIZE
static MP_UINT32 owner;

MP_STATUS Initialize(MP_UINT32 pluginOwnerID) {
    owner = pluginOwnerID;
    (void)owner;
#if defined(FAILS_INITIALIZE)
    return MP_STATUS_FAILED;
#elif defined(WAITS_IN_INITIALIZE)
    /* Says that it is inside, and waits for a byte. Which descriptors are for it, a test says. */
    {
        char byte = 'x';
        if (write(atoi(getenv("WAITS_INSIDE")), &byte, 1) != 1) return MP_STATUS_FAILED;
        return read(atoi(getenv("WAITS_FOR")), &byte, 1) == 1 ? MP_STATUS_SUCCESS
                                                              : MP_STATUS_FAILED;
    }
#elif defined(CALLS_LIBRARY_IN_INITIALIZE)
    {
        MP_OID_LIST* list;
        if (MP_GetPluginOidList(&list) != MP_STATUS_SUCCESS || list->oidCount != 0)
            return MP_STATUS_FAILED;
        return MP_FreeOidList(list);
    }
#else
    return MP_STATUS_SUCCESS;
#endif
}
#endif

MP_STATUS Terminate(void) {
#ifdef FAILS_INITIALIZE
    __builtin_trap(); /* what was not initialized is not terminated */
#endif
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetPluginPropertiesPlugin(MP_PLUGIN_PROPERTIES* pProps) {
    strcpy(pProps->fileName, PLUGIN_NAME);
#ifdef LINKED_BACK
    /* Trap 2: dlsym looks into what a plugin needs, and by this call it needs the library. */
    return MP_CompareOIDs(ZERO_OID, ZERO_OID);
#endif
    return MP_STATUS_SUCCESS;
}

#ifdef CALLS_ITSELF
/* Trap 1: the call goes to the library, which exports that name too and was there first. */
MP_STATUS MP_GetTargetPortProperties(MP_OID oid, MP_TARGET_PORT_PROPERTIES* pProps) {
    (void)oid;
    pProps->relativePortID = 4711;
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetTargetPortOidList(MP_OID oid, MP_OID_LIST** ppList) {
    MP_TARGET_PORT_PROPERTIES properties;
    oid.objectType = MP_OBJECT_TYPE_TARGET_PORT;
    oid.ownerId = owner;
    (void)ppList;
    if (MP_GetTargetPortProperties(oid, &properties) != MP_STATUS_SUCCESS) return MP_STATUS_FAILED;
    return properties.relativePortID == 4711 ? MP_STATUS_TRY_AGAIN : MP_STATUS_FAILED;
}
#endif

#ifdef UNRESOLVED
int nobody_defines_this(void);
MP_STATUS MP_EnablePath(MP_OID oid) {
    (void)oid;
    return nobody_defines_this() ? MP_STATUS_SUCCESS : MP_STATUS_FAILED;
}
#endif

#ifdef CARELESS_RESULTS
MP_STATUS MP_GetMultipathLusPlugin(MP_OID_LIST** ppList) {
    (void)ppList;
    return MP_STATUS_SUCCESS; /* and no list */
}

MP_STATUS MP_GetTargetPortProperties(MP_OID oid, MP_TARGET_PORT_PROPERTIES* pProps) {
    (void)oid;
    pProps->relativePortID = 1; /* and a failure */
    return MP_STATUS_OBJECT_NOT_FOUND;
}
#endif
