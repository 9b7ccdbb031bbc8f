// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Entry points that register for changes.
#include "plugin/instance.hpp"

using namespace mpapi::plugin;

namespace {

template <typename Work>
MP_STATUS with_events(Work&& work) {
    return at_boundary([&] {
        Instance* const self = Instance::current();
        return self ? work(self->events) : MP_STATUS_FAILED;
    });
}

} // namespace

MP_STATUS MP_RegisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                    MP_OBJECT_TYPE objectType, void* pCallerData) {
    return with_events(
        [&](Events& events) { return events.add(pClientFn, objectType, pCallerData); });
}

MP_STATUS MP_RegisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType,
                                                      void* pCallerData) {
    return with_events(
        [&](Events& events) { return events.add(pClientFn, objectType, pCallerData); });
}

MP_STATUS MP_DeregisterForObjectPropertyChangesPlugin(MP_OBJECT_PROPERTY_FN pClientFn,
                                                      MP_OBJECT_TYPE objectType) {
    return with_events([&](Events& events) { return events.remove(pClientFn, objectType); });
}

MP_STATUS MP_DeregisterForObjectVisibilityChangesPlugin(MP_OBJECT_VISIBILITY_FN pClientFn,
                                                        MP_OBJECT_TYPE objectType) {
    return with_events([&](Events& events) { return events.remove(pClientFn, objectType); });
}
