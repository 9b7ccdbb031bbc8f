// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libMPAPI with the trivial plugin: whatever ids, counts, types and pointers a client passes, a
// status of the standard comes back, and what a failed call was to write to is as it was.
#include "tests/unit/library/plugins/trivial.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>

namespace {

const TrivialControl* control = nullptr;

void must(bool holds) {
    if (!holds) std::abort();
}

class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size)
      : data_(data)
      , left_(size) {}
    bool empty() const { return left_ == 0; }
    std::uint8_t byte() { return left_ == 0 ? 0 : (--left_, *data_++); }
    MP_UINT32 number() {
        const MP_UINT32 low = byte();
        if (low < 0xe0) return low;
        return low << 24 | MP_UINT32{byte()} << 16 | MP_UINT32{byte()} << 8 | byte();
    }
    MP_OID oid() {
        const MP_UINT32 type = number();
        MP_OID oid{};
        std::memcpy(&oid.objectType, &type, sizeof type);
        oid.ownerId = number();
        oid.objectSequenceNumber = number();
        return oid;
    }
    // As far as C++ lets an enumeration hold what is none of its constants.
    MP_OBJECT_TYPE type() { return static_cast<MP_OBJECT_TYPE>(byte() % 16); }
    bool flag() { return (byte() & 1) != 0; }

  private:
    const std::uint8_t* data_;
    std::size_t left_;
};

MP_STATUS known(MP_STATUS status) {
    must(status >= MP_STATUS_SUCCESS && status <= MP_STATUS_NOT_PERMITTED);
    return status;
}

template <typename Properties>
void get(Input& input, MP_STATUS (*function)(MP_OID, Properties*)) {
    Properties properties{};
    std::memset(&properties, 0x5a, sizeof properties);
    const MP_OID oid = input.oid();
    const MP_STATUS status = known(function(oid, input.flag() ? nullptr : &properties));
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&properties);
    if (status != MP_STATUS_SUCCESS)
        must(std::all_of(bytes, bytes + sizeof properties, [](auto byte) { return byte == 0x5a; }));
}

void list(Input& input, MP_STATUS (*function)(MP_OID, MP_OID_LIST**)) {
    MP_OID_LIST* found = nullptr;
    const MP_OID oid = input.oid();
    const MP_STATUS status = known(function(oid, input.flag() ? nullptr : &found));
    must((status == MP_STATUS_SUCCESS) == (found != nullptr));
    if (found != nullptr) must(MP_FreeOidList(found) == MP_STATUS_SUCCESS);
}

void on_property(MP_OID_LIST* list, void*) {
    must(list->oids[0].ownerId == 1);
    must(MP_FreeOidList(list) == MP_STATUS_SUCCESS);
}

void on_visibility(MP_BOOL, MP_OID_LIST* list, void*) {
    must(MP_GetObjectType(list->oids[0], nullptr) == MP_STATUS_INVALID_PARAMETER);
    MP_DeregisterForObjectVisibilityChanges(on_visibility, MP_OBJECT_TYPE_PATH_LU, MP_OID{});
}

