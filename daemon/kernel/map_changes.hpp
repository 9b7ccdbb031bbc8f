// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Changes of a map through device-mapper; on the thread of dm_thread.hpp.
//
// Which map. A change is for the map that has this number, name and UUID when it is made. After
// that is seen the kernel is told the UUID where there is one, and the number otherwise, so what
// takes the number in between is not hit.
//
// Never suspended. A table is loaded (RELOAD) and put in force by RESUME, which suspends, swaps
// and resumes by itself in one command (do_resume() in drivers/md/dm-ioctl.c): a process that is
// killed before, within or after it leaves the old table or the new one in force. SUSPEND is never
// sent. Without a flush, I/O in flight may come back unfinished and is sent again by the new table;
// with one the command would wait for a device that does not answer. What RESUME can leave behind
// when the swap fails is a suspended map without the new table: a second one lets it go on with the
// old. A map that was suspended before belongs to somebody else and is refused. RESUME still waits
// for commands that the devices below have; the thread is stuck for so long.
//
// udev. RESUME and REMOVE make events, in which DM_COOKIE carries flags to udev's rules and the
// number of a semaphore that the rules count down when they are through. We set the flags and use
// no semaphore (dm_udev_set_sync_support(0), which libdevmapper.h has for this): waiting for one
// would hold this thread for as long as udev likes, semaphores of a process that is killed stay in
// the machine, and we need no /dev node of the result; settle() is for those who do. The flags are
// those of multipathd for a reload (build_udev_flags() in libmultipath/devmapper.c):
//   DM_SUBSYSTEM_UDEV_FLAG0        "reload": what is on the map is not activated anew (LVM, kpartx)
//   DM_UDEV_DISABLE_LIBRARY_FALLBACK  udev alone makes and removes nodes
// Its two others need no help: whether kpartx is wanted the rules keep in udev's database, and
// whether a path is left they ask of the map itself (56-dm-mpath.rules).
#pragma once

#include "daemon/hardware.hpp"

#include <cstdint>
#include <string>

namespace mpapi::kernel {

struct MapChange {
    enum class Kind : std::uint8_t {
        Message,       // to the target: `text`
        Table,         // parameters of the target: `text`; a map that is read-only stays so
        WritableTable, // the same; a map that is read-only is not any more
        Remove,        // the map
        ClearInactive, // the table that waits for RESUME, where there is one
    };
    Kind kind = Kind::Message;
    daemon::MapRef map;
    std::string text{};
};

// The errors are those of daemon::Hardware.
Status make_change(const MapChange& change);

} // namespace mpapi::kernel
