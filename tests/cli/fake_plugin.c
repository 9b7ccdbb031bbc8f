/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plugin whose objects a file describes: what stands beside the shared object under the same name
 * and ".objects". A line is an object, a word for its kind and then key=value; %XX in a value is a
 * byte. Objects are numbered within their kind in the order of the lines, from 1, and refer to each
 * other by these numbers.
 *
 *     plugin vendor=... driver=... loadbalance=0x2 default=0x2 ...
 *     initiator id=... transport=2 file=... friendly=...
 *     unit device=... name=... vendor=... product=... revision=... asymmetric=1 ...
 *     group unit=1 id=1 state=0 explicit=1 preferred=0
 *     port group=1 id=... relative=1
 *     path unit=1 initiator=1 port=1 state=0 disabled=0 device=... weight=0 lun=0
 *     product vendor=... product=... revision=... loadbalance=0x2
 *     algorithm type=0x10000 name=... vendor=...
 *     answer call=MP_GetMultipathLus status=3      that function fails
 *     answer call=... status=1000                  it waits until a writer has come to the FIFO
 *                                                  NAME.waits and has gone, then succeeds
 *     many units=10000 paths=8                     as many units with that many paths each
 *
 * `gone=1` makes an object that is listed but cannot be read. What would change a device is
 * appended to NAME.calls. Lines come from the FIFO NAME.events, if there is one, after which a
 * client that is registered is told:
 *
 *     set KIND NUMBER key=value...    properties have changed
 *     hide KIND NUMBER, unhide KIND NUMBER
 *     answer call=... status=...      nobody is told
 */
#include <mpapi-plugin.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { most_properties = 24, most_answers = 32, waits = 1000 };

struct property {
    char key[16];
    char* value;
};

struct object {
    int hidden;
    size_t count;
    struct property properties[most_properties];
};

struct kind {
    const char* name;
    struct object* objects;
    size_t count;
};

/* By MP_OBJECT_TYPE. */
static struct kind kinds[9] = {
    {"none", NULL, 0},    {"plugin", NULL, 0}, {"initiator", NULL, 0},
    {"port", NULL, 0},    {"unit", NULL, 0},   {"path", NULL, 0},
    {"product", NULL, 0}, {"group", NULL, 0},  {"algorithm", NULL, 0},
};

static MP_UINT32 owner;
static char own_file[512];
static unsigned long many_units, many_paths;
static struct {
    char call[64];
    MP_STATUS status;
} answers[most_answers];
static size_t answer_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---- The description */

static struct property* find_property(struct object* object, const char* key) {
    size_t index;
    for (index = 0; index < object->count; ++index)
        if (strcmp(object->properties[index].key, key) == 0) return &object->properties[index];
    return NULL;
}

