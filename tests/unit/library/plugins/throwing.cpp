// SPDX-License-Identifier: LGPL-2.1-or-later
// A plugin in C++ that forgot to catch.
#include <mpapi-plugin.h>

#include <cstring>
#include <new>
#include <stdexcept>

MP_STATUS Initialize(MP_UINT32) {
    return MP_STATUS_SUCCESS;
}

MP_STATUS Terminate() {
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetPluginPropertiesPlugin(MP_PLUGIN_PROPERTIES* pProps) {
    std::strcpy(pProps->fileName, "throwing");
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_EnablePath(MP_OID) {
    throw std::runtime_error("out of a plugin");
}

MP_STATUS MP_DisablePath(MP_OID) {
    throw std::bad_alloc();
}
