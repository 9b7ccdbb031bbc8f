// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Work that is done a slice a turn of the loop, in turn with everything else of its priority.
//
// A defer source will not do for that: it counts as pending since it was made, so it goes before
// all others of its priority at every turn, and while it works nobody else is served. A timer that
// is due at once stands in line behind those who wait already.
#pragma once

#include <systemd/sd-event.h>

#include <ctime>

namespace mpapi {

// Makes a source that runs only when take_turn() asked for it. Returns as sd_event_add_time().
inline int add_turns(sd_event* loop, sd_event_source** source, sd_event_time_handler_t work,
                     void* data) {
    const int r = sd_event_add_time(loop, source, CLOCK_MONOTONIC, 0, 1, work, data);
    return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_OFF);
}

// Has it run once more; asked several times before it runs, it runs once.
inline void take_turn(sd_event_source* source) {
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

} // namespace mpapi