static int hex(char digit) {
    const char* digits = "0123456789abcdef";
    const char* found = digit != '\0' ? strchr(digits, digit) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* A copy without escapes; a NUL that was escaped ends it. */
static char* unescaped(const char* text) {
    char* copy = malloc(strlen(text) + 1);
    char* end = copy;
    while (*text != '\0') {
        if (text[0] == '%' && hex(text[1]) >= 0 && hex(text[2]) >= 0) {
            *end++ = (char)(hex(text[1]) * 16 + hex(text[2]));
            text += 3;
        } else {
            *end++ = *text++;
        }
    }
    *end = '\0';
    return copy;
}

static void set_properties(struct object* object, char** rest) {
    char* word;
    while ((word = strtok_r(NULL, " \n", rest)) != NULL) {
        char* value = strchr(word, '=');
        struct property* property;
        if (value == NULL) continue;
        *value++ = '\0';
        property = find_property(object, word);
        if (property == NULL) {
            if (object->count == most_properties) abort();
            property = &object->properties[object->count++];
            snprintf(property->key, sizeof property->key, "%s", word);
        } else {
            free(property->value);
        }
        property->value = unescaped(value);
    }
}

static void forget_properties(struct object* object) {
    while (object->count > 0)
        free(object->properties[--object->count].value);
}

static const char* text(struct object* object, const char* key, const char* otherwise) {
    struct property* property = find_property(object, key);
    return property != NULL ? property->value : otherwise;
}

static MP_UINT32 number(struct object* object, const char* key, MP_UINT32 otherwise) {
    struct property* property = find_property(object, key);
    return property != NULL ? (MP_UINT32)strtoul(property->value, NULL, 0) : otherwise;
}

static struct kind* kind_of(const char* name) {
    size_t index;
    for (index = 1; index < COUNT(kinds); ++index)
        if (strcmp(kinds[index].name, name) == 0) return &kinds[index];
    return NULL;
}

static struct object* new_object(struct kind* kind) {
    kind->objects = realloc(kind->objects, (kind->count + 1) * sizeof *kind->objects);
    memset(&kind->objects[kind->count], 0, sizeof *kind->objects);
    return &kind->objects[kind->count++];
}

static void set_answer(char** rest) {
    struct object made;
    size_t index;
    memset(&made, 0, sizeof made);
    set_properties(&made, rest);
    for (index = 0; index < answer_count; ++index)
        if (strcmp(answers[index].call, text(&made, "call", "")) == 0) break;
    if (index == most_answers) abort();
    if (index == answer_count) ++answer_count;
    snprintf(answers[index].call, sizeof answers[index].call, "%s", text(&made, "call", ""));
    answers[index].status = (MP_STATUS)number(&made, "status", 0);
    forget_properties(&made);
}

static void read_description(void) {
    char name[600];
    char line[4096];
    FILE* file;
    snprintf(name, sizeof name, "%s.objects", own_file);
    file = fopen(name, "re");
    if (file == NULL) return;
    while (fgets(line, sizeof line, file) != NULL) {
        char* rest = NULL;
        char* word = strtok_r(line, " \n", &rest);
        if (word == NULL || word[0] == '#') continue;
        if (strcmp(word, "answer") == 0) {
            set_answer(&rest);
        } else if (strcmp(word, "many") == 0) {
            struct object made;
            memset(&made, 0, sizeof made);
            set_properties(&made, &rest);
            many_units = number(&made, "units", 0);
            many_paths = number(&made, "paths", 0);
            forget_properties(&made);
        } else {
            if (kind_of(word) == NULL) abort();
            set_properties(new_object(kind_of(word)), &rest);
        }
    }
    fclose(file);
    if (kinds[MP_OBJECT_TYPE_PLUGIN].count == 0) new_object(&kinds[MP_OBJECT_TYPE_PLUGIN]);
}

/* ---- Objects */

static MP_STATUS wait_for_writer(void) {
    char name[600];
    char byte;
    int fd;
    snprintf(name, sizeof name, "%s.waits", own_file);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) abort();
    while (read(fd, &byte, 1) > 0)
        ;
    close(fd);
    return MP_STATUS_SUCCESS;
}

static MP_STATUS answer(const char* call) {
    MP_STATUS status = MP_STATUS_SUCCESS;
    size_t index;
    pthread_mutex_lock(&mutex);
    for (index = 0; index < answer_count; ++index)
        if (strcmp(answers[index].call, call) == 0) status = answers[index].status;
    pthread_mutex_unlock(&mutex);
    return (unsigned)status == waits ? wait_for_writer() : status;
}
#define FAIL_AS_TOLD()                                                                             \
    do {                                                                                           \
        MP_STATUS told = answer(__func__);                                                         \
        if (told != MP_STATUS_SUCCESS) return told;                                                \
    } while (0)

static MP_OID oid_of(MP_OBJECT_TYPE type, MP_UINT64 sequence) {
    MP_OID oid;
    oid.objectType = type;
    oid.ownerId = owner;
    oid.objectSequenceNumber = sequence;
    return oid;
}

static struct object* object_of(MP_OID oid) {
    struct kind* kind = &kinds[oid.objectType];
    struct object* object;
    if (oid.objectSequenceNumber == 0 || oid.objectSequenceNumber > kind->count) return NULL;
    object = &kind->objects[oid.objectSequenceNumber - 1];
    return object->hidden || number(object, "gone", 0) ? NULL : object;
}

