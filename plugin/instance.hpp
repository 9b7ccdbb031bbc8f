// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugin between Initialize and Terminate. A child after fork() has one of its own: of its
// parent's it keeps neither connections nor threads, and locks that another thread held are no
// business of its.
#pragma once

#include "plugin/boundary.hpp"
#include "plugin/daemon.hpp"
#include "plugin/events.hpp"

#include <cerrno>

namespace mpapi::plugin {

struct Instance {
    explicit Instance(MP_UINT32 owner_id)
      : owner(owner_id)
      , events(daemon, owner_id) {}

    // Null before Initialize and after Terminate.
    static Instance* current();

    const MP_UINT32 owner;
    Daemon daemon;
    Events events;
};

// Without a snapshot.
inline MP_STATUS status_without(const Error& error) {
    return error.errnum == ENOMEM ? MP_STATUS_INSUFFICIENT_MEMORY : MP_STATUS_FAILED;
}

// An entry point's work on what there is now: `work` gets the instance and the snapshot.
template <typename Work>
MP_STATUS with_snapshot(Work&& work) {
    return at_boundary([&] {
        Instance* const self = Instance::current();
        if (self == nullptr) return MP_STATUS_FAILED;
        const auto picture = self->daemon.picture();
        if (!picture) return status_without(picture.error());
        return work(*self, ***picture);
    });
}

} // namespace mpapi::plugin
