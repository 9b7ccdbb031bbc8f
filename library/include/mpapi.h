/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Multipath Management API, ISO/IEC 11002:2008: what a client sees.
 *
 * Link with -lMPAPI (pkg-config mpapi). The library knows no operating system: plugins, named in
 * mpapi.conf(5), know the multipath drivers. It loads them at the first call that concerns them;
 * if there is no memory or descriptor for that, the call is MP_STATUS_INSUFFICIENT_MEMORY and the
 * next one tries again.
 *
 * Threads: every function may be called from any thread, also inside a callback. No lock is held
 * while a plugin works or a callback runs, so a slow logical unit delays only who asks about it.
 * Fork: the child may go on using the library as far as its plugins allow it.
 * Exceptions: none leaves the library, none may leave a callback.
 *
 * At exit registrations end and plugins are terminated. Calls and callbacks that run on other
 * threads are waited for, ten seconds at most. A program that opened the library with dlopen can
 * close it: dlclose does the same, and waits for callbacks as long as they take. Meanwhile it
 * holds the dynamic loader's lock; a callback that opens shared objects (looking up a host does)
 * would wait for it for ever, so deregister before. No call may be under way when dlclose is
 * called, and it must not be called inside a callback; in a child after fork nothing may be
 * registered then.
 *
 * Memory: a list that a function hands out belongs to the caller, who returns it with
 * MP_FreeOidList. Other results are written to memory of the caller: all of it, unused rest
 * zero, and only when the status is MP_STATUS_SUCCESS. A pointer must refer to readable (results:
 * writable) memory of the declared size; NULL is refused.
 *
 * Object ids are passed by value, may be copied, and are compared with MP_CompareOIDs. Every
 * function looks at its arguments in this order: pointers, the type of each id, its owner, its
 * sequence number. A type that does not exist (also MP_OBJECT_TYPE_UNKNOWN) is
 * MP_STATUS_INVALID_OBJECT_TYPE; one that the function does not take is
 * MP_STATUS_INVALID_PARAMETER, but only for an owner that exists.
 *
 * The manual pages of section 3mpapi are made from the comments of this file
 * (man/header-pages.py): `name` is literal, a line "@name: text" describes a parameter, and an
 * item under "Returns:" without a text means what the comment of MP_STATUS says.
 */
#ifndef MPAPI_H
#define MPAPI_H

#include <stddef.h>

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#define MP_EXTENSION __extension__ /* long long and compound literals in C89 */
#else
#define MP_EXTENSION
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Scalar types, 6.1 to 6.7 ---- */

typedef void MP_VOID;
typedef void* MP_PVOID;
typedef char MP_CHAR;     /* text in UTF-8 */
typedef wchar_t MP_WCHAR; /* text in Unicode, 4 bytes each */
typedef unsigned char MP_BYTE;
typedef unsigned char MP_UINT8;
typedef signed char MP_INT8;
typedef unsigned short MP_UINT16;
typedef short MP_INT16;
typedef unsigned int MP_UINT32;
typedef int MP_INT32;
MP_EXTENSION typedef unsigned long long MP_UINT64;
MP_EXTENSION typedef long long MP_INT64;
typedef MP_UINT32 MP_VOID32; /* 32 bits that only their owner understands */
typedef MP_UINT32 MP_BOOL;   /* MP_TRUE or MP_FALSE */
typedef MP_UINT32 MP_XBOOL;  /* or MP_UNKNOWN */

#define MP_TRUE 1u
#define MP_FALSE 0u
#define MP_UNKNOWN 0xFFFFFFFFu

/* The version of the API that this header declares (supportedMpVersion). */
#define MP_LIBVERSION 1u

/* Not of the standard; programs written against other headers use them. */
#define RL_LIBRARY_SEQNUM 0
#define MP_MAX_NUM_PLUGINS 64 /* no limit of this library */
#define MP_OBJECT_TYPE_MATCH 1
#define MP_OBJECT_TYPE_ANY 2
#define MP_OBJECT_TYPE_MAX 8
#define MAX_NAME_SIZE 256
#define MAX_LINE_SIZE 515

/* ---- Enumerations, 6.8 to 6.23 ---- */

typedef enum MP_STATUS {
    /* The call did what it is for. */
    MP_STATUS_SUCCESS = 0,
    /* An argument is NULL or out of range, or an object is of a type that this function does
       not take. */
    MP_STATUS_INVALID_PARAMETER = 1,
    /* The function or plugin id is not the registered one. */
    MP_STATUS_UNKNOWN_FN = 2,
    /* It failed for a reason that no other status names. */
    MP_STATUS_FAILED = 3,
    /* There is not enough memory, or no file descriptor is left. */
    MP_STATUS_INSUFFICIENT_MEMORY = 4,
    /* There is no object type of that number, or the id was never set. */
    MP_STATUS_INVALID_OBJECT_TYPE = 5,
    /* No object has that id, or it is gone. */
    MP_STATUS_OBJECT_NOT_FOUND = 6,
    /* The plugin or its driver does not implement this. */
    MP_STATUS_UNSUPPORTED = 7,
    /* A success: the registration took the place of an earlier one. */
    MP_STATUS_FN_REPLACED = 8,
    /* The device does not accept this combination of access states. */
    MP_STATUS_ACCESS_STATE_INVALID = 9,
    /* The weight is above the plugin's maximumWeight. */
    MP_STATUS_INVALID_WEIGHT = 10,
    /* The path cannot be used now. */
    MP_STATUS_PATH_NONOPERATIONAL = 11,
    /* Not now; the same call may succeed later. */
    MP_STATUS_TRY_AGAIN = 12,
    /* It would make the logical unit unavailable, or the caller may not do it. */
    MP_STATUS_NOT_PERMITTED = 13
} MP_STATUS;

