// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/held_call.hpp"

#include <cstdint>

namespace mpapi::bus {

BusMessage hold(sd_bus_message* call) {
    sd_bus_message* raw = nullptr;
    std::uint64_t cookie = 0;
    const char* const sender = sd_bus_message_get_sender(call);
    int r = sd_bus_message_get_cookie(call, &cookie);
    if (r >= 0)
        r = sd_bus_message_new_method_call(
            sd_bus_message_get_bus(call), &raw, sd_bus_message_get_destination(call),
            sd_bus_message_get_path(call), sd_bus_message_get_interface(call),
            sd_bus_message_get_member(call));
    BusMessage held(raw);
    if (r >= 0 && sender)
        r = sd_bus_message_set_sender(raw, sender); // a direct connection has none
    if (r >= 0) r = sd_bus_message_set_expect_reply(raw, sd_bus_message_get_expect_reply(call) > 0);
    if (r >= 0)
        r = sd_bus_message_set_allow_interactive_authorization(
            raw, sd_bus_message_get_allow_interactive_authorization(call) > 0);
    // An answer refers to the caller's number for the call.
    if (r >= 0) r = sd_bus_message_seal(raw, cookie, 0);
    if (r < 0) held.reset(sd_bus_message_ref(call));
    return held;
}

} // namespace mpapi::bus
