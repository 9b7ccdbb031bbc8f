// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Registrations for events, with one plugin or with all. Each function is described in mpapi.h.
#include "library/dispatch.hpp"
#include "library/events.hpp"

using namespace mpapi::library;

namespace {

// `work` for the plugin of the id, or for each of them, whose statuses `sum` adds up.
template <typename Work, typename Sum>
MP_STATUS for_plugins(MP_OID oid, const void* function, MP_OBJECT_TYPE type, Work work, Sum sum) {
    if (function == nullptr) return MP_STATUS_INVALID_PARAMETER;
    if (number(type) > MP_OBJECT_TYPE_MAX) return MP_STATUS_INVALID_OBJECT_TYPE;
    if (numbers(oid) != Oid{})
        return dispatch(oid, any_of(MP_OBJECT_TYPE_PLUGIN),
                        [&](Plugin& plugin, const Oid&) { return work(plugin); });
    return at_boundary([&] {
        const Visit visit;
        for (const auto& plugin : visit.plugins())
            sum.add(work(*plugin));
        return sum.total();
    });
}

// A hard error wins, the first of them; then FN_REPLACED; UNSUPPORTED only if nobody supports it.
class Registered {
  public:
    void add(MP_STATUS status) {
        if (status == MP_STATUS_UNSUPPORTED) {
            unsupported_ = true;
            return;
        }
        supported_ = true;
        if (status == MP_STATUS_FN_REPLACED)
            replaced_ = true;
        else if (error_ == MP_STATUS_SUCCESS)
            error_ = status;
    }
    MP_STATUS total() const {
        if (error_ != MP_STATUS_SUCCESS) return error_;
        if (replaced_) return MP_STATUS_FN_REPLACED;
        return unsupported_ && !supported_ ? MP_STATUS_UNSUPPORTED : MP_STATUS_SUCCESS;
    }

  private:
    MP_STATUS error_ = MP_STATUS_SUCCESS;
    bool replaced_ = false;
    bool supported_ = false;
    bool unsupported_ = false;
};

// Registered with one of them is enough.
class Deregistered {
  public:
    void add(MP_STATUS status) {
        removed_ = removed_ || status == MP_STATUS_SUCCESS;
        unknown_ = unknown_ || status == MP_STATUS_UNKNOWN_FN;
        unsupported_ = unsupported_ || status == MP_STATUS_UNSUPPORTED;
    }
    MP_STATUS total() const {
        if (removed_) return MP_STATUS_SUCCESS;
        if (unknown_) return MP_STATUS_UNKNOWN_FN;
        return unsupported_ ? MP_STATUS_UNSUPPORTED : MP_STATUS_SUCCESS;
    }

  private:
    bool removed_ = false;
    bool unknown_ = false;
    bool unsupported_ = false;
};

template <typename Function>
MP_STATUS start(Function function, MP_OBJECT_TYPE type, void* data, MP_OID oid) {
    return for_plugins(
        oid, reinterpret_cast<const void*>(function), type,
        [&](Plugin& plugin) {
            return register_for(plugin.entry, plugin.events, function, number(type), data);
        },
        Registered());
}

template <typename Function>
MP_STATUS stop(Function function, MP_OBJECT_TYPE type, MP_OID oid) {
    return for_plugins(
        oid, reinterpret_cast<const void*>(function), type,
        [&](Plugin& plugin) {
            return deregister_for(plugin.entry, plugin.events, function, number(type));
        },
        Deregistered());
}

} // namespace

MP_STATUS MP_RegisterForObjectPropertyChanges(MP_OBJECT_PROPERTY_FN pClientFn,
                                              MP_OBJECT_TYPE objectType, void* pCallerData,
                                              MP_OID pluginOid) {
    return start(pClientFn, objectType, pCallerData, pluginOid);
}

MP_STATUS MP_RegisterForObjectVisibilityChanges(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                MP_OBJECT_TYPE objectType, void* pCallerData,
                                                MP_OID pluginOid) {
    return start(pClientFn, objectType, pCallerData, pluginOid);
}

MP_STATUS MP_DeregisterForObjectPropertyChanges(MP_OBJECT_PROPERTY_FN pClientFn,
                                                MP_OBJECT_TYPE objectType, MP_OID pluginOid) {
    return stop(pClientFn, objectType, pluginOid);
}

MP_STATUS MP_DeregisterForObjectVisibilityChanges(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                  MP_OBJECT_TYPE objectType, MP_OID pluginOid) {
    return stop(pClientFn, objectType, pluginOid);
}