static MP_STATUS list(MP_OID_LIST** made, size_t count) {
    *made = calloc(1, offsetof(MP_OID_LIST, oids) + (count > 0 ? count : 1) * sizeof(MP_OID));
    return *made != NULL ? MP_STATUS_SUCCESS : MP_STATUS_INSUFFICIENT_MEMORY;
}

/* Of the objects of a type those whose `key` is `value`; all of them without a key. */
static MP_STATUS list_of(MP_OBJECT_TYPE type, const char* key, MP_UINT64 value,
                         MP_OID_LIST** made) {
    struct kind* kind = &kinds[type];
    size_t index;
    MP_STATUS status;
    pthread_mutex_lock(&mutex);
    status = list(made, kind->count);
    for (index = 0; status == MP_STATUS_SUCCESS && index < kind->count; ++index)
        if (!kind->objects[index].hidden &&
            (key == NULL || number(&kind->objects[index], key, 0) == value))
            (*made)->oids[(*made)->oidCount++] = oid_of(type, index + 1);
    pthread_mutex_unlock(&mutex);
    return status;
}

static void copy(MP_CHAR* array, size_t size, const char* value) {
    size_t length = strlen(value);
    memcpy(array, value, length < size ? length : size - 1); /* the library zeroed it */
}

static void copy_wide(MP_WCHAR* array, size_t size, const char* value) {
    size_t index;
    for (index = 0; index + 1 < size && value[index] != '\0'; ++index)
        array[index] = (unsigned char)value[index];
}

/* As in INQUIRY data. */
static void copy_padded(MP_CHAR* array, size_t size, const char* value) {
    size_t length = strlen(value);
    memset(array, ' ', size);
    memcpy(array, value, length < size ? length : size);
}
#define COPY(field, value) copy(field, COUNT(field), value)
#define COPY_WIDE(field, value) copy_wide(field, COUNT(field), value)
#define COPY_PADDED(field, value) copy_padded(field, COUNT(field), value)

static const char* own_name(void) {
    const char* slash = strrchr(own_file, '/');
    return slash != NULL ? slash + 1 : own_file;
}

static void log_call(const char* format, ...) {
    char line[256];
    char name[600];
    int fd;
    int length;
    va_list arguments;
    va_start(arguments, format);
    length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    snprintf(name, sizeof name, "%s.calls", own_file);
    fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) abort();
    if (write(fd, line, (size_t)length) != length) abort();
    close(fd);
}

/* ---- Entry points */

static MP_STATUS start(void);

MP_STATUS Initialize(MP_UINT32 pluginOwnerID) {
    Dl_info info;
    if (dladdr(kinds, &info) == 0) return MP_STATUS_FAILED;
    snprintf(own_file, sizeof own_file, "%s", info.dli_fname);
    owner = pluginOwnerID;
    read_description();
    return start();
}

static void add_proprietary(struct object* from, const char* name, MP_PLUGIN_PROPERTIES* pProps) {
    MP_PROPRIETARY_PROPERTY* to = &pProps->proprietaryProperties[pProps->proprietaryPropertyCount];
    if (find_property(from, name) == NULL) return;
    ++pProps->proprietaryPropertyCount;
    COPY_WIDE(to->name, name);
    COPY_WIDE(to->value, text(from, name, ""));
}