typedef enum MP_PATH_STATE {
    /* Usable; active and standby paths alike. */
    MP_PATH_STATE_OKAY = 0,
    /* An error on this path; no SCSI status came back. */
    MP_PATH_STATE_PATH_ERR = 1,
    /* A SCSI status came back that shows an error of the logical unit. */
    MP_PATH_STATE_LU_ERR = 2,
    /* Unavailable because of a SCSI reservation. */
    MP_PATH_STATE_RESERVED = 3,
    /* The operating system or the driver marked it unusable. */
    MP_PATH_STATE_REMOVED = 4,
    /* Between two of the other states. */
    MP_PATH_STATE_TRANSITIONING = 5,
    /* Operational, the device is not open. */
    MP_PATH_STATE_OPERATIONAL_CLOSED = 6,
    /* Not operational, the device is not open. */
    MP_PATH_STATE_INVALID_CLOSED = 7,
    /* Taken offline, the device is not open. */
    MP_PATH_STATE_OFFLINE_CLOSED = 8,
    /* Not known. */
    MP_PATH_STATE_UNKNOWN = 9
} MP_PATH_STATE;

typedef enum MP_OBJECT_TYPE {
    /* No object; in a registration for events, every type. */
    MP_OBJECT_TYPE_UNKNOWN = 0,
    /* A plugin and the multipath driver behind it. */
    MP_OBJECT_TYPE_PLUGIN = 1,
    /* A port of this machine. */
    MP_OBJECT_TYPE_INITIATOR_PORT = 2,
    /* A port of a device. */
    MP_OBJECT_TYPE_TARGET_PORT = 3,
    /* A logical unit as the multipath driver shows it. */
    MP_OBJECT_TYPE_MULTIPATH_LU = 4,
    /* One path to it: the logical unit through one initiator port and one target port. */
    MP_OBJECT_TYPE_PATH_LU = 5,
    /* A kind of device that the driver knows. */
    MP_OBJECT_TYPE_DEVICE_PRODUCT = 6,
    /* Target ports of one access state. */
    MP_OBJECT_TYPE_TARGET_PORT_GROUP = 7,
    /* A load balance algorithm of the driver's own. */
    MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE = 8
} MP_OBJECT_TYPE;

typedef enum MP_PORT_TRANSPORT_TYPE {
    /* Not known, or a transport without a value here (SAS, NVMe). */
    MP_PORT_TRANSPORT_TYPE_UNKNOWN = 0,
    /* A logical multipath node. */
    MP_PORT_TRANSPORT_TYPE_MPNODE = 1,
    /* Fibre Channel. */
    MP_PORT_TRANSPORT_TYPE_FC = 2,
    /* Parallel SCSI. */
    MP_PORT_TRANSPORT_TYPE_SPI = 3,
    /* iSCSI. */
    MP_PORT_TRANSPORT_TYPE_ISCSI = 4,
    /* InfiniBand to Fibre Channel. */
    MP_PORT_TRANSPORT_TYPE_IFB = 5
} MP_PORT_TRANSPORT_TYPE;

/* The first five are the codes of REPORT TARGET PORT GROUPS, SPC-3 6.25. */
typedef enum MP_ACCESS_STATE_TYPE {
    /* Active/optimized. */
    MP_ACCESS_STATE_ACTIVE_OPTIMIZED = 0x0,
    /* Active/non-optimized. */
    MP_ACCESS_STATE_ACTIVE_NONOPTIMIZED = 0x1,
    /* Standby. */
    MP_ACCESS_STATE_STANDBY = 0x2,
    /* Unavailable. */
    MP_ACCESS_STATE_UNAVAILABLE = 0x3,
    /* Between two states. */
    MP_ACCESS_STATE_TRANSITIONING = 0xF,
    /* Active, optimized or not; as a wish: make it active. */
    MP_ACCESS_STATE_ACTIVE = 0x10
} MP_ACCESS_STATE_TYPE;

/* One bit for each algorithm; a set of them is a sum. 0 is none. */
typedef MP_UINT32 MP_LOAD_BALANCE_TYPE;
#define MP_LOAD_BALANCE_TYPE_UNKNOWN (1u << 0)
#define MP_LOAD_BALANCE_TYPE_ROUNDROBIN (1u << 1)
#define MP_LOAD_BALANCE_TYPE_LEASTBLOCKS (1u << 2)
#define MP_LOAD_BALANCE_TYPE_LEASTIO (1u << 3)
#define MP_LOAD_BALANCE_TYPE_DEVICE_PRODUCT (1u << 4) /* as the device product asks for */
#define MP_LOAD_BALANCE_TYPE_LBA_REGION (1u << 5)
#define MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY (1u << 6)
/* Bits 16 to 31: MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES.typeIndex. */

typedef enum MP_LOGICAL_UNIT_NAME_TYPE {
    /* Not known. */
    MP_LU_NAME_TYPE_UNKNOWN = 0,
    /* VPD page 83h, T10 vendor identification. */
    MP_LU_NAME_TYPE_VPD83_TYPE1 = 1,
    /* VPD page 83h, EUI-64. */
    MP_LU_NAME_TYPE_VPD83_TYPE2 = 2,
    /* VPD page 83h, NAA. */
    MP_LU_NAME_TYPE_VPD83_TYPE3 = 3,
    /* Something of the device's own. */
    MP_LU_NAME_TYPE_DEVICE_SPECIFIC = 4
} MP_LOGICAL_UNIT_NAME_TYPE;

