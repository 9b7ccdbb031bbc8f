/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of libMPAPI that a test drives: a command on each line of the standard input, answers
 * and events as lines of JSON on the standard output. Written in C, as MPAPI programs are.
 *
 *   get NAME TYPE SEQUENCE          properties or list, by the function's name
 *   do NAME [TYPE SEQUENCE] [TYPE SEQUENCE] [NUMBER]
 *   tpg UNIT [GROUP STATE]...       MP_SetTPGAccess
 *   set TYPE SEQUENCE [NAME VALUE]...   MP_SetProprietaryProperties
 *   on|off property|visibility TYPE     registers, deregisters; also "other": another function
 *   inside COMMAND                  the command is carried out by the next callback, inside of it
 *   wait, go                        the one, inside a callback, waits for the other
 *   fork COMMAND                    in a child; its answer, then its exit status
 *   exec                            a child that becomes this program again, with "descriptors"
 *   threads                         how many this process has
 *   descriptors                     how many this process has open
 *   quit
 */
#include <mpapi.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static MP_OID plugin;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static char inside[512];
static int gate[2];

/* ---- JSON ---- */

static char line[1 << 20];
static size_t used;

static void put(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    used += (size_t)vsnprintf(line + used, sizeof line - used, format, arguments);
    va_end(arguments);
}

static void begin(void) {
    pthread_mutex_lock(&output);
    used = 0;
}

static void end(void) {
    puts(line);
    fflush(stdout);
    pthread_mutex_unlock(&output);
}

static void put_character(unsigned long c) {
    if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
        put("\\u%04lx", c > 0xffff ? 0xfffd : c);
    else
        put("%c", (char)c);
}

/* All of the array: what is behind the end of the text must be zero. */
static void put_bytes(const char* name, const char* text, size_t size) {
    size_t length = size;
    while (length > 0 && text[length - 1] == 0)
        --length;
    put(",\"%s\":\"", name);
    for (size_t at = 0; at < length; ++at)
        put_character((unsigned char)text[at]);
    put("\"");
}

static void put_wide(const char* name, const MP_WCHAR* text, size_t size) {
    size_t length = size;
    while (length > 0 && text[length - 1] == 0)
        --length;
    put(",\"%s\":\"", name);
    for (size_t at = 0; at < length; ++at)
        put_character((unsigned long)text[at]);
    put("\"");
}

static void put_oid(const char* name, MP_OID oid) {
    put(",\"%s\":[%u,%u,%llu]", name, (unsigned)oid.objectType, oid.ownerId,
        oid.objectSequenceNumber);
}

static void put_proprietary(const MP_PROPRIETARY_PROPERTY* all, MP_UINT32 count) {
    put(",\"proprietary\":{\"\":\"\"");
    for (MP_UINT32 at = 0; at < count; ++at) {
        char name[17] = "";
        for (size_t n = 0; n < 16 && all[at].name[n]; ++n)
            name[n] = (char)all[at].name[n];
        put_wide(name, all[at].value, 48);
    }
    put("}");
}

static void put_list(const MP_OID_LIST* list) {
    put("[");
    for (MP_UINT32 at = 0; at < list->oidCount; ++at)
        put("%s[%u,%u,%llu]", at ? "," : "", (unsigned)(list->oids + at)->objectType,
            (list->oids + at)->ownerId, (list->oids + at)->objectSequenceNumber);
    put("]");
}

#define NUMBER(field) put(",\"" #field "\":%u", (unsigned)p.field)
#define BYTES(field) put_bytes(#field, p.field, sizeof p.field)
#define WIDE(field) put_wide(#field, p.field, sizeof p.field / sizeof *p.field)
#define OID(field) put_oid(#field, p.field)
#define PROPRIETARY() put_proprietary(p.proprietaryProperties, p.proprietaryPropertyCount)

/* ---- what is asked ---- */

