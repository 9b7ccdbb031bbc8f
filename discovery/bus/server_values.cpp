// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/bus/server_values.hpp"

#include "common/system/clock.hpp"
#include "common/system/handle.hpp"
#include "discovery/network/ipv4.hpp"

namespace mpapi::discovery {

int append_server(sd_bus_message* message, const Server& server) {
    return sd_bus_message_append(message, kServerValues, server.name.c_str(),
                                 ipv4_text(server.address).c_str(), server.interface.c_str(),
                                 static_cast<std::uint64_t>(server.took.count()),
                                 static_cast<std::uint64_t>(to_time(server.heard)));
}

void tell_server(sd_bus* bus, const char* path, const char* interface, const char* signal,
                 const Server& server) {
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_new_signal(bus, &raw, path, interface, signal) < 0) return;
    const BusMessage message(raw);
    if (append_server(raw, server) >= 0) sd_bus_send(bus, raw, nullptr);
}

} // namespace mpapi::discovery
