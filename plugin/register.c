/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts the Linux plugin into mpapi.conf(5) and takes it out, for the scripts of its package:
 *   mpapi-plugin-linux register|deregister
 * The library does it, so that the file is only ever written one way.
 */
#include "library/include/mpapi.h"

#include <stdio.h>
#include <string.h>

static MP_WCHAR id[] = L"org.mpapi.linux";
static MP_CHAR file[] = MPAPI_LINUX;

static int end(const char* what, MP_STATUS status) {
    if (status == MP_STATUS_SUCCESS) return 0;
    fprintf(stderr, "mpapi-plugin-linux: %s %s: status %d%s\n", what, file, (int)status,
            status == MP_STATUS_FAILED ? " (only root may)" : "");
    return 1;
}

int main(int count, char** words) {
    if (count == 2 && strcmp(words[1], "register") == 0)
        return end("register", MP_RegisterPlugin(id, file));
    if (count == 2 && strcmp(words[1], "deregister") == 0) {
        const MP_STATUS status = MP_DeregisterPlugin(id);
        /* An administrator may have taken it out before. */
        return status == MP_STATUS_UNKNOWN_FN ? 0 : end("deregister", status);
    }
    fputs("usage: mpapi-plugin-linux register|deregister\n", stderr);
    return 2;
}