MP_STATUS MP_GetPluginPropertiesPlugin(MP_PLUGIN_PROPERTIES* pProps) {
    struct object* from;
    FAIL_AS_TOLD();
    pthread_mutex_lock(&mutex);
    from = &kinds[MP_OBJECT_TYPE_PLUGIN].objects[0];
    pProps->supportedMpVersion = MP_LIBVERSION;
    COPY(pProps->fileName, own_name());
    COPY_WIDE(pProps->vendor, text(from, "vendor", ""));
    COPY_WIDE(pProps->implementationVersion, text(from, "version", ""));
    COPY(pProps->driverName, text(from, "driver", ""));
    pProps->supportedLoadBalanceTypes = number(from, "loadbalance", 0);
    pProps->defaultloadBalanceType = number(from, "default", 0);
    pProps->canSetTPGAccess = number(from, "tpgaccess", 0);
    pProps->canOverridePaths = number(from, "override", 0);
    pProps->onlySupportsSpecifiedProducts = number(from, "onlyproducts", 0);
    pProps->autoFailbackSupport = (MP_AUTOFAILBACK_SUPPORT)number(from, "failback", 0);
    pProps->pluginAutoFailbackEnabled = number(from, "failbackon", 0);
    pProps->currentFailbackPollingRate = number(from, "failbackrate", 0);
    pProps->failbackPollingRateMax = number(from, "failbackmax", 0);
    pProps->autoProbingSupport = (MP_AUTOPROBING_SUPPORT)number(from, "probing", 0);
    pProps->pluginAutoProbingEnabled = number(from, "probingon", 0);
    pProps->currentProbingPollingRate = number(from, "probingrate", 0);
    pProps->probingPollingRateMax = number(from, "probingmax", 0);
    add_proprietary(from, "extra", pProps);
    add_proprietary(from, "mpapid", pProps);
    pthread_mutex_unlock(&mutex);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetDeviceProductOidListPlugin(MP_OID_LIST** ppList) {
    FAIL_AS_TOLD();
    return list_of(MP_OBJECT_TYPE_DEVICE_PRODUCT, NULL, 0, ppList);
}

MP_STATUS MP_GetInitiatorPortOidListPlugin(MP_OID_LIST** ppList) {
    FAIL_AS_TOLD();
    return list_of(MP_OBJECT_TYPE_INITIATOR_PORT, NULL, 0, ppList);
}

MP_STATUS MP_GetProprietaryLoadBalanceOidListPlugin(MP_OID_LIST** ppList) {
    FAIL_AS_TOLD();
    return list_of(MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE, NULL, 0, ppList);
}

MP_STATUS MP_GetMultipathLusPlugin(MP_OID_LIST** ppList) {
    MP_STATUS status;
    FAIL_AS_TOLD();
    if (many_units == 0) return list_of(MP_OBJECT_TYPE_MULTIPATH_LU, NULL, 0, ppList);
    status = list(ppList, many_units);
    while (status == MP_STATUS_SUCCESS && (*ppList)->oidCount < many_units) {
        (*ppList)->oids[(*ppList)->oidCount] =
            oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, (*ppList)->oidCount + 1);
        ++(*ppList)->oidCount;
    }
    return status;
}

/* Begins a getter: `from` is the object, or the getter has returned. */
#define BEGIN(oid)                                                                                 \
    struct object* from;                                                                           \
    FAIL_AS_TOLD();                                                                                \
    pthread_mutex_lock(&mutex);                                                                    \
    from = object_of(oid);                                                                         \
    if (from == NULL) {                                                                            \
        pthread_mutex_unlock(&mutex);                                                              \
        return MP_STATUS_OBJECT_NOT_FOUND;                                                         \
    }
#define END()                                                                                      \
    pthread_mutex_unlock(&mutex);                                                                  \
    return MP_STATUS_SUCCESS

MP_STATUS MP_GetDeviceProductProperties(MP_OID oid, MP_DEVICE_PRODUCT_PROPERTIES* pProps) {
    BEGIN(oid);
    COPY_PADDED(pProps->vendor, text(from, "vendor", ""));
    COPY_PADDED(pProps->product, text(from, "product", ""));
    COPY_PADDED(pProps->revision, text(from, "revision", ""));
    pProps->supportedLoadBalanceTypes = number(from, "loadbalance", 0);
    END();
}

MP_STATUS MP_GetProprietaryLoadBalanceProperties(MP_OID oid,
                                                 MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES* pProps) {
    BEGIN(oid);
    pProps->typeIndex = number(from, "type", 0);
    COPY_WIDE(pProps->name, text(from, "name", ""));
    COPY_WIDE(pProps->vendorName, text(from, "vendor", ""));
    END();
}

MP_STATUS MP_GetInitiatorPortProperties(MP_OID oid, MP_INITIATOR_PORT_PROPERTIES* pProps) {
    BEGIN(oid);
    COPY(pProps->portID, text(from, "id", ""));
    pProps->portType = (MP_PORT_TRANSPORT_TYPE)number(from, "transport", 0);
    COPY(pProps->osDeviceFile, text(from, "file", ""));
    COPY_WIDE(pProps->osFriendlyName, text(from, "friendly", ""));
    END();
}

