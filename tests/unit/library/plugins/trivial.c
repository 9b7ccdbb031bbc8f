/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plugin over objects that it makes up. It remembers what it was asked to change. */
#include "trivial.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { types = MP_OBJECT_TYPE_MAX + 1 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static MP_UINT32 owner;
static unsigned initializations;
static struct TrivialCall last;
static struct {
    MP_OBJECT_PROPERTY_FN function;
    void* data;
} property[types];
static struct {
    MP_OBJECT_VISIBILITY_FN function;
    void* data;
} visibility[types];
static unsigned subscriptions, unsubscriptions;
static MP_STATUS registration_answer = MP_STATUS_SUCCESS;
static MP_STATUS deregistration_answer = MP_STATUS_SUCCESS;
static void (*on_cancel)(void);
static void (*on_registration)(void);
static void (*on_deregistration)(void);
static int* terminations;
static pthread_t own_thread;
static int own_thread_runs;

/* How many objects of each type there are. */
static MP_UINT32 count_of(MP_UINT32 type) {
    static const MP_UINT32 counts[types] = {0, 0, 2, 2, 2, 4, 1, 2, 1};
    return counts[type];
}

static MP_OID object(MP_OBJECT_TYPE type, MP_UINT64 sequence) {
    MP_OID oid;
    oid.objectType = type;
    oid.ownerId = owner;
    oid.objectSequenceNumber = sequence;
    return oid;
}

static int exists(MP_OID oid) {
    return oid.objectSequenceNumber >= 1 && oid.objectSequenceNumber <= count_of(oid.objectType);
}

/* The objects `first` to `end` - 1. */
static MP_STATUS list_of(MP_OBJECT_TYPE type, MP_UINT32 first, MP_UINT32 end, MP_OID_LIST** list) {
    const MP_UINT32 count = end - first;
    MP_UINT32 index;
    *list = calloc(1, offsetof(MP_OID_LIST, oids) + (count ? count : 1) * sizeof(MP_OID));
    if (*list == NULL) return MP_STATUS_INSUFFICIENT_MEMORY;
    (*list)->oidCount = count;
    for (index = 0; index < count; ++index)
        (*list)->oids[index] = object(type, first + index);
    return MP_STATUS_SUCCESS;
}

static MP_STATUS all_of(MP_OBJECT_TYPE type, MP_OID_LIST** list) {
    return list_of(type, 1, count_of(type) + 1, list);
}

static MP_STATUS changed(const char* function, MP_OID first, MP_OID second, MP_UINT32 number) {
    pthread_mutex_lock(&mutex);
    snprintf(last.function, sizeof last.function, "%s", function);
    last.first = first;
    last.second = second;
    last.number = number;
    pthread_mutex_unlock(&mutex);
    return MP_STATUS_SUCCESS;
}

static MP_STATUS changed_object(const char* function, MP_OID oid, MP_UINT32 number) {
    return exists(oid) ? changed(function, oid, ZERO_OID, number) : MP_STATUS_OBJECT_NOT_FOUND;
}

MP_STATUS Initialize(MP_UINT32 pluginOwnerID) {
    owner = pluginOwnerID;
    ++initializations;
    return MP_STATUS_SUCCESS;
}

