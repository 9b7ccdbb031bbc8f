// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the library answers itself. Each function is described in mpapi.h.
#include "library/cancellation.hpp"
#include "library/configuration.hpp"
#include "library/configuration_file.hpp"
#include "library/dispatch.hpp"
#include "library/events.hpp"

#include "library/build.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cwchar>
#include <string>

using namespace mpapi::library;

namespace {

template <typename Character, std::size_t size, std::size_t length>
void put(Character (&field)[size], const Character (&text)[length]) {
    static_assert(length <= size);
    std::copy_n(text, length, field);
}

bool is_regular_file(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

} // namespace

MP_STATUS MP_GetLibraryProperties(MP_LIBRARY_PROPERTIES* pProps) {
    if (pProps == nullptr) return MP_STATUS_INVALID_PARAMETER;
    std::memset(pProps, 0, sizeof *pProps);
    pProps->supportedMpVersion = MP_LIBVERSION;
    put(pProps->vendor, L"mpapi");
    put(pProps->implementationVersion, MPAPI_BUILD_VERSION);
    put(pProps->fileName, MPAPI_BUILD_FILE);
    put(pProps->buildTime, MPAPI_BUILD_TIME);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_GetPluginOidList(MP_OID_LIST** ppList) {
    if (ppList == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return at_boundary([&] {
        const Visit visit;
        const std::size_t count = visit.plugins().size();
        void* const block = std::calloc(1, offsetof(MP_OID_LIST, oids) +
                                               std::max<std::size_t>(count, 1) * sizeof(MP_OID));
        if (block == nullptr) return MP_STATUS_INSUFFICIENT_MEMORY;
        auto* const list = static_cast<MP_OID_LIST*>(block);
        list->oidCount = static_cast<MP_UINT32>(count);
        MP_OID* oid = list->oids;
        for (const auto& plugin : visit.plugins())
            *oid++ = plugin_oid(plugin->owner);
        *ppList = list;
        return MP_STATUS_SUCCESS;
    });
}

MP_STATUS MP_GetAssociatedPluginOid(MP_OID oid, MP_OID* pPluginOid) {
    if (pPluginOid == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return at_boundary([&] {
        const Visit visit;
        const Target target = owner_of(visit, numbers(oid));
        if (target.plugin != nullptr) *pPluginOid = plugin_oid(target.plugin->owner);
        return target.status;
    });
}

MP_STATUS MP_GetObjectType(MP_OID oid, MP_OBJECT_TYPE* pObjectType) {
    if (pObjectType == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return at_boundary([&] {
        const Visit visit;
        const Target target = owner_of(visit, numbers(oid));
        if (target.plugin != nullptr) *pObjectType = oid.objectType;
        return target.status;
    });
}

MP_STATUS MP_CompareOIDs(MP_OID oid1, MP_OID oid2) {
    return numbers(oid1) == numbers(oid2) ? MP_STATUS_SUCCESS : MP_STATUS_FAILED;
}

MP_STATUS MP_FreeOidList(MP_OID_LIST* pOidList) {
    if (pOidList == nullptr) return MP_STATUS_INVALID_PARAMETER;
    if (!is_being_delivered(pOidList)) std::free(pOidList);
    return MP_STATUS_SUCCESS;
}

MP_STATUS MP_RegisterPlugin(MP_WCHAR* pPluginId, MP_CHAR* pFileName) {
    if (pPluginId == nullptr || pFileName == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return at_boundary([&] {
        const NoCancellation here; // a file of a temporary name would stay in /etc
        const auto id = id_of(pPluginId);
        const auto file = file_of(pFileName);
        if (!id || !file || !is_regular_file(*file)) return MP_STATUS_INVALID_PARAMETER;
        keep_configuration();
        const auto edited = edit_configuration(
            configuration_path(), [&](std::string_view text) -> std::optional<std::string> {
                return with_entry(text, {*id, *file});
            });
        return edited == Edited::Done ? MP_STATUS_SUCCESS : MP_STATUS_FAILED;
    });
}

MP_STATUS MP_DeregisterPlugin(MP_WCHAR* pPluginId) {
    if (pPluginId == nullptr) return MP_STATUS_INVALID_PARAMETER;
    return at_boundary([&] {
        const NoCancellation here;
        const auto id = id_of(pPluginId);
        if (!id) return MP_STATUS_UNKNOWN_FN; // nothing can be registered under it
        keep_configuration();
        const auto edited = edit_configuration(
            configuration_path(), [&](std::string_view text) { return without_entry(text, *id); });
        if (edited == Edited::Unchanged) return MP_STATUS_UNKNOWN_FN;
        return edited == Edited::Done ? MP_STATUS_SUCCESS : MP_STATUS_FAILED;
    });
}

// Both spellings are one function.
MP_STATUS MP_CompareOids(MP_OID, MP_OID) __attribute__((alias("MP_CompareOIDs")));
