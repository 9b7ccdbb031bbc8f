/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shows the library, its plugins, and each multipath logical unit with its paths: what the
 * examples of ISO/IEC 11002 Annex D are about.
 *
 *     cc show-multipath.c $(pkg-config --cflags --libs mpapi)
 */
#include <mpapi.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program where a call fails: an example has nothing better to do. */
static void must(MP_STATUS status, const char* what) {
    if (status == MP_STATUS_SUCCESS) return;
    fprintf(stderr, "show-multipath: %s: status %d\n", what, (int)status);
    exit(EXIT_FAILURE);
}

/* D.2: properties of the library. */
static void show_library(void) {
    MP_LIBRARY_PROPERTIES properties;

    must(MP_GetLibraryProperties(&properties), "library properties");
    printf("Library %s by %ls, API version %u\n", properties.fileName, properties.vendor,
           properties.supportedMpVersion);
}

/* D.3: properties of a plugin. */
static void show_plugin(MP_OID plugin) {
    MP_PLUGIN_PROPERTIES properties;

    must(MP_GetPluginProperties(plugin, &properties), "plugin properties");
    printf("Plugin %s by %ls\n", properties.fileName, properties.vendor);
}

/* D.4: the paths of a multipath logical unit. An object may vanish between a list and the
   question about one of it; that is no failure. */
static void show_logical_unit(MP_OID unit) {
    MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES properties;
    MP_OID_LIST* paths;
    MP_UINT32 index;
    MP_STATUS status = MP_GetMPLogicalUnitProperties(unit, &properties);

    if (status == MP_STATUS_OBJECT_NOT_FOUND) return;
    must(status, "logical unit properties");
    status = MP_GetAssociatedPathOidList(unit, &paths);
    if (status == MP_STATUS_OBJECT_NOT_FOUND) return;
    must(status, "paths");

    /* vendor has no end: its width is fixed. */
    printf("  %s, %.8s, %u paths\n", properties.deviceFileName, properties.vendor, paths->oidCount);
    for (index = 0; index < paths->oidCount; ++index) {
        MP_PATH_LOGICAL_UNIT_PROPERTIES path;
        MP_INITIATOR_PORT_PROPERTIES initiator;
        MP_TARGET_PORT_PROPERTIES target;

        if (MP_GetPathLogicalUnitProperties(paths->oids[index], &path) != MP_STATUS_SUCCESS ||
            MP_GetInitiatorPortProperties(path.initiatorPortOid, &initiator) != MP_STATUS_SUCCESS ||
            MP_GetTargetPortProperties(path.targetPortOid, &target) != MP_STATUS_SUCCESS)
            continue;
        printf("    %s - %s, %s\n", initiator.portID, target.portID,
               path.pathState == MP_PATH_STATE_OKAY ? "okay" : "not okay");
    }
    MP_FreeOidList(paths);
}

int main(void) {
    MP_OID_LIST* plugins;
    MP_UINT32 plugin;

    setlocale(LC_ALL, "");
    show_library();
    must(MP_GetPluginOidList(&plugins), "plugins");
    for (plugin = 0; plugin < plugins->oidCount; ++plugin) {
        MP_OID_LIST* units;
        MP_UINT32 unit;

        show_plugin(plugins->oids[plugin]);
        must(MP_GetMultipathLus(plugins->oids[plugin], &units), "logical units");
        for (unit = 0; unit < units->oidCount; ++unit)
            show_logical_unit(units->oids[unit]);
        MP_FreeOidList(units);
    }
    MP_FreeOidList(plugins);
    return EXIT_SUCCESS;
}