typedef enum MP_AUTOFAILBACK_SUPPORT {
    /* Not at all. */
    MP_AUTOFAILBACK_SUPPORT_NONE = 0,
    /* For all logical units at once. */
    MP_AUTOFAILBACK_SUPPORT_PLUGIN = 1,
    /* For each logical unit. */
    MP_AUTOFAILBACK_SUPPORT_MPLU = 2,
    /* Both. */
    MP_AUTOFAILBACK_SUPPORT_PLUGINANDMPLU = 3
} MP_AUTOFAILBACK_SUPPORT;

typedef enum MP_AUTOPROBING_SUPPORT {
    /* Not at all. */
    MP_AUTOPROBING_SUPPORT_NONE = 0,
    /* For all logical units at once. */
    MP_AUTOPROBING_SUPPORT_PLUGIN = 1,
    /* For each logical unit. */
    MP_AUTOPROBING_SUPPORT_MPLU = 2,
    /* Both. */
    MP_AUTOPROBING_SUPPORT_PLUGINANDMPLU = 3
} MP_AUTOPROBING_SUPPORT;
/* As other headers spell them. */
#define MP_AUTORPOBING_SUPPORT_MPLU MP_AUTOPROBING_SUPPORT_MPLU
#define MP_AUTORPOBING_SUPPORT_PLUGINANDMPLU MP_AUTOPROBING_SUPPORT_PLUGINANDMPLU

/* ---- Structures, 6.13 to 6.31: natural alignment (9.3.3) ---- */

typedef struct MP_OID {
    MP_OBJECT_TYPE objectType;      /* What kind of object. */
    MP_UINT32 ownerId;              /* The plugin that made it; 0 is nobody. */
    MP_UINT64 objectSequenceNumber; /* The plugin's own; 0 for the plugin itself. */
} MP_OID;

/* No object; for events, all plugins. */
#ifdef __cplusplus
#define ZERO_OID (MP_OID())
#else
#define ZERO_OID (MP_EXTENSION(const MP_OID){MP_OBJECT_TYPE_UNKNOWN, 0, 0})
#endif

typedef struct MP_OID_LIST {
    MP_UINT32 oidCount; /* How many. */
    MP_OID oids[1];     /* The first; the others follow. */
} MP_OID_LIST;

typedef struct MP_PROPRIETARY_PROPERTY {
    MP_WCHAR name[16];  /* What the property is called. */
    MP_WCHAR value[48]; /* Its value. */
} MP_PROPRIETARY_PROPERTY;

typedef struct MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES {
    MP_LOAD_BALANCE_TYPE typeIndex;                   /* The algorithm's bit, one of 16 to 31. */
    MP_WCHAR name[256];                               /* What it is called. */
    MP_WCHAR vendorName[256];                         /* Who made it. */
    MP_UINT32 proprietaryPropertyCount;               /* How many of the following are in use. */
    MP_PROPRIETARY_PROPERTY proprietaryProperties[8]; /* Its parameters. */
} MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES;

typedef struct MP_LIBRARY_PROPERTIES {
    MP_UINT32 supportedMpVersion;        /* The version of the API, MP_LIBVERSION. */
    MP_WCHAR vendor[256];                /* Who made the library. */
    MP_WCHAR implementationVersion[256]; /* The library's own version. */
    MP_CHAR fileName[256];               /* The name of the library's file. */
    MP_WCHAR buildTime[256];             /* When it was built, ISO 8601. */
} MP_LIBRARY_PROPERTIES;

typedef struct MP_PLUGIN_PROPERTIES {
    MP_UINT32 supportedMpVersion;        /* The version of the API that the plugin supports. */
    MP_WCHAR vendor[256];                /* Who made the plugin. */
    MP_WCHAR implementationVersion[256]; /* The plugin's own version. */
    MP_CHAR fileName[256];               /* The name of its file, without folder. */
    MP_WCHAR buildTime[256];             /* When it was built. */
    MP_WCHAR driverVendor[256];          /* Who made the multipath driver. */
    MP_CHAR driverName[256];             /* What the driver is called. */
    MP_WCHAR driverVersion[256];         /* The driver's version. */
    MP_UINT32 supportedLoadBalanceTypes; /* A set of MP_LOAD_BALANCE_TYPE. */
    MP_BOOL canSetTPGAccess;             /* MP_SetTPGAccess works for some device. */
    MP_BOOL canOverridePaths;            /* MP_SetOverridePath works. */
    MP_BOOL exposesPathDeviceFiles;      /* Paths have device files of their own. */
    /* Pattern of the names of multipath devices where they are apart from others: `*` one or
       more letters and digits, `#` decimal digits, `%` hexadecimal digits, a backslash takes the
       meaning away. Empty where they are not apart. */
    MP_CHAR deviceFileNamespace[256];
    MP_BOOL onlySupportsSpecifiedProducts; /* Only the listed device products, or any device. */
    MP_UINT32 maximumWeight;               /* 0 no weights, 1 in use or not, above: weights. */
    MP_AUTOFAILBACK_SUPPORT autoFailbackSupport; /* Where automatic failback can be set. */
    MP_BOOL pluginAutoFailbackEnabled;           /* It is on (where support includes the plugin). */
    MP_UINT32 failbackPollingRateMax;            /* Seconds; 0: no polling, or it cannot be set. */
    MP_UINT32 currentFailbackPollingRate;        /* Seconds; 0: no polling. */
    MP_AUTOPROBING_SUPPORT autoProbingSupport;   /* Where automatic probing can be set. */
    MP_BOOL pluginAutoProbingEnabled;            /* It is on (where support includes the plugin). */
    MP_UINT32 probingPollingRateMax;             /* Seconds; 0: no polling, or it cannot be set. */
    MP_UINT32 currentProbingPollingRate;         /* Seconds; 0: no polling. */
    MP_LOAD_BALANCE_TYPE defaultloadBalanceType; /* For units without a device product. */
    MP_UINT32 proprietaryPropertyCount;          /* How many of the following are in use. */
    MP_PROPRIETARY_PROPERTY proprietaryProperties[8]; /* The plugin's own. */
} MP_PLUGIN_PROPERTIES;