#define PROPERTIES(Type, function, ...)                                                            \
    if (!strcmp(name, #function)) {                                                                \
        Type p;                                                                                    \
        memset(&p, 0xa5, sizeof p); /* all of it must be written */                                \
        const MP_STATUS status = function(oid, &p);                                                \
        begin();                                                                                   \
        put("{\"status\":%d", status);                                                             \
        if (status == MP_STATUS_SUCCESS) {                                                         \
            __VA_ARGS__                                                                            \
        }                                                                                          \
        put("}");                                                                                  \
        end();                                                                                     \
        return;                                                                                    \
    }

#define LIST(function)                                                                             \
    if (!strcmp(name, #function)) {                                                                \
        MP_OID_LIST* list = NULL;                                                                  \
        const MP_STATUS status = function(oid, &list);                                             \
        begin();                                                                                   \
        put("{\"status\":%d", status);                                                             \
        if (status == MP_STATUS_SUCCESS) {                                                         \
            put(",\"list\":");                                                                     \
            put_list(list);                                                                        \
            MP_FreeOidList(list);                                                                  \
        }                                                                                          \
        put("}");                                                                                  \
        end();                                                                                     \
        return;                                                                                    \
    }

static void say_status(MP_STATUS status) {
    begin();
    put("{\"status\":%d}", status);
    end();
}

static void say_count(const char* what, long count) {
    begin();
    put("{\"%s\":%ld}", what, count);
    end();
}

static void get(const char* name, MP_OID oid) {
    PROPERTIES(
        MP_PLUGIN_PROPERTIES, MP_GetPluginProperties, NUMBER(supportedMpVersion); WIDE(vendor);
        WIDE(implementationVersion); BYTES(fileName); WIDE(buildTime); WIDE(driverVendor);
        BYTES(driverName); WIDE(driverVersion); NUMBER(supportedLoadBalanceTypes);
        NUMBER(canSetTPGAccess); NUMBER(canOverridePaths); NUMBER(exposesPathDeviceFiles);
        BYTES(deviceFileNamespace); NUMBER(onlySupportsSpecifiedProducts); NUMBER(maximumWeight);
        NUMBER(autoFailbackSupport); NUMBER(pluginAutoFailbackEnabled);
        NUMBER(failbackPollingRateMax); NUMBER(currentFailbackPollingRate);
        NUMBER(autoProbingSupport); NUMBER(pluginAutoProbingEnabled); NUMBER(probingPollingRateMax);
        NUMBER(currentProbingPollingRate); NUMBER(defaultloadBalanceType); PROPRIETARY();)
    PROPERTIES(MP_DEVICE_PRODUCT_PROPERTIES, MP_GetDeviceProductProperties, BYTES(vendor);
               BYTES(product); BYTES(revision); NUMBER(supportedLoadBalanceTypes);)
    PROPERTIES(MP_INITIATOR_PORT_PROPERTIES, MP_GetInitiatorPortProperties, BYTES(portID);
               NUMBER(portType); BYTES(osDeviceFile); WIDE(osFriendlyName);)
    PROPERTIES(MP_TARGET_PORT_PROPERTIES, MP_GetTargetPortProperties, BYTES(portID);
               NUMBER(relativePortID);)
    PROPERTIES(MP_TARGET_PORT_GROUP_PROPERTIES, MP_GetTargetPortGroupProperties,
               NUMBER(accessState);
               NUMBER(explicitFailover); NUMBER(supportsLuAssignment); NUMBER(preferredLuPath);
               NUMBER(tpgID);)
    PROPERTIES(MP_PATH_LOGICAL_UNIT_PROPERTIES, MP_GetPathLogicalUnitProperties, NUMBER(weight);
               NUMBER(pathState); NUMBER(disabled); OID(initiatorPortOid); OID(targetPortOid);
               OID(logicalUnitOid); put(",\"logicalUnitNumber\":%llu", p.logicalUnitNumber);
               BYTES(deviceFileName); NUMBER(busNumber); NUMBER(portNumber);)
    PROPERTIES(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, MP_GetMPLogicalUnitProperties, BYTES(vendor);
               BYTES(product); BYTES(revision); BYTES(name); NUMBER(nameType);
               BYTES(deviceFileName); NUMBER(asymmetric); OID(overridePath);
               NUMBER(currentLoadBalanceType); NUMBER(logicalUnitGroupID);
               NUMBER(autoFailbackEnabled); NUMBER(failbackPollingRateMax);
               NUMBER(currentFailbackPollingRate); NUMBER(autoProbingEnabled);
               NUMBER(probingPollingRateMax); NUMBER(currentProbingPollingRate); PROPRIETARY();)
    PROPERTIES(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES, MP_GetProprietaryLoadBalanceProperties,
               NUMBER(typeIndex);
               WIDE(name); WIDE(vendorName); PROPRIETARY();)
    LIST(MP_GetDeviceProductOidList)
    LIST(MP_GetInitiatorPortOidList)
    LIST(MP_GetMultipathLus)
    LIST(MP_GetAssociatedPathOidList)
    LIST(MP_GetAssociatedTPGOidList)
    LIST(MP_GetMPLuOidListFromTPG)
    LIST(MP_GetTargetPortOidList)
    LIST(MP_GetProprietaryLoadBalanceOidList)
    fprintf(stderr, "mpapi-client: get %s?\n", name);
    exit(2);
}

static MP_OID oid_of(unsigned type, unsigned long long sequence) {
    const MP_OID oid = {(MP_OBJECT_TYPE)type, plugin.ownerId, sequence};
    return oid;
}

/* ---- what is done ---- */

typedef MP_STATUS (*OnOne)(MP_OID);
typedef MP_STATUS (*OnOneWithNumber)(MP_OID, MP_UINT32);
typedef MP_STATUS (*OnTwo)(MP_OID, MP_OID);

static const struct {
    const char* name;
    OnOne call;
} on_one[] = {
    {"MP_CancelOverridePath", MP_CancelOverridePath},
    {"MP_EnableAutoFailback", MP_EnableAutoFailback},
    {"MP_DisableAutoFailback", MP_DisableAutoFailback},
    {"MP_EnableAutoProbing", MP_EnableAutoProbing},
    {"MP_DisableAutoProbing", MP_DisableAutoProbing},
    {"MP_EnablePath", MP_EnablePath},
    {"MP_DisablePath", MP_DisablePath},
};

static const struct {
    const char* name;
    OnOneWithNumber call;
} on_one_with_number[] = {
    {"MP_SetLogicalUnitLoadBalanceType", MP_SetLogicalUnitLoadBalanceType},
    {"MP_SetPluginLoadBalanceType", MP_SetPluginLoadBalanceType},
    {"MP_SetPathWeight", MP_SetPathWeight},
    {"MP_SetFailbackPollingRate", MP_SetFailbackPollingRate},
    {"MP_SetProbingPollingRate", MP_SetProbingPollingRate},
};

static const struct {
    const char* name;
    OnTwo call;
} on_two[] = {
    {"MP_AssignLogicalUnitToTPG", MP_AssignLogicalUnitToTPG},
    {"MP_SetOverridePath", MP_SetOverridePath},
    {"MP_CompareOIDs", MP_CompareOIDs},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void do_change(const char* name, const char* words) {
    unsigned type = 0, second_type = 0, number = 0;
    unsigned long long sequence = 0, second = 0;
    sscanf(words, "%u %llu %u %llu", &type, &sequence, &second_type, &second);
    sscanf(words, "%u %llu %u", &type, &sequence, &number);
    int found = 0;
    for (size_t at = 0; at < COUNT(on_two); ++at)
        if (!strcmp(on_two[at].name, name)) {
            found = 1;
            say_status(on_two[at].call(oid_of(type, sequence), oid_of(second_type, second)));
        }
    for (size_t at = 0; at < COUNT(on_one_with_number); ++at)
        if (!strcmp(on_one_with_number[at].name, name)) {
            found = 1;
            say_status(on_one_with_number[at].call(oid_of(type, sequence), number));
        }
    for (size_t at = 0; at < COUNT(on_one); ++at)
        if (!strcmp(on_one[at].name, name)) {
            found = 1;
            say_status(on_one[at].call(oid_of(type, sequence)));
        }
    if (!found) {
        fprintf(stderr, "mpapi-client: do %s?\n", name);
        exit(2);
    }
}

static void set_access(char* words) {
    MP_TPG_STATE_PAIR pairs[16];
    memset(pairs, 0, sizeof pairs);
    MP_UINT32 count = 0;
    const unsigned long long unit = strtoull(words, &words, 10);
    while (*words && count < COUNT(pairs)) {
        pairs[count].tpgOid = oid_of(MP_OBJECT_TYPE_TARGET_PORT_GROUP, strtoull(words, &words, 10));
        pairs[count++].desiredState = (MP_ACCESS_STATE_TYPE)strtoul(words, &words, 10);
    }
    say_status(MP_SetTPGAccess(oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, unit), count, pairs));
}

static void set_properties(char* words) {
    MP_PROPRIETARY_PROPERTY properties[8];
    memset(properties, 0, sizeof properties);
    MP_UINT32 count = 0;
    const unsigned type = (unsigned)strtoul(words, &words, 10);
    const unsigned long long sequence = strtoull(words, &words, 10);
    for (char* word = strtok(words, " "); word && count < 8; word = strtok(NULL, " ")) {
        char* value = strtok(NULL, " ");
        if (!value) break;
        for (size_t at = 0; at < 16 && word[at]; ++at) /* "-" for a blank */
            properties[count].name[at] = word[at] == '-' ? ' ' : word[at];
        for (size_t at = 0; at < 48 && value[at]; ++at)
            properties[count].value[at] = value[at];
        ++count;
    }
    say_status(MP_SetProprietaryProperties(oid_of(type, sequence), count, properties));
}

/* ---- events ---- */

static void command(char* text);

static void tell(const char* kind, MP_BOOL visible, MP_OID_LIST* list, const void* data) {
    char now[sizeof inside];
    begin();
    strcpy(now, inside); /* before the test knows of this callback */
    *inside = 0;
    put("{\"event\":\"%s\",\"becoming\":%u,\"slot\":%ld,\"list\":", kind, visible, (long)data);
    put_list(list);
    put("}");
    end();
    memset(list, 0xff, sizeof *list); /* a client may write to it */
    if (*now) command(now);
}

static void property_changed(MP_OID_LIST* list, void* data) {
    tell("property", 0, list, data);
}

static void other_property_changed(MP_OID_LIST* list, void* data) {
    tell("other", 0, list, data);
}

static void visibility_changed(MP_BOOL visible, MP_OID_LIST* list, void* data) {
    tell("visibility", visible, list, data);
}

static void on(const char* kind, unsigned type) {
    const MP_OBJECT_TYPE objects = (MP_OBJECT_TYPE)type;
    void* const data = (void*)(long)type;
    if (!strcmp(kind, "visibility"))
        say_status(
            MP_RegisterForObjectVisibilityChanges(visibility_changed, objects, data, plugin));
    else
        say_status(MP_RegisterForObjectPropertyChanges(
            strcmp(kind, "other") ? property_changed : other_property_changed, objects, data,
            plugin));
}

static void off(const char* kind, unsigned type) {
    const MP_OBJECT_TYPE objects = (MP_OBJECT_TYPE)type;
    if (!strcmp(kind, "visibility"))
        say_status(MP_DeregisterForObjectVisibilityChanges(visibility_changed, objects, plugin));
    else
        say_status(MP_DeregisterForObjectPropertyChanges(
            strcmp(kind, "other") ? property_changed : other_property_changed, objects, plugin));
}

/* ---- processes ---- */

static long entries_of(const char* folder) {
    long count = 0;
    DIR* all = opendir(folder);
    while (all && readdir(all))
        ++count;
    if (all) closedir(all);
    return count - 2;
}

static void in_child(char* text) {
    const pid_t child = fork();
    if (child == 0) {
        command(text);
        fflush(stdout);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    say_count("child", status);
}

static void in_program(void) {
    const pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "mpapi-client", "descriptors", (char*)NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(child, &status, 0);
    say_count("child", status);
}

static void command(char* text) {
    char word[64] = "", name[64] = "";
    int words = 0;
    unsigned type = 0;
    unsigned long long sequence = 0;
    sscanf(text, "%63s %n", word, &words);
    char* const rest = text + words;
    int more = 0;
    sscanf(rest, "%63s %n", name, &more);
    if (!strcmp(word, "get")) {
        sscanf(rest + more, "%u %llu", &type, &sequence);
        get(name, oid_of(type, sequence));
    } else if (!strcmp(word, "do")) {
        do_change(name, rest + more);
    } else if (!strcmp(word, "tpg")) {
        set_access(rest);
    } else if (!strcmp(word, "set")) {
        set_properties(rest);
    } else if (!strcmp(word, "on") || !strcmp(word, "off")) {
        sscanf(rest + more, "%u", &type);
        (!strcmp(word, "on") ? on : off)(name, type);
    } else if (!strcmp(word, "inside")) {
        pthread_mutex_lock(&output);
        strcpy(inside, rest);
        pthread_mutex_unlock(&output);
        say_count("kept", 1);
    } else if (!strcmp(word, "wait")) {
        char byte;
        say_count("waited", (long)read(gate[0], &byte, 1));
    } else if (!strcmp(word, "go")) {
        say_count("went", (long)write(gate[1], "", 1));
    } else if (!strcmp(word, "fork")) {
        in_child(rest);
    } else if (!strcmp(word, "exec")) {
        in_program();
    } else if (!strcmp(word, "threads")) {
        say_count("threads", entries_of("/proc/self/task"));
    } else if (!strcmp(word, "descriptors")) {
        say_count("descriptors", entries_of("/proc/self/fd") - 1);
    } else {
        fprintf(stderr, "mpapi-client: %s?\n", word);
        exit(2);
    }
}

static void* nothing(void* data) {
    return data;
}

int main(int count, char** words) {
    if (count > 1) {
        command(words[1]);
        return 0;
    }
    /* With its first thread a sanitizer starts one of its own. */
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) != 0) return 1;
    pthread_join(thread, NULL);
    MP_OID_LIST* plugins = NULL;
    if (pipe2(gate, O_CLOEXEC) != 0) return 1;
    if (MP_GetPluginOidList(&plugins) != MP_STATUS_SUCCESS || plugins->oidCount != 1) {
        fprintf(stderr, "mpapi-client: not one plugin\n");
        return 1;
    }
    plugin = plugins->oids[0];
    MP_FreeOidList(plugins);
    puts("{\"ready\":true}");
    fflush(stdout);
    char text[512];
    while (fgets(text, sizeof text, stdin)) {
        text[strcspn(text, "\n")] = 0;
        if (!strcmp(text, "quit")) break;
        command(text);
    }
    return 0;
}
