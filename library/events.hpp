// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Registrations for events. The library keeps one slot for each plugin, kind and object type, and
// subscribes to the plugin with functions of its own while a slot holds a client's function. So
// replacing, UNKNOWN_FN, and waiting for callbacks that run are the same with every plugin.
#pragma once

#include "library/entry_points.hpp"

#include <array>
#include <mutex>

namespace mpapi::library {

// One registration of a client. Guarded by the rendezvous.
template <typename Function>
struct Slot {
    Function function = nullptr;
    void* data = nullptr;
    bool subscribed = false; // the plugin was told, and has not been told otherwise
    bool working = false;    // a thread is telling it; others leave that to it or wait
};

// One plugin's slots of one kind. Index: the object type; 0 is all types.
template <typename Function>
using Slots = std::array<Slot<Function>, MP_OBJECT_TYPE_MAX + 1>;

struct PluginEvents {
    Slots<MP_OBJECT_PROPERTY_FN> property;
    Slots<MP_OBJECT_VISIBILITY_FN> visibility;
};

// As the functions of the API do, for one plugin. `type` is in range.
MP_STATUS register_for(const EntryPoints& plugin, PluginEvents& events,
                       MP_OBJECT_PROPERTY_FN function, MP_UINT32 type, void* data);
MP_STATUS register_for(const EntryPoints& plugin, PluginEvents& events,
                       MP_OBJECT_VISIBILITY_FN function, MP_UINT32 type, void* data);
MP_STATUS deregister_for(const EntryPoints& plugin, PluginEvents& events,
                         MP_OBJECT_PROPERTY_FN function, MP_UINT32 type);
MP_STATUS deregister_for(const EntryPoints& plugin, PluginEvents& events,
                         MP_OBJECT_VISIBILITY_FN function, MP_UINT32 type);

// Whether a callback that runs was given that list.
bool is_being_delivered(const MP_OID_LIST* list);

// With the rendezvous locked: from now on what plugins tell is dropped; whether a callback still
// runs.
void stop_deliveries();
bool delivering();

// In the child after fork, the rendezvous renewed: callbacks of other threads do not run here, nor
// do the plugin's threads, so that it must be told anew of what is registered.
void forget_other_threads(PluginEvents& events);
void forget_other_deliveries();

} // namespace mpapi::library
