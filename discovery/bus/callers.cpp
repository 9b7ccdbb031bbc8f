// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/bus/callers.hpp"

#include "common/bus/held_call.hpp"
#include "common/system/handle.hpp"
#include "discovery/bus/names.hpp"

#include <memory>

namespace mpapi::discovery {

namespace {

constexpr unsigned kCallsPerSender = 32;

// A call that is not answered yet.
struct Waiting {
    BusMessage message;
    bus::Senders::Call admitted;
};

} // namespace

void refuse(sd_bus_message* call, const char* name, const std::string& text) {
    const sd_bus_error error{name, text.c_str(), 0};
    sd_bus_reply_method_error(call, &error);
}

Callers::Callers(sd_bus* bus, bus::Gatekeeper& gatekeeper)
  : gatekeeper_(gatekeeper)
  , senders_(bus, kCallsPerSender) {}

void Callers::ask(sd_bus_message* call, Then then) {
    auto admitted = senders_.admit(call);
    if (!admitted)
        return refuse(call, kLimitsExceeded, "Too many calls are unanswered; try again.");
    const auto waiting = std::make_shared<Waiting>(Waiting{bus::hold(call), std::move(*admitted)});
    gatekeeper_.ask(call, waiting->admitted, kDiscoverAction,
                    [waiting, then = std::move(then)](const bus::Gatekeeper::Verdict& verdict) {
                        then(waiting->message.get(), verdict);
                    });
}

} // namespace mpapi::discovery