MP_STATUS MP_GetTargetPortProperties(MP_OID oid, MP_TARGET_PORT_PROPERTIES* pProps) {
    BEGIN(oid);
    COPY(pProps->portID, text(from, "id", ""));
    pProps->relativePortID = number(from, "relative", 0);
    END();
}

MP_STATUS MP_GetTargetPortGroupProperties(MP_OID oid, MP_TARGET_PORT_GROUP_PROPERTIES* pProps) {
    BEGIN(oid);
    pProps->accessState = (MP_ACCESS_STATE_TYPE)number(from, "state", 0);
    pProps->explicitFailover = number(from, "explicit", 0);
    pProps->preferredLuPath = number(from, "preferred", 0);
    pProps->tpgID = number(from, "id", 0);
    END();
}

MP_STATUS MP_GetMPLogicalUnitProperties(MP_OID oid, MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    if (many_units > 0) {
        snprintf(pProps->deviceFileName, sizeof pProps->deviceFileName, "/dev/mapper/mpath%llu",
                 oid.objectSequenceNumber);
        return MP_STATUS_SUCCESS;
    }
    BEGIN(oid);
    COPY_PADDED(pProps->vendor, text(from, "vendor", ""));
    COPY_PADDED(pProps->product, text(from, "product", ""));
    COPY_PADDED(pProps->revision, text(from, "revision", ""));
    COPY(pProps->name, text(from, "name", ""));
    pProps->nameType = (MP_LOGICAL_UNIT_NAME_TYPE)number(from, "nametype", 0);
    COPY(pProps->deviceFileName, text(from, "device", ""));
    pProps->asymmetric = number(from, "asymmetric", 0);
    pProps->currentLoadBalanceType = number(from, "loadbalance", 0);
    pProps->logicalUnitGroupID = number(from, "luGroup", 0xFFFFFFFFu);
    pProps->autoFailbackEnabled = number(from, "failbackon", 0);
    pProps->autoProbingEnabled = number(from, "probingon", 0);
    if (number(from, "override", 0) != 0)
        pProps->overridePath = oid_of(MP_OBJECT_TYPE_PATH_LU, number(from, "override", 0));
    END();
}

MP_STATUS MP_GetPathLogicalUnitProperties(MP_OID oid, MP_PATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    if (many_units > 0) return MP_STATUS_SUCCESS;
    BEGIN(oid);
    pProps->weight = number(from, "weight", 0);
    pProps->pathState = (MP_PATH_STATE)number(from, "state", 0);
    pProps->disabled = number(from, "disabled", 0);
    pProps->initiatorPortOid = oid_of(MP_OBJECT_TYPE_INITIATOR_PORT, number(from, "initiator", 0));
    pProps->targetPortOid = oid_of(MP_OBJECT_TYPE_TARGET_PORT, number(from, "port", 0));
    pProps->logicalUnitOid = oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, number(from, "unit", 0));
    pProps->logicalUnitNumber = number(from, "lun", 0);
    COPY(pProps->deviceFileName, text(from, "device", ""));
    END();
}

MP_STATUS MP_GetAssociatedPathOidList(MP_OID oid, MP_OID_LIST** ppList) {
    MP_STATUS status;
    FAIL_AS_TOLD();
    if (many_units == 0)
        return list_of(MP_OBJECT_TYPE_PATH_LU, "unit", oid.objectSequenceNumber, ppList);
    status = list(ppList, many_paths);
    while (status == MP_STATUS_SUCCESS && (*ppList)->oidCount < many_paths) {
        (*ppList)->oids[(*ppList)->oidCount] =
            oid_of(MP_OBJECT_TYPE_PATH_LU, oid.objectSequenceNumber * 100 + (*ppList)->oidCount);
        ++(*ppList)->oidCount;
    }
    return status;
}

MP_STATUS MP_GetAssociatedTPGOidList(MP_OID oid, MP_OID_LIST** ppList) {
    FAIL_AS_TOLD();
    return list_of(MP_OBJECT_TYPE_TARGET_PORT_GROUP, "unit", oid.objectSequenceNumber, ppList);
}

