// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/records.hpp"

namespace mpapi::daemon {

namespace {

std::string port_key(const PortFacts& facts) {
    return std::to_string(static_cast<unsigned>(facts.transport)) + ":" + facts.port_id;
}

} // namespace

Port& PortTable::acquire(const std::shared_ptr<const PortFacts>& facts) {
    Port& port = ports_[port_key(*facts)];
    if (port.id == 0) port.id = ids_.id(type_, port_key(*facts));
    if (port.users++ == 0 || !(*port.facts == *facts)) {
        port.facts = facts;
        changed_ = true;
    }
    return port;
}

void PortTable::release(Port& port) {
    if (--port.users > 0) return;
    changed_ = true;
    ports_.erase(port_key(*port.facts));
}

void PortTable::set_relative_id(Port& port, std::uint32_t relative_id) {
    if (relative_id == 0 || port.relative_id == relative_id) return;
    port.relative_id = relative_id;
    changed_ = true;
}

} // namespace mpapi::daemon