MP_STATUS Terminate(void) {
    if (terminations != NULL) ++*terminations;
    if (own_thread_runs) pthread_join(own_thread, NULL);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetPluginPropertiesPlugin(MP_PLUGIN_PROPERTIES* pProps) {
    pProps->supportedMpVersion = MP_LIBVERSION;
    wcscpy(pProps->vendor, L"trivial vendor");
    strcpy(pProps->fileName, "libtrivial.so");
    pProps->supportedLoadBalanceTypes = MP_LOAD_BALANCE_TYPE_ROUNDROBIN;
    pProps->maximumWeight = owner; /* tells two of them apart */
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetDeviceProductOidListPlugin(MP_OID_LIST** ppList) {
    return all_of(MP_OBJECT_TYPE_DEVICE_PRODUCT, ppList);
}
MP_STATUS MP_GetInitiatorPortOidListPlugin(MP_OID_LIST** ppList) {
    return all_of(MP_OBJECT_TYPE_INITIATOR_PORT, ppList);
}
MP_STATUS MP_GetMultipathLusPlugin(MP_OID_LIST** ppList) {
    return all_of(MP_OBJECT_TYPE_MULTIPATH_LU, ppList);
}
MP_STATUS MP_GetProprietaryLoadBalanceOidListPlugin(MP_OID_LIST** ppList) {
    return all_of(MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE, ppList);
}

MP_STATUS MP_GetMultipathLusDevProd(MP_OID oid, MP_OID_LIST** ppList) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return list_of(MP_OBJECT_TYPE_MULTIPATH_LU, 1, 2, ppList);
}

MP_STATUS MP_GetDeviceProductProperties(MP_OID oid, MP_DEVICE_PRODUCT_PROPERTIES* pProps) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    memcpy(pProps->vendor, "TRIVIAL ", 8);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetInitiatorPortProperties(MP_OID oid, MP_INITIATOR_PORT_PROPERTIES* pProps) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    snprintf(pProps->portID, sizeof pProps->portID, "initiator %u",
             (unsigned)oid.objectSequenceNumber);
    pProps->portType = MP_PORT_TRANSPORT_TYPE_FC;
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetMPLogicalUnitProperties(MP_OID oid, MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    memcpy(pProps->vendor, "TRIVIAL ", 8);
    snprintf(pProps->deviceFileName, sizeof pProps->deviceFileName, "/dev/trivial/%u",
             (unsigned)oid.objectSequenceNumber);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetAssociatedPathOidList(MP_OID oid, MP_OID_LIST** ppList) {
    const MP_UINT32 number = (MP_UINT32)oid.objectSequenceNumber;
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return list_of(MP_OBJECT_TYPE_PATH_LU, 2 * number - 1, 2 * number + 1, ppList);
}

MP_STATUS MP_GetPathLogicalUnitProperties(MP_OID oid, MP_PATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    const MP_UINT64 number = oid.objectSequenceNumber;
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    pProps->initiatorPortOid = object(MP_OBJECT_TYPE_INITIATOR_PORT, 1 + (number - 1) % 2);
    pProps->targetPortOid = object(MP_OBJECT_TYPE_TARGET_PORT, 1 + (number - 1) % 2);
    pProps->logicalUnitOid = object(MP_OBJECT_TYPE_MULTIPATH_LU, (number + 1) / 2);
    pProps->logicalUnitNumber = number;
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetAssociatedTPGOidList(MP_OID oid, MP_OID_LIST** ppList) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return all_of(MP_OBJECT_TYPE_TARGET_PORT_GROUP, ppList);
}

MP_STATUS MP_GetTargetPortGroupProperties(MP_OID oid, MP_TARGET_PORT_GROUP_PROPERTIES* pProps) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    pProps->accessState =
        oid.objectSequenceNumber == 1 ? MP_ACCESS_STATE_ACTIVE_OPTIMIZED : MP_ACCESS_STATE_STANDBY;
    pProps->tpgID = (MP_UINT32)oid.objectSequenceNumber;
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetMPLuOidListFromTPG(MP_OID oid, MP_OID_LIST** ppList) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return all_of(MP_OBJECT_TYPE_MULTIPATH_LU, ppList);
}

MP_STATUS MP_GetTargetPortOidList(MP_OID oid, MP_OID_LIST** ppList) {
    const MP_UINT32 number = (MP_UINT32)oid.objectSequenceNumber;
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return list_of(MP_OBJECT_TYPE_TARGET_PORT, number, number + 1, ppList);
}

MP_STATUS MP_GetTargetPortProperties(MP_OID oid, MP_TARGET_PORT_PROPERTIES* pProps) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    snprintf(pProps->portID, sizeof pProps->portID, "target %u",
             (unsigned)oid.objectSequenceNumber);
    pProps->relativePortID = (MP_UINT32)oid.objectSequenceNumber;
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetProprietaryLoadBalanceProperties(MP_OID oid,
                                                 MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES* pProps) {
    if (!exists(oid)) return MP_STATUS_OBJECT_NOT_FOUND;
    pProps->typeIndex = 1u << 16;
    wcscpy(pProps->name, L"by lot");
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_AssignLogicalUnitToTPG(MP_OID tpgOid, MP_OID luOid) {
    if (!exists(tpgOid) || !exists(luOid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return changed(__func__, tpgOid, luOid, 0);
}
MP_STATUS MP_SetOverridePath(MP_OID logicalUnitOid, MP_OID pathOid) {
    if (!exists(logicalUnitOid) || !exists(pathOid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return changed(__func__, logicalUnitOid, pathOid, 0);
}
MP_STATUS MP_CancelOverridePath(MP_OID logicalUnitOid) {
    if (on_cancel != NULL) on_cancel();
    return changed_object(__func__, logicalUnitOid, 0);
}
MP_STATUS MP_EnablePath(MP_OID oid) {
    return changed_object(__func__, oid, 0);
}
MP_STATUS MP_DisablePath(MP_OID oid) {
    return changed_object(__func__, oid, 0);
}
MP_STATUS MP_SetLogicalUnitLoadBalanceType(MP_OID oid, MP_LOAD_BALANCE_TYPE loadBalance) {
    return changed_object(__func__, oid, loadBalance);
}
MP_STATUS MP_SetPathWeight(MP_OID pathOid, MP_UINT32 weight) {
    return changed_object(__func__, pathOid, weight);
}
MP_STATUS MP_SetProprietaryProperties(MP_OID oid, MP_UINT32 count, MP_PROPRIETARY_PROPERTY* list) {
    (void)list;
    if (oid.objectType == MP_OBJECT_TYPE_PLUGIN) return changed(__func__, oid, ZERO_OID, count);
    return changed_object(__func__, oid, count);
}
MP_STATUS MP_SetTPGAccess(MP_OID luOid, MP_UINT32 count, MP_TPG_STATE_PAIR* list) {
    if (!exists(luOid)) return MP_STATUS_OBJECT_NOT_FOUND;
    return changed(__func__, luOid, list[count - 1].tpgOid, count);
}
MP_STATUS MP_EnableAutoFailbackPlugin(void) {
    return changed(__func__, ZERO_OID, ZERO_OID, 0);
}
MP_STATUS MP_DisableAutoFailbackPlugin(void) {
    return changed(__func__, ZERO_OID, ZERO_OID, 0);
}
MP_STATUS MP_EnableAutoProbingPlugin(void) {
    return changed(__func__, ZERO_OID, ZERO_OID, 0);
}
MP_STATUS MP_DisableAutoProbingPlugin(void) {
    return changed(__func__, ZERO_OID, ZERO_OID, 0);
}
MP_STATUS MP_SetPluginLoadBalanceTypePlugin(MP_LOAD_BALANCE_TYPE loadBalance) {
    return changed(__func__, ZERO_OID, ZERO_OID, loadBalance);
}
MP_STATUS MP_SetFailbackPollingRatePlugin(MP_UINT32 pollingRate) {
    return changed(__func__, ZERO_OID, ZERO_OID, pollingRate);
}
MP_STATUS MP_SetProbingPollingRatePlugin(MP_UINT32 pollingRate) {
    return changed(__func__, ZERO_OID, ZERO_OID, pollingRate);
}
MP_STATUS MP_EnableAutoFailbackLu(MP_OID oid) {
    return changed_object(__func__, oid, 0);
}
MP_STATUS MP_DisableAutoFailbackLu(MP_OID oid) {
    return changed_object(__func__, oid, 0);
}
MP_STATUS MP_EnableAutoProbingLu(MP_OID oid) {
    return changed_object(__func__, oid, 0);
}
MP_STATUS MP_DisableAutoProbingLu(MP_OID oid) {
    return changed_object(__func__, oid, 0);
}
MP_STATUS MP_SetFailbackPollingRateLu(MP_OID oid, MP_UINT32 pollingRate) {
    return changed_object(__func__, oid, pollingRate);
}
MP_STATUS MP_SetProbingPollingRateLu(MP_OID oid, MP_UINT32 pollingRate) {
    return changed_object(__func__, oid, pollingRate);
}

/* Registrations, one for each kind and type. */

static MP_STATUS set_property(MP_OBJECT_PROPERTY_FN function, MP_OBJECT_TYPE type, void* data) {
    MP_STATUS status;
    if (on_registration != NULL) on_registration();
    pthread_mutex_lock(&mutex);
    status = registration_answer;
    ++subscriptions;
    if (status == MP_STATUS_SUCCESS) {
        property[type].function = function;
        property[type].data = data;
    }
    pthread_mutex_unlock(&mutex);
    return status;
}

static MP_STATUS set_visibility(MP_OBJECT_VISIBILITY_FN function, MP_OBJECT_TYPE type, void* data) {
    MP_STATUS status;
    if (on_registration != NULL) on_registration();
    pthread_mutex_lock(&mutex);
    status = registration_answer;
    ++subscriptions;
    if (status == MP_STATUS_SUCCESS) {
        visibility[type].function = function;
        visibility[type].data = data;
    }
    pthread_mutex_unlock(&mutex);
    return status;
}

MP_STATUS MP_RegisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                    MP_OBJECT_TYPE objectType, void* pCallerData) {
    return set_property(pClientFn, objectType, pCallerData);
}

MP_STATUS MP_RegisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType,
                                                      void* pCallerData) {
    return set_visibility(pClientFn, objectType, pCallerData);
}

static MP_STATUS deregister(MP_OBJECT_TYPE type, int of_property) {
    MP_STATUS status;
    if (on_deregistration != NULL) on_deregistration();
    pthread_mutex_lock(&mutex);
    status = deregistration_answer;
    ++unsubscriptions;
    if (status == MP_STATUS_SUCCESS && of_property) property[type].function = NULL;
    if (status == MP_STATUS_SUCCESS && !of_property) visibility[type].function = NULL;
    pthread_mutex_unlock(&mutex);
    return status;
}

MP_STATUS MP_DeregisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType) {
    (void)pClientFn;
    return deregister(objectType, 1);
}

MP_STATUS MP_DeregisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                        MP_OBJECT_TYPE objectType) {
    (void)pClientFn;
    return deregister(objectType, 0);
}

/* What tests reach. */

static MP_UINT32 control_owner(void) {
    return owner;
}

static unsigned control_initializations(void) {
    return initializations;
}

static struct TrivialCall control_last_call(void) {
    struct TrivialCall copy;
    pthread_mutex_lock(&mutex);
    copy = last;
    pthread_mutex_unlock(&mutex);
    return copy;
}

static unsigned control_subscriptions(void) {
    unsigned count;
    pthread_mutex_lock(&mutex);
    count = subscriptions;
    pthread_mutex_unlock(&mutex);
    return count;
}

static unsigned control_unsubscriptions(void) {
    unsigned count;
    pthread_mutex_lock(&mutex);
    count = unsubscriptions;
    pthread_mutex_unlock(&mutex);
    return count;
}

static MP_OID_LIST* some(MP_OBJECT_TYPE type, MP_UINT32 count) {
    MP_OID_LIST* list = NULL;
    return list_of(type, 1, count + 1, &list) == MP_STATUS_SUCCESS ? list : NULL;
}

static unsigned control_property_changed(MP_OBJECT_TYPE type, MP_UINT32 count) {
    const MP_UINT32 slots[2] = {type, MP_OBJECT_TYPE_UNKNOWN};
    unsigned called = 0, index;
    MP_OID_LIST* const list = some(type, count);
    for (index = 0; index < 2; ++index) {
        MP_OBJECT_PROPERTY_FN function;
        void* data;
        pthread_mutex_lock(&mutex);
        function = property[slots[index]].function;
        data = property[slots[index]].data;
        pthread_mutex_unlock(&mutex);
        if (function == NULL) continue;
        function(list, data);
        ++called;
    }
    free(list);
    return called;
}

static void* tell(void* type) {
    control_property_changed(*(const MP_OBJECT_TYPE*)type, 1);
    return NULL;
}

static void control_property_changed_on_own_thread(MP_OBJECT_TYPE type) {
    static MP_OBJECT_TYPE told;
    told = type;
    own_thread_runs = pthread_create(&own_thread, NULL, tell, &told) == 0;
}

static unsigned control_visibility_changed(MP_BOOL visible, MP_OBJECT_TYPE type, MP_UINT32 count) {
    const MP_UINT32 slots[2] = {type, MP_OBJECT_TYPE_UNKNOWN};
    unsigned called = 0, index;
    MP_OID_LIST* const list = some(type, count);
    for (index = 0; index < 2; ++index) {
        MP_OBJECT_VISIBILITY_FN function;
        void* data;
        pthread_mutex_lock(&mutex);
        function = visibility[slots[index]].function;
        data = visibility[slots[index]].data;
        pthread_mutex_unlock(&mutex);
        if (function == NULL) continue;
        function(visible, list, data);
        ++called;
    }
    free(list);
    return called;
}

static void control_answer_registrations(MP_STATUS status) {
    pthread_mutex_lock(&mutex);
    registration_answer = status;
    pthread_mutex_unlock(&mutex);
}

static void control_answer_deregistrations(MP_STATUS status) {
    pthread_mutex_lock(&mutex);
    deregistration_answer = status;
    pthread_mutex_unlock(&mutex);
}

static void control_during_cancel(void (*function)(void)) {
    on_cancel = function;
}

static void control_during_registration(void (*function)(void)) {
    on_registration = function;
}

static void control_during_deregistration(void (*function)(void)) {
    on_deregistration = function;
}

static void control_count_terminations_in(int* counter) {
    terminations = counter;
}

extern const struct TrivialControl trivial_control;
__attribute__((visibility("default"))) const struct TrivialControl trivial_control = {
    control_owner,
    control_initializations,
    control_last_call,
    control_subscriptions,
    control_unsubscriptions,
    control_property_changed,
    control_property_changed_on_own_thread,
    control_visibility_changed,
    control_answer_registrations,
    control_answer_deregistrations,
    control_during_cancel,
    control_during_registration,
    control_during_deregistration,
    control_count_terminations_in,
};