MP_STATUS MP_GetTargetPortOidList(MP_OID oid, MP_OID_LIST** ppList) {
    FAIL_AS_TOLD();
    return list_of(MP_OBJECT_TYPE_TARGET_PORT, "group", oid.objectSequenceNumber, ppList);
}

MP_STATUS MP_GetMPLuOidListFromTPG(MP_OID oid, MP_OID_LIST** ppList) {
    MP_STATUS status;
    BEGIN(oid);
    status = list(ppList, 1);
    if (status == MP_STATUS_SUCCESS)
        (*ppList)->oids[(*ppList)->oidCount++] =
            oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, number(from, "unit", 0));
    pthread_mutex_unlock(&mutex);
    return status;
}

/* What would change a device is told in a file. */
#define OF_PLUGIN(name)                                                                            \
    MP_STATUS name(void) {                                                                         \
        log_call("%s\n", __func__);                                                                \
        return answer(__func__);                                                                   \
    }
#define OF_OBJECT(name)                                                                            \
    MP_STATUS name(MP_OID oid) {                                                                   \
        log_call("%s %llu\n", __func__, oid.objectSequenceNumber);                                 \
        return answer(__func__);                                                                   \
    }
OF_PLUGIN(MP_EnableAutoFailbackPlugin)
OF_PLUGIN(MP_DisableAutoFailbackPlugin)
OF_PLUGIN(MP_EnableAutoProbingPlugin)
OF_PLUGIN(MP_DisableAutoProbingPlugin)
OF_OBJECT(MP_EnableAutoFailbackLu)
OF_OBJECT(MP_DisableAutoFailbackLu)
OF_OBJECT(MP_EnableAutoProbingLu)
OF_OBJECT(MP_DisableAutoProbingLu)
OF_OBJECT(MP_EnablePath)
OF_OBJECT(MP_DisablePath)
OF_OBJECT(MP_CancelOverridePath)

MP_STATUS MP_SetOverridePath(MP_OID logicalUnitOid, MP_OID pathOid) {
    log_call("%s %llu %llu\n", __func__, logicalUnitOid.objectSequenceNumber,
             pathOid.objectSequenceNumber);
    return answer(__func__);
}

MP_STATUS MP_SetPluginLoadBalanceTypePlugin(MP_LOAD_BALANCE_TYPE loadBalance) {
    log_call("%s 0x%x\n", __func__, loadBalance);
    return answer(__func__);
}

MP_STATUS MP_SetLogicalUnitLoadBalanceType(MP_OID logicalUnitOid,
                                           MP_LOAD_BALANCE_TYPE loadBalance) {
    log_call("%s %llu 0x%x\n", __func__, logicalUnitOid.objectSequenceNumber, loadBalance);
    return answer(__func__);
}

MP_STATUS MP_SetTPGAccess(MP_OID luOid, MP_UINT32 count, MP_TPG_STATE_PAIR* pTpgStateList) {
    log_call("%s %llu %u %llu 0x%x\n", __func__, luOid.objectSequenceNumber, count,
             pTpgStateList[0].tpgOid.objectSequenceNumber, (unsigned)pTpgStateList[0].desiredState);
    return answer(__func__);
}

/* ---- Events: a thread reads the FIFO */

static struct {
    MP_OBJECT_PROPERTY_FN changed;
    void* changed_data;
    MP_OBJECT_VISIBILITY_FN seen;
    void* seen_data;
} client;
static pthread_t thread;
static int thread_runs;
static int stop_pipe[2];

static void tell(const char* verb, MP_OID oid) {
    MP_OBJECT_PROPERTY_FN changed;
    MP_OBJECT_VISIBILITY_FN seen;
    MP_OID_LIST one;
    one.oidCount = 1;
    one.oids[0] = oid;
    pthread_mutex_lock(&mutex);
    changed = client.changed;
    seen = client.seen;
    pthread_mutex_unlock(&mutex);
    if (strcmp(verb, "set") == 0) {
        if (changed != NULL) changed(&one, client.changed_data);
    } else if (seen != NULL) {
        seen(strcmp(verb, "hide") == 0 ? MP_FALSE : MP_TRUE, &one, client.seen_data);
    }
}

