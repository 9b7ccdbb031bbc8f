// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/instance.hpp"

#include <pthread.h>

#include <atomic>
#include <memory>

namespace mpapi::plugin {

namespace {

constinit std::atomic<Instance*> instance{nullptr};
constinit std::atomic<bool> inherited{false}; // in a child, until the plugin is initialized there

// The parent's is left as it lies: its mutexes may be locked, and on the stack below there may be
// a callback that forked.
void in_child() {
    Inherited::close_all();
    Instance* const parents = instance.load();
    if (parents == nullptr) return;
    parents->events.abandon();
    instance = new (std::nothrow) Instance(parents->owner);
    inherited = true;
}

// Taken back when the shared object is closed.
bool watches_forks() {
    static const bool does = ::pthread_atfork(nullptr, nullptr, in_child) == 0;
    return does;
}

} // namespace

Instance* Instance::current() {
    return instance.load(std::memory_order_acquire);
}

} // namespace mpapi::plugin

using namespace mpapi::plugin;

MP_STATUS Initialize(MP_UINT32 pluginOwnerID) {
    return at_boundary([&] {
        if (pluginOwnerID == 0) return MP_STATUS_INVALID_PARAMETER;
        if (!watches_forks()) return MP_STATUS_FAILED;
        const NoCancellation here;
        auto made = std::make_unique<Instance>(pluginOwnerID);
        // The library was forked before it could note that its parent's was initialized.
        if (inherited.exchange(false)) {
            const std::unique_ptr<Instance> gone(instance.exchange(made.release()));
            return MP_STATUS_SUCCESS;
        }
        Instance* none = nullptr;
        if (!instance.compare_exchange_strong(none, made.get())) return MP_STATUS_FAILED;
        (void)made.release();
        return MP_STATUS_SUCCESS;
    });
}

MP_STATUS Terminate() {
    return at_boundary([] {
        const NoCancellation here;
        const std::unique_ptr<Instance> gone(instance.exchange(nullptr));
        return gone ? MP_STATUS_SUCCESS : MP_STATUS_FAILED;
    });
}