using Call = void (*)(Input&);
const Call calls[] = {
    [](Input& in) { get(in, MP_GetPluginProperties); },
    [](Input& in) { get(in, MP_GetDeviceProductProperties); },
    [](Input& in) { get(in, MP_GetInitiatorPortProperties); },
    [](Input& in) { get(in, MP_GetMPLogicalUnitProperties); },
    [](Input& in) { get(in, MP_GetPathLogicalUnitProperties); },
    [](Input& in) { get(in, MP_GetTargetPortGroupProperties); },
    [](Input& in) { get(in, MP_GetProprietaryLoadBalanceProperties); },
    [](Input& in) { get(in, MP_GetTargetPortProperties); },
    [](Input& in) { get(in, MP_GetAssociatedPluginOid); },
    [](Input& in) { get(in, MP_GetObjectType); },
    [](Input& in) { list(in, MP_GetDeviceProductOidList); },
    [](Input& in) { list(in, MP_GetInitiatorPortOidList); },
    [](Input& in) { list(in, MP_GetMultipathLus); },
    [](Input& in) { list(in, MP_GetAssociatedPathOidList); },
    [](Input& in) { list(in, MP_GetAssociatedTPGOidList); },
    [](Input& in) { list(in, MP_GetMPLuOidListFromTPG); },
    [](Input& in) { list(in, MP_GetProprietaryLoadBalanceOidList); },
    [](Input& in) { list(in, MP_GetTargetPortOidList); },
    [](Input& in) {
        const MP_OID one = in.oid(), other = in.oid();
        must(MP_CompareOIDs(one, one) == MP_STATUS_SUCCESS);
        must(known(MP_CompareOIDs(one, other)) == MP_CompareOids(other, one));
    },
    [](Input& in) {
        const MP_OID group = in.oid();
        known(MP_AssignLogicalUnitToTPG(group, in.oid()));
    },
    [](Input& in) {
        const MP_OID unit = in.oid();
        known(MP_SetOverridePath(unit, in.oid()));
    },
    [](Input& in) { known(MP_CancelOverridePath(in.oid())); },
    [](Input& in) { known(MP_EnableAutoFailback(in.oid())); },
    [](Input& in) { known(MP_DisableAutoFailback(in.oid())); },
    [](Input& in) { known(MP_EnableAutoProbing(in.oid())); },
    [](Input& in) { known(MP_DisableAutoProbing(in.oid())); },
    [](Input& in) { known(MP_EnablePath(in.oid())); },
    [](Input& in) { known(MP_DisablePath(in.oid())); },
    [](Input& in) {
        const MP_OID oid = in.oid();
        known(MP_SetLogicalUnitLoadBalanceType(oid, in.number()));
    },
    [](Input& in) {
        const MP_OID oid = in.oid();
        known(MP_SetPluginLoadBalanceType(oid, in.number()));
    },
    [](Input& in) {
        const MP_OID oid = in.oid();
        known(MP_SetPathWeight(oid, in.number()));
    },
    [](Input& in) {
        const MP_OID oid = in.oid();
        known(MP_SetFailbackPollingRate(oid, in.number()));
    },
    [](Input& in) {
        const MP_OID oid = in.oid();
        known(MP_SetProbingPollingRate(oid, in.number()));
    },
    [](Input& in) {
        MP_PROPRIETARY_PROPERTY properties[8] = {};
        const MP_OID oid = in.oid();
        const MP_UINT32 count = in.number();
        known(MP_SetProprietaryProperties(oid, count, in.flag() ? nullptr : properties));
    },
    [](Input& in) {
        MP_TPG_STATE_PAIR pairs[4] = {};
        const MP_OID unit = in.oid();
        MP_UINT32 count = in.number();
        for (auto& pair : pairs) {
            pair.tpgOid = in.oid();
            const MP_UINT32 state = in.number();
            std::memcpy(&pair.desiredState, &state, sizeof state);
        }
        if (count > 4 && count <= 65535) count = 4; // so many the client says it has
        known(MP_SetTPGAccess(unit, count, in.flag() ? nullptr : pairs));
    },
    [](Input& in) {
        const MP_OBJECT_TYPE type = in.type();
        const MP_OID plugin = in.oid();
        known(MP_RegisterForObjectPropertyChanges(in.flag() ? nullptr : on_property, type, nullptr,
                                                  plugin));
    },
    [](Input& in) {
        const MP_OBJECT_TYPE type = in.type();
        const MP_OID plugin = in.oid();
        known(MP_RegisterForObjectVisibilityChanges(in.flag() ? nullptr : on_visibility, type,
                                                    nullptr, plugin));
    },
    [](Input& in) {
        const MP_OBJECT_TYPE type = in.type();
        const MP_OID plugin = in.oid();
        known(
            MP_DeregisterForObjectPropertyChanges(in.flag() ? nullptr : on_property, type, plugin));
    },
    [](Input& in) {
        const MP_OBJECT_TYPE type = in.type();
        const MP_OID plugin = in.oid();
        known(MP_DeregisterForObjectVisibilityChanges(in.flag() ? nullptr : on_visibility, type,
                                                      plugin));
    },
    [](Input& in) {
        const auto type = static_cast<MP_OBJECT_TYPE>(in.byte() % (MP_OBJECT_TYPE_MAX + 1));
        control->property_changed(type, 1 + in.byte() % 8u);
        control->visibility_changed(in.flag(), type, 1);
    },
};

} // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    char name[] = "/tmp/mpapi-fuzz-XXXXXX";
    const int file = ::mkstemp(name);
    must(file >= 0);
    const std::string text = "trivial\t" TRIVIAL_PLUGIN "\n";
    must(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(file);
    ::setenv("MPAPI_CONF", name, 1);
    MP_OID_LIST* plugins = nullptr;
    must(MP_GetPluginOidList(&plugins) == MP_STATUS_SUCCESS && plugins->oidCount == 1);
    MP_FreeOidList(plugins);
    ::unlink(name);
    void* const handle = ::dlopen(TRIVIAL_PLUGIN, RTLD_LAZY | RTLD_NOLOAD);
    must(handle != nullptr);
    control = static_cast<const TrivialControl*>(::dlsym(handle, "trivial_control"));
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    while (!input.empty())
        calls[input.byte() % std::size(calls)](input);
    return 0;
}