static void obey(char* line) {
    char* rest = NULL;
    const char* verb = strtok_r(line, " \n", &rest);
    const char* word;
    struct kind* kind;
    unsigned long sequence;
    if (verb == NULL) return;
    pthread_mutex_lock(&mutex);
    if (strcmp(verb, "answer") == 0) {
        set_answer(&rest);
        pthread_mutex_unlock(&mutex);
        return;
    }
    word = strtok_r(NULL, " \n", &rest);
    kind = word != NULL ? kind_of(word) : NULL;
    word = strtok_r(NULL, " \n", &rest);
    if (kind == NULL || word == NULL) abort();
    sequence = strtoul(word, NULL, 10);
    if (sequence == 0 || sequence > kind->count) abort();
    kind->objects[sequence - 1].hidden = strcmp(verb, "hide") == 0;
    set_properties(&kind->objects[sequence - 1], &rest);
    pthread_mutex_unlock(&mutex);
    tell(verb, oid_of((MP_OBJECT_TYPE)(kind - kinds), kind == &kinds[1] ? 0 : sequence));
}

static void* follow(void* nothing) {
    char name[600];
    FILE* file;
    char line[4096];
    struct pollfd fds[2];
    int fd;
    snprintf(name, sizeof name, "%s.events", own_file);
    fd = open(name, O_RDWR | O_CLOEXEC); /* also for writing: it never ends */
    if (fd < 0) return nothing;
    file = fdopen(fd, "r+");
    if (file == NULL) abort();
    setvbuf(file, NULL, _IONBF, 0); /* what is read must not hide from poll */
    fds[0].fd = fd;
    fds[0].events = POLLIN;
    fds[1].fd = stop_pipe[0];
    fds[1].events = POLLIN;
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0)
        if (fgets(line, sizeof line, file) != NULL) obey(line);
    fclose(file);
    return nothing;
}

static MP_STATUS start(void) {
    char name[600];
    snprintf(name, sizeof name, "%s.events", own_file);
    if (access(name, F_OK) < 0) return MP_STATUS_SUCCESS;
    if (pipe2(stop_pipe, O_CLOEXEC) < 0) return MP_STATUS_FAILED;
    if (pthread_create(&thread, NULL, follow, NULL) != 0) return MP_STATUS_FAILED;
    thread_runs = 1;
    return MP_STATUS_SUCCESS;
}

MP_STATUS Terminate(void) {
    size_t kind;
    if (thread_runs) {
        close(stop_pipe[1]);
        pthread_join(thread, NULL);
        close(stop_pipe[0]);
        thread_runs = 0;
    }
    for (kind = 0; kind < COUNT(kinds); ++kind) {
        while (kinds[kind].count > 0)
            forget_properties(&kinds[kind].objects[--kinds[kind].count]);
        free(kinds[kind].objects);
        kinds[kind].objects = NULL;
    }
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_RegisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                    MP_OBJECT_TYPE objectType, void* pCallerData) {
    FAIL_AS_TOLD();
    if (objectType != MP_OBJECT_TYPE_UNKNOWN) return MP_STATUS_UNSUPPORTED;
    pthread_mutex_lock(&mutex);
    client.changed = pClientFn;
    client.changed_data = pCallerData;
    pthread_mutex_unlock(&mutex);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_RegisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType,
                                                      void* pCallerData) {
    FAIL_AS_TOLD();
    if (objectType != MP_OBJECT_TYPE_UNKNOWN) return MP_STATUS_UNSUPPORTED;
    pthread_mutex_lock(&mutex);
    client.seen = pClientFn;
    client.seen_data = pCallerData;
    pthread_mutex_unlock(&mutex);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_DeregisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType) {
    (void)pClientFn;
    (void)objectType;
    return MP_STATUS_SUCCESS; /* what still comes is dropped by the library */
}

MP_STATUS MP_DeregisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                        MP_OBJECT_TYPE objectType) {
    (void)pClientFn;
    (void)objectType;
    return MP_STATUS_SUCCESS;
}