/* vendor, product and revision, here and below, are as in standard INQUIRY data: padded with
   spaces, no NUL at the end. */
typedef struct MP_DEVICE_PRODUCT_PROPERTIES {
    MP_CHAR vendor[8];                   /* T10 vendor identification, padded with spaces. */
    MP_CHAR product[16];                 /* Product identification, padded with spaces. */
    MP_CHAR revision[4];                 /* Product revision level, padded with spaces. */
    MP_UINT32 supportedLoadBalanceTypes; /* A set of MP_LOAD_BALANCE_TYPE. */
} MP_DEVICE_PRODUCT_PROPERTIES;

typedef struct MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES {
    MP_CHAR vendor[8];                  /* T10 vendor identification, padded with spaces. */
    MP_CHAR product[16];                /* Product identification, padded with spaces. */
    MP_CHAR revision[4];                /* Product revision level, padded with spaces. */
    MP_CHAR name[256];                  /* The unit's identifier, without a prefix. */
    MP_LOGICAL_UNIT_NAME_TYPE nameType; /* What kind of identifier. */
    MP_CHAR deviceFileName[256];        /* The multipath device's file. */
    MP_BOOL asymmetric;                 /* Its target port groups differ in access. */
    MP_OID overridePath;                /* The path all I/O is forced to; ZERO_OID: none. */
    MP_LOAD_BALANCE_TYPE currentLoadBalanceType; /* The algorithm in force. */
    MP_UINT32 logicalUnitGroupID;                /* Affinity group; 0xFFFFFFFF: not supported. */
    MP_XBOOL autoFailbackEnabled;                /* MP_UNKNOWN: as the plugin, or not known. */
    MP_UINT32 failbackPollingRateMax;            /* Seconds; 0: no polling, or it cannot be set. */
    MP_UINT32 currentFailbackPollingRate;        /* Seconds; 0: no polling. */
    MP_XBOOL autoProbingEnabled;                 /* MP_UNKNOWN: as the plugin, or not known. */
    MP_UINT32 probingPollingRateMax;             /* Seconds; 0: no polling, or it cannot be set. */
    MP_UINT32 currentProbingPollingRate;         /* Seconds; 0: no polling. */
    MP_UINT32 proprietaryPropertyCount;          /* How many of the following are in use. */
    MP_PROPRIETARY_PROPERTY proprietaryProperties[8]; /* The plugin's own. */
} MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES;

typedef struct MP_PATH_LOGICAL_UNIT_PROPERTIES {
    MP_UINT32 weight;            /* Available paths of the highest weight are in use. */
    MP_PATH_STATE pathState;     /* Its state. */
    MP_BOOL disabled;            /* By MP_DisablePath; not part of the state. */
    MP_OID initiatorPortOid;     /* The port of this machine. */
    MP_OID targetPortOid;        /* The port of the device. */
    MP_OID logicalUnitOid;       /* The multipath logical unit. */
    MP_UINT64 logicalUnitNumber; /* The plain unit number. */
    MP_CHAR deviceFileName[256]; /* The path's own device file, if exposesPathDeviceFiles. */
    MP_UINT32 busNumber;         /* Where port ids are not enough. */
    MP_UINT32 portNumber;        /* Where port ids are not enough. */
} MP_PATH_LOGICAL_UNIT_PROPERTIES;

typedef struct MP_INITIATOR_PORT_PROPERTIES {
    MP_CHAR portID[256];             /* Its name: a world wide name, an iSCSI name and ISID. */
    MP_PORT_TRANSPORT_TYPE portType; /* The transport. */
    MP_CHAR osDeviceFile[256];       /* What the operating system calls it. */
    MP_WCHAR osFriendlyName[256];    /* A name for people. */
} MP_INITIATOR_PORT_PROPERTIES;

typedef struct MP_TARGET_PORT_PROPERTIES {
    MP_CHAR portID[256];      /* Its name: a world wide name, an iSCSI name and tag. */
    MP_UINT32 relativePortID; /* The relative target port identifier of SPC-3. */
} MP_TARGET_PORT_PROPERTIES;

typedef struct MP_TARGET_PORT_GROUP_PROPERTIES {
    MP_ACCESS_STATE_TYPE accessState; /* The state its ports share. */
    MP_BOOL explicitFailover;         /* The device lets it be set; see canSetTPGAccess. */
    MP_BOOL supportsLuAssignment;     /* MP_AssignLogicalUnitToTPG works. */
    MP_BOOL preferredLuPath;          /* The device prefers this group. */
    MP_UINT32 tpgID;                  /* The group's number of SPC-3. */
} MP_TARGET_PORT_GROUP_PROPERTIES;

typedef struct MP_TPG_STATE_PAIR {
    MP_OID tpgOid;                     /* The group. */
    MP_ACCESS_STATE_TYPE desiredState; /* What it should become. */
} MP_TPG_STATE_PAIR;

/* Not of the standard; other headers declare these. The library does not export the functions. */
typedef struct MPPLUGININFO_T {
    MP_CHAR pluginPath[MAX_NAME_SIZE];
    MP_PVOID hdlPlugin;
    MP_UINT32 ownerId;
} MPPLUGININFO_T;
int InitLibrary(void);
void ExitLibrary(void);

