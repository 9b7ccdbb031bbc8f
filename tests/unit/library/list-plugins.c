/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client: prints each plugin's owner id and file name, a line each. */
#include <mpapi.h>

#include <stdio.h>

int main(void) {
    MP_OID_LIST* list;
    MP_UINT32 index;
    if (MP_GetPluginOidList(&list) != MP_STATUS_SUCCESS) return 1;
    for (index = 0; index < list->oidCount; ++index) {
        MP_PLUGIN_PROPERTIES properties;
        if (MP_GetPluginProperties(list->oids[index], &properties) != MP_STATUS_SUCCESS) return 1;
        printf("%u %s\n", list->oids[index].ownerId, properties.fileName);
    }
    return MP_FreeOidList(list) == MP_STATUS_SUCCESS ? 0 : 1;
}
