// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/events.hpp"

#include "library/cancellation.hpp"
#include "library/rendezvous.hpp"

#include <pthread.h>

#include <cstdint>

namespace mpapi::library {
namespace {

// A callback that runs; on its thread's stack, in a list guarded by the rendezvous.
struct Delivery {
    const void* slot;
    const MP_OID_LIST* list;
    pthread_t thread;
    std::uint64_t number;
    Delivery* next;
};
Delivery* deliveries = nullptr;
std::uint64_t deliveries_begun = 0;
bool deliveries_stopped = false;

void unlink(const Delivery& gone) {
    Delivery** link = &deliveries;
    while (*link != &gone)
        link = &(*link)->next;
    *link = gone.next;
}

// Whether one of the first `begun` deliveries is one of that slot and still runs.
bool runs(const void* slot, std::uint64_t begun) {
    for (const Delivery* delivery = deliveries; delivery != nullptr; delivery = delivery->next)
        if (delivery->slot == slot && delivery->number <= begun) return true;
    return false;
}

// What the plugin calls. An exception of the client's function ends the process where it was
// thrown (noexcept): the plugin is written in C for all we know.
template <typename Function, typename... First>
void deliver(void* data, MP_OID_LIST* list, First... first) noexcept {
    auto& slot = *static_cast<Slot<Function>*>(data);
    if (list == nullptr) return;
    Slot<Function> now;
    Delivery delivery{&slot, list, ::pthread_self(), 0, nullptr};
    {
        const std::lock_guard lock(rendezvous().mutex);
        now = slot;
        if (now.function == nullptr || deliveries_stopped) return; // deregistered meanwhile
        delivery.number = ++deliveries_begun;
        delivery.next = deliveries;
        deliveries = &delivery;
    }
    {
        const InCallback inside;
        now.function(first..., list, now.data);
    }
    {
        const std::lock_guard lock(rendezvous().mutex);
        unlink(delivery);
    }
    rendezvous().changed.notify_all();
}

void property_changed(MP_OID_LIST* list, void* data) {
    deliver<MP_OBJECT_PROPERTY_FN>(data, list);
}

void visibility_changed(MP_BOOL becoming_visible, MP_OID_LIST* list, void* data) {
    deliver<MP_OBJECT_VISIBILITY_FN>(data, list, becoming_visible);
}

bool succeeded(MP_STATUS status) {
    return status == MP_STATUS_SUCCESS || status == MP_STATUS_FN_REPLACED;
}

// What differs between the two kinds.
struct PropertyKind {
    using Function = MP_OBJECT_PROPERTY_FN;
    static auto& slots(PluginEvents& events) { return events.property; }
    static auto subscribe(const EntryPoints& plugin) {
        return plugin.MP_RegisterForObjectPropertyChangesPlugin;
    }
    static auto unsubscribe(const EntryPoints& plugin) {
        return plugin.MP_DeregisterForObjectPropertyChangesPlugin;
    }
    static constexpr Function ours = property_changed;
};

struct VisibilityKind {
    using Function = MP_OBJECT_VISIBILITY_FN;
    static auto& slots(PluginEvents& events) { return events.visibility; }
    static auto subscribe(const EntryPoints& plugin) {
        return plugin.MP_RegisterForObjectVisibilityChangesPlugin;
    }
    static auto unsubscribe(const EntryPoints& plugin) {
        return plugin.MP_DeregisterForObjectVisibilityChangesPlugin;
    }
    static constexpr Function ours = visibility_changed;
};

// Inside a callback nobody waits: the plugin may be waiting for that very callback.
template <typename Function>
void await_other_work(std::unique_lock<std::mutex>& lock, const Slot<Function>& slot) {
    if (!in_callback()) rendezvous().changed.wait(lock, [&] { return !slot.working; });
}

// One slot's work, ended however the plugin's call ends.
template <typename Function>
class Work {
  public:
    Work(std::unique_lock<std::mutex>& lock, Slot<Function>& slot)
      : lock_(lock)
      , slot_(slot) {
        slot_.working = true;
    }
    ~Work() {
        if (!lock_.owns_lock()) lock_.lock();
        slot_.working = false;
        rendezvous().changed.notify_all();
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

  private:
    std::unique_lock<std::mutex>& lock_;
    Slot<Function>& slot_;
};

// Whatever the plugin has come to, what is known of it here must be the same afterwards.
template <typename Call>
MP_STATUS outside(std::unique_lock<std::mutex>& lock, Call call) {
    const NoCancellation here;
    lock.unlock();
    const MP_STATUS status = call();
    lock.lock();
    return status;
}

// Tells the plugin what the slot wants until the two agree; the slot may change meanwhile, by a
// callback, which was told that its function is registered. A plugin that refuses a registration
// empties the slot; one that refuses to end it stays subscribed, and what it says is dropped.
template <typename Kind>
MP_STATUS settle(std::unique_lock<std::mutex>& lock, const EntryPoints& plugin,
                 Slot<typename Kind::Function>& slot, MP_UINT32 type) {
    const Work work(lock, slot);
    const auto object_type = static_cast<MP_OBJECT_TYPE>(type);
    while ((slot.function != nullptr) != slot.subscribed) {
        if (slot.function != nullptr) {
            const auto asked_for = slot;
            const MP_STATUS status = outside(
                lock, [&] { return Kind::subscribe(plugin)(Kind::ours, object_type, &slot); });
            slot.subscribed = succeeded(status);
            const bool replaced =
                slot.function != nullptr &&
                (slot.function != asked_for.function || slot.data != asked_for.data);
            if (slot.subscribed || replaced) continue;
            slot.function = nullptr;
            return status;
        }
        if (Kind::unsubscribe(plugin) == nullptr) break;
        const MP_STATUS status =
            outside(lock, [&] { return Kind::unsubscribe(plugin)(Kind::ours, object_type); });
        if (!succeeded(status) && status != MP_STATUS_UNKNOWN_FN) break;
        slot.subscribed = false;
    }
    return MP_STATUS_SUCCESS;
}

template <typename Kind>
MP_STATUS register_kind(const EntryPoints& plugin, PluginEvents& events,
                        typename Kind::Function function, MP_UINT32 type, void* data) {
    if (Kind::subscribe(plugin) == nullptr) return MP_STATUS_UNSUPPORTED;
    auto& slot = Kind::slots(events)[type];
    std::unique_lock lock(rendezvous().mutex);
    await_other_work(lock, slot);
    const bool replaces = slot.function != nullptr;
    slot.function = function;
    slot.data = data;
    if (!slot.working) {
        const MP_STATUS status = settle<Kind>(lock, plugin, slot, type);
        if (status != MP_STATUS_SUCCESS) return status;
    }
    return replaces ? MP_STATUS_FN_REPLACED : MP_STATUS_SUCCESS;
}

template <typename Kind>
MP_STATUS deregister_kind(const EntryPoints& plugin, PluginEvents& events,
                          typename Kind::Function function, MP_UINT32 type) {
    if (Kind::subscribe(plugin) == nullptr) return MP_STATUS_UNSUPPORTED;
    auto& slot = Kind::slots(events)[type];
    std::unique_lock lock(rendezvous().mutex);
    await_other_work(lock, slot);
    if (slot.function != function) return MP_STATUS_UNKNOWN_FN;
    slot.function = nullptr;
    if (!slot.working) (void)settle<Kind>(lock, plugin, slot, type);
    // Also those of functions that this one replaced.
    const std::uint64_t begun = deliveries_begun;
    if (!in_callback()) rendezvous().changed.wait(lock, [&] { return !runs(&slot, begun); });
    return MP_STATUS_SUCCESS;
}

template <typename Function>
void forget_threads_of(Slots<Function>& slots) {
    for (auto& slot : slots)
        slot.working = slot.subscribed = false;
}

} // namespace

MP_STATUS register_for(const EntryPoints& plugin, PluginEvents& events,
                       MP_OBJECT_PROPERTY_FN function, MP_UINT32 type, void* data) {
    return register_kind<PropertyKind>(plugin, events, function, type, data);
}

MP_STATUS register_for(const EntryPoints& plugin, PluginEvents& events,
                       MP_OBJECT_VISIBILITY_FN function, MP_UINT32 type, void* data) {
    return register_kind<VisibilityKind>(plugin, events, function, type, data);
}

MP_STATUS deregister_for(const EntryPoints& plugin, PluginEvents& events,
                         MP_OBJECT_PROPERTY_FN function, MP_UINT32 type) {
    return deregister_kind<PropertyKind>(plugin, events, function, type);
}

MP_STATUS deregister_for(const EntryPoints& plugin, PluginEvents& events,
                         MP_OBJECT_VISIBILITY_FN function, MP_UINT32 type) {
    return deregister_kind<VisibilityKind>(plugin, events, function, type);
}

bool is_being_delivered(const MP_OID_LIST* list) {
    const std::lock_guard lock(rendezvous().mutex);
    for (const Delivery* delivery = deliveries; delivery != nullptr; delivery = delivery->next)
        if (delivery->list == list) return true;
    return false;
}

void stop_deliveries() {
    deliveries_stopped = true;
}

bool delivering() {
    return deliveries != nullptr;
}

void forget_other_threads(PluginEvents& events) {
    forget_threads_of(events.property);
    forget_threads_of(events.visibility);
}

void forget_other_deliveries() {
    for (Delivery** link = &deliveries; *link != nullptr;) {
        if (::pthread_equal((*link)->thread, ::pthread_self()) != 0)
            link = &(*link)->next;
        else
            *link = (*link)->next;
    }
}

} // namespace mpapi::library