/* ---- Callbacks, 6.10 and 6.11 ---- */

/*
 * Called on a thread of the plugin with nothing locked; every function of the API may be called
 * inside. Objects of one call are of one type and one plugin. The list belongs to the library
 * and is valid until the callback returns; MP_FreeOidList on it, inside the callback, does no
 * harm.
 */
typedef void (*MP_OBJECT_PROPERTY_FN)(MP_OID_LIST* pOidList, void* pCallerData);
typedef void (*MP_OBJECT_VISIBILITY_FN)(MP_BOOL becomingVisible, MP_OID_LIST* pOidList,
                                        void* pCallerData);

/* ---- The library and its plugins ---- */

/*
 * MP_GetLibraryProperties - properties of the library
 *
 * Tells which library this is. No plugin is asked.
 *
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `pProps` is NULL.
 *
 * ISO/IEC 11002 7.22
 */
MP_STATUS MP_GetLibraryProperties(MP_LIBRARY_PROPERTIES* pProps);

/*
 * MP_GetPluginOidList - the plugins
 *
 * Lists the plugins that the library has loaded, in the order of mpapi.conf(5), none twice.
 * Without any the list is empty.
 *
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `ppList` is NULL.
 * - INSUFFICIENT_MEMORY
 *
 * ISO/IEC 11002 7.28
 */
MP_STATUS MP_GetPluginOidList(MP_OID_LIST** ppList);

/*
 * MP_GetPluginProperties - properties of a plugin
 *
 * Tells which plugin and which multipath driver this is, and what they can do.
 *
 * @pluginOid: the plugin.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.29
 */
MP_STATUS MP_GetPluginProperties(MP_OID pluginOid, MP_PLUGIN_PROPERTIES* pProps);

/*
 * MP_GetAssociatedPluginOid - the plugin that an object belongs to
 *
 * Takes the owner from the object's id. Whether the object still exists is not looked at: its
 * sequence number is not read.
 *
 * @oid: an object of any type.
 * @pPluginOid: where the plugin's id goes.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `pPluginOid` is NULL.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND: No plugin has that owner id.
 *
 * ISO/IEC 11002 7.16
 */
MP_STATUS MP_GetAssociatedPluginOid(MP_OID oid, MP_OID* pPluginOid);

/*
 * MP_GetObjectType - the type of an object
 *
 * Takes the type from the object's id. Whether the object still exists is not looked at: its
 * sequence number is not read.
 *
 * @oid: an object of any type.
 * @pObjectType: where the type goes.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `pObjectType` is NULL.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND: No plugin has that owner id.
 *
 * ISO/IEC 11002 7.26
 */
MP_STATUS MP_GetObjectType(MP_OID oid, MP_OBJECT_TYPE* pObjectType);

/*
 * MP_CompareOIDs - whether two ids are equal
 *
 * Compares two object ids field by field. Nothing else is looked at.
 *
 * @oid1: one id.
 * @oid2: the other.
 *
 * Returns:
 * - SUCCESS: They are equal.
 * - FAILED: They differ.
 *
 * ISO/IEC 11002 7.4
 */
MP_STATUS MP_CompareOIDs(MP_OID oid1, MP_OID oid2);
/* As the standard's table of contents spells it. */
MP_STATUS MP_CompareOids(MP_OID oid1, MP_OID oid2);

/*
 * MP_FreeOidList - give back a list
 *
 * Frees a list that a function of the API handed out. For the list of a callback that is running
 * it does nothing: that one belongs to the library.
 *
 * @pOidList: the list.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `pOidList` is NULL.
 *
 * ISO/IEC 11002 7.14
 */
MP_STATUS MP_FreeOidList(MP_OID_LIST* pOidList);

/*
 * MP_RegisterPlugin - name a plugin in the configuration
 *
 * Adds a plugin to mpapi.conf(5), or gives the plugin of that id another file. The file is
 * replaced as a whole, under a lock: nobody sees half of it, and two who register at once both
 * succeed. Neither this instance of the library nor another one that runs loads the plugin; the
 * next one does.
 *
 * @pPluginId: the plugin's id, a reversed domain name and a name (L"org.mpapi.linux"). At most
 * 255 characters, none of them blank or a control character, the first not `#`.
 * @pFileName: the absolute path of its shared object, a regular file that exists. At most 255
 * bytes, no control character, the last not a blank.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: An argument is NULL or not as described.
 * - INSUFFICIENT_MEMORY
 * - FAILED: The file could not be written: most often, the caller is not root. Or it would be
 *   larger than 1 MiB.
 *
 * ISO/IEC 11002 7.37
 */
MP_STATUS MP_RegisterPlugin(MP_WCHAR* pPluginId, MP_CHAR* pFileName);

/*
 * MP_DeregisterPlugin - remove a plugin from the configuration
 *
 * Removes a plugin from mpapi.conf(5). Instances of the library that run, this one too, keep it.
 * No plugin is loaded, so that a broken one can be removed.
 *
 * @pPluginId: the plugin's id, as it was registered.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `pPluginId` is NULL.
 * - INSUFFICIENT_MEMORY
 * - UNKNOWN_FN: No plugin of that id is registered.
 * - FAILED: The file could not be written: most often, the caller is not root.
 *
 * ISO/IEC 11002 7.7
 */
MP_STATUS MP_DeregisterPlugin(MP_WCHAR* pPluginId);

/* ---- What there is ---- */

/*
 * MP_GetDeviceProductOidList - the device products that a plugin knows
 *
 * @oid: the plugin.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.18
 */
