/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client that registers with all plugins, of which there are none. */
#include <mpapi.h>

#include <stddef.h>
#include <stdio.h>

static void changed(MP_OID_LIST* list, void* data) {
    (void)list;
    (void)data;
}

int main(void) {
    MP_STATUS status =
        MP_RegisterForObjectPropertyChanges(changed, MP_OBJECT_TYPE_UNKNOWN, NULL, ZERO_OID);
    if (status != MP_STATUS_SUCCESS) printf("registering: %d\n", status);
    status = MP_DeregisterForObjectPropertyChanges(changed, MP_OBJECT_TYPE_UNKNOWN, ZERO_OID);
    if (status != MP_STATUS_SUCCESS) printf("deregistering: %d\n", status);
    return 0;
}
