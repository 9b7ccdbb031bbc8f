// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How calls of org.mpapi.Network1 are kept until they are answered, and refused.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/bus/senders.hpp"
#include "common/system/handle.hpp"

#include <memory>
#include <string>

namespace mpapi::failover {

#define MPAPI_NETWORK_ERROR(name) "org.mpapi.Network1.Error." name

// One that is not answered yet.
struct Call {
    BusMessage message;
    bus::Senders::Call admitted;

    sd_bus_message* get() const { return message.get(); }
};

// Refused and null where its sender has too many of them.
std::shared_ptr<Call> admit(bus::Senders& senders, sd_bus_message* message);

// The text is made printable: an interface's name may be any bytes, a string of D-Bus may not.
void refuse(sd_bus_message* call, const std::string& name, const std::string& text);
void refuse(sd_bus_message* call, const bus::Gatekeeper::Verdict& verdict);

} // namespace mpapi::failover