MP_STATUS MP_GetDeviceProductOidList(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetDeviceProductProperties - properties of a device product
 *
 * @oid: the device product.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.19
 */
MP_STATUS MP_GetDeviceProductProperties(MP_OID oid, MP_DEVICE_PRODUCT_PROPERTIES* pProps);

/*
 * MP_GetInitiatorPortOidList - the initiator ports of a plugin
 *
 * @oid: the plugin.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.20
 */
MP_STATUS MP_GetInitiatorPortOidList(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetInitiatorPortProperties - properties of an initiator port
 *
 * @oid: the initiator port.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.21
 */
MP_STATUS MP_GetInitiatorPortProperties(MP_OID oid, MP_INITIATOR_PORT_PROPERTIES* pProps);

/*
 * MP_GetMultipathLus - the multipath logical units of a plugin or of a device product
 *
 * @oid: the plugin, for all of its logical units, or a device product, for those whose vendor and
 * product match.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.25
 */
MP_STATUS MP_GetMultipathLus(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetMPLogicalUnitProperties - properties of a multipath logical unit
 *
 * @oid: the multipath logical unit.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.24
 */
MP_STATUS MP_GetMPLogicalUnitProperties(MP_OID oid, MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES* pProps);
/* As the standard's table of contents spells it. */
MP_STATUS MP_GetMPLLogicalUnitProperties(MP_OID oid, MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES* pProps);

/*
 * MP_GetAssociatedPathOidList - the paths of a logical unit or of a port
 *
 * @oid: a multipath logical unit, an initiator port or a target port.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.15
 */
MP_STATUS MP_GetAssociatedPathOidList(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetPathLogicalUnitProperties - properties of a path
 *
 * @oid: the path.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.27
 */
MP_STATUS MP_GetPathLogicalUnitProperties(MP_OID oid, MP_PATH_LOGICAL_UNIT_PROPERTIES* pProps);

/*
 * MP_GetAssociatedTPGOidList - the target port groups of a logical unit
 *
 * @oid: the multipath logical unit.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.17
 */
MP_STATUS MP_GetAssociatedTPGOidList(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetTargetPortGroupProperties - properties of a target port group
 *
 * @oid: the target port group.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.32
 */
MP_STATUS MP_GetTargetPortGroupProperties(MP_OID oid, MP_TARGET_PORT_GROUP_PROPERTIES* pProps);

/*
 * MP_GetMPLuOidListFromTPG - the logical units of a target port group
 *
 * @oid: the target port group.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.23
 */
MP_STATUS MP_GetMPLuOidListFromTPG(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetTargetPortOidList - the target ports of a target port group
 *
 * @oid: the target port group.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.33
 */
MP_STATUS MP_GetTargetPortOidList(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetTargetPortProperties - properties of a target port
 *
 * @oid: the target port.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.34
 */
MP_STATUS MP_GetTargetPortProperties(MP_OID oid, MP_TARGET_PORT_PROPERTIES* pProps);

/*
 * MP_GetProprietaryLoadBalanceOidList - the load balance algorithms of a plugin's own
 *
 * @oid: the plugin.
 * @ppList: where the list goes; the caller frees it with MP_FreeOidList.
 *
 * Returns:
 * - SUCCESS: The list may be empty.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - FAILED
 * - INSUFFICIENT_MEMORY
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.30
 */
MP_STATUS MP_GetProprietaryLoadBalanceOidList(MP_OID oid, MP_OID_LIST** ppList);

/*
 * MP_GetProprietaryLoadBalanceProperties - properties of a load balance algorithm
 *
 * @oid: the algorithm, an object of type MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE.
 * @pProps: where the properties go.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 *
 * ISO/IEC 11002 7.31
 */
MP_STATUS MP_GetProprietaryLoadBalanceProperties(MP_OID oid,
                                                 MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES* pProps);

/* ---- Changes ---- */

/*
 * MP_AssignLogicalUnitToTPG - move a logical unit to another pair of target port groups
 *
 * Valid only for a group with `supportsLuAssignment`. Afterwards the logical unit is in that group
 * and its partner.
 *
 * @tpgOid: the group, the one that should be active for the logical unit.
 * @luOid: the multipath logical unit.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: The two are of different plugins (looked at before anything else), or not
 *   related, or not of these types.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.2
 */
MP_STATUS MP_AssignLogicalUnitToTPG(MP_OID tpgOid, MP_OID luOid);

/*
 * MP_SetOverridePath - force all I/O of a logical unit to one path
 *
 * Load balancing is off until MP_CancelOverridePath; weights are kept. A failover may follow.
 * Valid if the plugin has `canOverridePaths`.
 *
 * @logicalUnitOid: the multipath logical unit.
 * @pathOid: one of its paths.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: The path is not of that logical unit, the two are of different plugins, or
 *   not of these types.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - PATH_NONOPERATIONAL
 * - FAILED
 *
 * ISO/IEC 11002 7.39
 */
MP_STATUS MP_SetOverridePath(MP_OID logicalUnitOid, MP_OID pathOid);

/*
 * MP_CancelOverridePath - balance the load of a logical unit again
 *
 * Takes back MP_SetOverridePath. Valid if the plugin has `canOverridePaths`.
 *
 * @logicalUnitOid: the multipath logical unit.
 *
 * Returns:
 * - SUCCESS: Also if no override was in force.
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.3
 */
MP_STATUS MP_CancelOverridePath(MP_OID logicalUnitOid);

/*
 * MP_EnableAutoFailback - return to the preferred paths when they work again
 *
 * `autoFailbackSupport` tells where it can be set.
 *
 * @oid: a plugin, for all of its logical units, or a multipath logical unit.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.11
 */
MP_STATUS MP_EnableAutoFailback(MP_OID oid);

/*
 * MP_DisableAutoFailback - stay on the paths in use when preferred ones work again
 *
 * `autoFailbackSupport` tells where it can be set.
 *
 * @oid: a plugin, for all of its logical units, or a multipath logical unit.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.8
 */
MP_STATUS MP_DisableAutoFailback(MP_OID oid);

/*
 * MP_EnableAutoProbing - probe paths periodically
 *
 * `autoProbingSupport` tells where it can be set.
 *
 * @oid: a plugin, for all of its logical units, or a multipath logical unit.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.12
 */
MP_STATUS MP_EnableAutoProbing(MP_OID oid);

/*
 * MP_DisableAutoProbing - do not probe paths periodically
 *
 * `autoProbingSupport` tells where it can be set.
 *
 * @oid: a plugin, for all of its logical units, or a multipath logical unit.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.9
 */
MP_STATUS MP_DisableAutoProbing(MP_OID oid);

/*
 * MP_EnablePath - let a path be used again
 *
 * Takes back MP_DisablePath. A failover may follow.
 *
 * @oid: the path.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - TRY_AGAIN
 * - FAILED
 *
 * ISO/IEC 11002 7.13
 */
MP_STATUS MP_EnablePath(MP_OID oid);

/*
 * MP_DisablePath - keep a path out of use
 *
 * The path carries no I/O until MP_EnablePath, whatever its state. A failover may follow.
 *
 * @oid: the path.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - TRY_AGAIN
 * - NOT_PERMITTED
 * - FAILED
 *
 * ISO/IEC 11002 7.10
 */
MP_STATUS MP_DisablePath(MP_OID oid);

/*
 * MP_SetLogicalUnitLoadBalanceType - choose how the load of a logical unit is balanced
 *
 * @logicalUnitOid: the multipath logical unit.
 * @loadBalance: one bit of the plugin's `supportedLoadBalanceTypes`.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `loadBalance` is not one algorithm (bits 1 to 6 and 16 to 31), or the
 *   object is not a multipath logical unit.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED: The plugin cannot do this algorithm for that logical unit.
 *
 * ISO/IEC 11002 7.38
 */
MP_STATUS MP_SetLogicalUnitLoadBalanceType(MP_OID logicalUnitOid, MP_LOAD_BALANCE_TYPE loadBalance);

/*
 * MP_SetPluginLoadBalanceType - choose how load is balanced by default
 *
 * Logical units whose algorithm was chosen keep it.
 *
 * @oid: the plugin.
 * @loadBalance: one bit of the plugin's `supportedLoadBalanceTypes`.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: `loadBalance` is not one algorithm (bits 1 to 6 and 16 to 31), or the
 *   object is not a plugin.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED: The plugin cannot do this algorithm.
 *
 * ISO/IEC 11002 7.41
 */
MP_STATUS MP_SetPluginLoadBalanceType(MP_OID oid, MP_LOAD_BALANCE_TYPE loadBalance);

/*
 * MP_SetPathWeight - give a path a weight
 *
 * Of the available paths, those of the highest weight carry I/O; the others are for the case that
 * they fail.
 *
 * @pathOid: the path.
 * @weight: at most the plugin's `maximumWeight`.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - INVALID_WEIGHT
 * - FAILED
 *
 * ISO/IEC 11002 7.40
 */
MP_STATUS MP_SetPathWeight(MP_OID pathOid, MP_UINT32 weight);

/*
 * MP_SetFailbackPollingRate - choose how often the way back is tried
 *
 * @oid: a plugin, for all of its logical units, or a multipath logical unit.
 * @pollingRate: seconds, at most `failbackPollingRateMax`; 0 polls no more.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: The rate is out of range, or the object of another type.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.42
 */
MP_STATUS MP_SetFailbackPollingRate(MP_OID oid, MP_UINT32 pollingRate);

/*
 * MP_SetProbingPollingRate - choose how often paths are probed
 *
 * @oid: a plugin, for all of its logical units, or a multipath logical unit.
 * @pollingRate: seconds, at most `probingPollingRateMax`; 0 polls no more.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: The rate is out of range, or the object of another type.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.43
 */
MP_STATUS MP_SetProbingPollingRate(MP_OID oid, MP_UINT32 pollingRate);

/*
 * MP_SetProprietaryProperties - set properties of a plugin's own
 *
 * @oid: a plugin, a multipath logical unit or a proprietary load balance algorithm.
 * @count: how many properties follow, 1 to 8.
 * @pPropertyList: their names, all of them among those that the object's properties list, and the
 * values they get.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: The list is NULL, the count not 1 to 8, a name or value not the object's,
 *   or the object of another type.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.44
 */
MP_STATUS MP_SetProprietaryProperties(MP_OID oid, MP_UINT32 count,
                                      MP_PROPRIETARY_PROPERTY* pPropertyList);

/*
 * MP_SetTPGAccess - change the access states of target port groups
 *
 * Valid for groups with `explicitFailover`, if the plugin has `canSetTPGAccess`. All ports of a
 * group change together, for every logical unit that shares them on the device.
 *
 * @luOid: the multipath logical unit that the command is sent to.
 * @count: how many pairs follow, 1 to 65535.
 * @pTpgStateList: groups of that logical unit, each with the state it should have.
 *
 * Returns:
 * - SUCCESS
 * - INVALID_PARAMETER: The list is NULL, the count not 1 to 65535, an id of the list is not a
 *   target port group of that logical unit, or the object not a multipath logical unit.
 * - INVALID_OBJECT_TYPE
 * - OBJECT_NOT_FOUND
 * - ACCESS_STATE_INVALID
 * - UNSUPPORTED
 * - FAILED
 *
 * ISO/IEC 11002 7.45
 */
MP_STATUS MP_SetTPGAccess(MP_OID luOid, MP_UINT32 count, MP_TPG_STATE_PAIR* pTpgStateList);

/* ---- Events ---- */

/*
 * MP_RegisterForObjectPropertyChanges - be told when properties change
 *
 * The function is called when a field of the properties of objects changes. Changes that come
 * together may be told in one call; changes by this process are told too. There is one
 * registration for each object type (MP_OBJECT_TYPE_UNKNOWN, all types, counting as a type) and
 * plugin: another one takes its place, also with another function. A child after fork is told
 * nothing until it registers itself, by which it replaces what it inherited.
 *
 * @pClientFn: the function. It runs on a thread of the plugin with nothing locked and may call
 * every function of the API; it must not throw.
 * @objectType: the type of objects, or MP_OBJECT_TYPE_UNKNOWN for all.
 * @pCallerData: handed to the function as it is; may be NULL.
 * @pluginOid: the plugin, or ZERO_OID for all there are.
 *
 * Returns:
 * - SUCCESS: Also with ZERO_OID and no plugin. With ZERO_OID, plugins that cannot tell changes
 *   count only if no plugin can.
 * - FN_REPLACED
 * - INVALID_PARAMETER: `pClientFn` is NULL, or `pluginOid` is neither a plugin nor ZERO_OID.
 * - INVALID_OBJECT_TYPE: Of `objectType` or `pluginOid`.
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED: With ZERO_OID, of some plugin; registrations with the others stay.
 *
 * ISO/IEC 11002 7.35
 */
MP_STATUS MP_RegisterForObjectPropertyChanges(MP_OBJECT_PROPERTY_FN pClientFn,
                                              MP_OBJECT_TYPE objectType, void* pCallerData,
                                              MP_OID pluginOid);

/*
 * MP_RegisterForObjectVisibilityChanges - be told when objects appear and disappear
 *
 * As MP_RegisterForObjectPropertyChanges(3mpapi), with registrations of its own.
 *
 * @pClientFn: the function. It runs on a thread of the plugin with nothing locked and may call
 * every function of the API; it must not throw.
 * @objectType: the type of objects, or MP_OBJECT_TYPE_UNKNOWN for all.
 * @pCallerData: handed to the function as it is; may be NULL.
 * @pluginOid: the plugin, or ZERO_OID for all there are.
 *
 * Returns:
 * - SUCCESS: Also with ZERO_OID and no plugin. With ZERO_OID, plugins that cannot tell changes
 *   count only if no plugin can.
 * - FN_REPLACED
 * - INVALID_PARAMETER: `pClientFn` is NULL, or `pluginOid` is neither a plugin nor ZERO_OID.
 * - INVALID_OBJECT_TYPE: Of `objectType` or `pluginOid`.
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED
 * - FAILED: With ZERO_OID, of some plugin; registrations with the others stay.
 *
 * ISO/IEC 11002 7.36
 */
MP_STATUS MP_RegisterForObjectVisibilityChanges(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                MP_OBJECT_TYPE objectType, void* pCallerData,
                                                MP_OID pluginOid);

/*
 * MP_DeregisterForObjectPropertyChanges - be told no more when properties change
 *
 * Once is enough, however often the function was registered. When this returns, the function is
 * not running and will not be called. Inside a callback, whichever, it does not wait for calls
 * that run on other threads.
 *
 * @pClientFn: the registered function.
 * @objectType: the type it was registered for.
 * @pluginOid: the plugin, or ZERO_OID for all.
 *
 * Returns:
 * - SUCCESS: With ZERO_OID, it was registered with some plugin, or there is no plugin.
 * - UNKNOWN_FN: It is not registered for that type.
 * - INVALID_PARAMETER: `pClientFn` is NULL, or `pluginOid` is neither a plugin nor ZERO_OID.
 * - INVALID_OBJECT_TYPE: Of `objectType` or `pluginOid`.
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED: The plugin cannot tell changes.
 *
 * ISO/IEC 11002 7.5
 */
MP_STATUS MP_DeregisterForObjectPropertyChanges(MP_OBJECT_PROPERTY_FN pClientFn,
                                                MP_OBJECT_TYPE objectType, MP_OID pluginOid);

/*
 * MP_DeregisterForObjectVisibilityChanges - be told no more when objects appear and disappear
 *
 * Once is enough, however often the function was registered. When this returns, the function is
 * not running and will not be called. Inside a callback, whichever, it does not wait for calls
 * that run on other threads.
 *
 * @pClientFn: the registered function.
 * @objectType: the type it was registered for.
 * @pluginOid: the plugin, or ZERO_OID for all.
 *
 * Returns:
 * - SUCCESS: With ZERO_OID, it was registered with some plugin, or there is no plugin.
 * - UNKNOWN_FN: It is not registered for that type.
 * - INVALID_PARAMETER: `pClientFn` is NULL, or `pluginOid` is neither a plugin nor ZERO_OID.
 * - INVALID_OBJECT_TYPE: Of `objectType` or `pluginOid`.
 * - OBJECT_NOT_FOUND
 * - UNSUPPORTED: The plugin cannot tell changes.
 *
 * ISO/IEC 11002 7.6
 */
MP_STATUS MP_DeregisterForObjectVisibilityChanges(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                  MP_OBJECT_TYPE objectType, MP_OID pluginOid);

#ifdef __cplusplus
} /* extern "C" */
#endif
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif /* MPAPI_H */
