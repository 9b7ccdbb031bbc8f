// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Addresses, what happens to them, and adapters as people and as programs read them. Pure.
#pragma once

#include "failover/client/service.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace mpapi::failover::client {

// What `--json` tells of one address, from the properties on the bus; described in ipfailover(8).
nlohmann::json json_of(const nlohmann::json& properties);

// A line for each, under a heading; nothing for none.
std::string table(const nlohmann::json& addresses, bool colours);
// Adapters as Service::adapters() has them, the same way.
std::string adapter_table(const nlohmann::json& adapters, bool colours);
// All of one, a line for each thing.
std::string details(const nlohmann::json& address);

// A line for what `watch` saw; empty where it says nothing new. `name`: the address of the object.
std::string event_line(const nlohmann::json& event, const std::string& name);

std::optional<std::uint16_t> port_of(const std::string& text);

// "80,192.0.2.9,41234"
std::string text_of(const Peer& peer);
std::optional<Peer> peer_of(const std::string& text);

// 0 where it is held, else why not.
Exit exit_of(const std::string& state);

} // namespace mpapi::failover::client
