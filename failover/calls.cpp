// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/calls.hpp"

#include "common/bus/held_call.hpp"
#include "common/text/printable.hpp"

namespace mpapi::failover {

std::shared_ptr<Call> admit(bus::Senders& senders, sd_bus_message* message) {
    auto admitted = senders.admit(message);
    if (admitted) return std::make_shared<Call>(Call{bus::hold(message), std::move(*admitted)});
    refuse(message, MPAPI_NETWORK_ERROR("LimitsExceeded"),
           "Too many calls are unanswered; try again.");
    return nullptr;
}

void refuse(sd_bus_message* call, const std::string& name, const std::string& text) {
    const std::string shown = printable(text);
    const sd_bus_error error{name.c_str(), shown.c_str(), 0};
    sd_bus_reply_method_error(call, &error); // a caller that is gone needs no answer
}

void refuse(sd_bus_message* call, const bus::Gatekeeper::Verdict& verdict) {
    const bool busy = verdict.ruling == bus::Gatekeeper::Ruling::Busy;
    refuse(call, busy ? MPAPI_NETWORK_ERROR("LimitsExceeded") : SD_BUS_ERROR_ACCESS_DENIED,
           verdict.reason);
}

} // namespace mpapi::failover
