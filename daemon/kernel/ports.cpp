// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/ports.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <optional>

namespace mpapi::kernel {
namespace {

using daemon::PortFacts;
using model::Transport;

std::string host_name(const ScsiPlace& place) {
    return "host" + std::to_string(place.address.host);
}

// "0x500a098200016e01" -> "500a098200016e01"; empty for what is not a 64-bit name, and for zero:
// drivers show it while the link is down.
std::string wwn(const std::optional<std::string>& text) {
    if (!text || text->size() != 18 || text->compare(0, 2, "0x") != 0) return {};
    std::string name = text->substr(2);
    for (auto& digit : name) {
        if (digit >= 'A' && digit <= 'F') digit = static_cast<char>(digit - 'A' + 'a');
        const bool hexadecimal = (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
        if (!hexadecimal) return {};
    }
    if (name.find_first_not_of('0') == std::string::npos) return {};
    return name;
}

bool known(const std::optional<std::string>& text) {
    // Drivers print "(null)" and "<NULL>" for a parameter that was never set.
    return text && !text->empty() && *text != "(null)" && *text != "<NULL>";
}

std::string derived_isid(const std::string& session) {
    unsigned number = 0;
    const auto* begin = session.data() + std::char_traits<char>::length("session");
    std::from_chars(begin, session.data() + session.size(), number);
    char text[13];
    std::snprintf(text, sizeof text, "00023d%06x", number & 0xffffffu);
    return text;
}

} // namespace

template <typename Read>
PortBook::Port PortBook::find(Entries& entries, const std::string& key, Read read) {
    const auto found = entries.find(key);
    Port before = found == entries.end() ? nullptr : found->second.port.lock();
    if (before && found->second.trusted) return before;

    PortFacts now = read();
    if (before && *before == now) {
        found->second.trusted = true;
        return before;
    }
    // A new port is rare enough to look for those that nobody refers to any more.
    for (auto entry = entries.begin(); entry != entries.end();)
        entry = entry->second.port.expired() ? entries.erase(entry) : std::next(entry);
    auto port = std::make_shared<const PortFacts>(std::move(now));
    entries[key] = {port, true};
    return port;
}

PortBook::Port PortBook::initiator_port(const ScsiPlace& place) {
    std::string key = host_name(place);
    if (!place.iscsi_session.empty()) key += "/" + place.iscsi_session;
    if (!place.sas_port.empty()) key += "/" + place.sas_port;
    return find(initiator_ports_, key, [&] { return read_initiator_port(place); });
}

PortBook::Port PortBook::target_port(const ScsiPlace& place) {
    std::string key = place.remote_port + place.iscsi_session + place.end_device;
    if (key.empty())
        key = std::to_string(place.address.host) + ":" + std::to_string(place.address.channel) +
              ":" + std::to_string(place.address.target);
    return find(target_ports_, key, [&] { return read_target_port(place); });
}

void PortBook::distrust() {
    for (auto& [key, entry] : initiator_ports_)
        entry.trusted = false;
    for (auto& [key, entry] : target_ports_)
        entry.trusted = false;
}

PortFacts PortBook::read_initiator_port(const ScsiPlace& place) const {
    const auto host = host_name(place);
    PortFacts port;
    port.friendly_name = host;
    const auto driver = sysfs_.text("class/scsi_host/" + host + "/proc_name");
    if (known(driver)) port.friendly_name += " (" + *driver + ")";
    port.device_file = "/sys/class/scsi_host/" + host;

    if (!place.remote_port.empty() || sysfs_.exists("class/fc_host/" + host)) {
        port.transport = Transport::FibreChannel;
        port.port_id = wwn(sysfs_.text("class/fc_host/" + host + "/port_name"));
        port.device_file = "/sys/class/fc_host/" + host;
    } else if (!place.iscsi_session.empty()) {
        port.transport = Transport::Iscsi;
        port.device_file = "/sys/class/iscsi_host/" + host;
        const auto session = "class/iscsi_session/" + place.iscsi_session + "/";
        auto name = sysfs_.text(session + "initiatorname");
        if (!known(name)) name = sysfs_.text("class/iscsi_host/" + host + "/initiatorname");
        auto isid = sysfs_.text(session + "isid");
        if (!known(isid)) isid = derived_isid(place.iscsi_session);
        if (known(name)) port.port_id = *name + "," + *isid;
    } else if (!place.sas_port.empty()) {
        port.transport = Transport::Sas;
        port.port_id = sas_address_of_port(place);
    } else if (sysfs_.exists("class/spi_host/" + host)) {
        port.transport = Transport::ParallelScsi;
    } else if (sysfs_.exists("class/srp_host/" + host)) {
        port.transport = Transport::InfiniBand;
    }
    if (port.port_id.empty()) port.port_id = host;
    return port;
}

PortFacts PortBook::read_target_port(const ScsiPlace& place) const {
    PortFacts port;
    if (!place.remote_port.empty()) {
        port.transport = Transport::FibreChannel;
        port.port_id =
            wwn(sysfs_.text("class/fc_remote_ports/" + place.remote_port + "/port_name"));
    } else if (!place.iscsi_session.empty()) {
        port.transport = Transport::Iscsi;
        const auto session = "class/iscsi_session/" + place.iscsi_session + "/";
        const auto name = sysfs_.text(session + "targetname");
        const auto tag = sysfs_.number(session + "tpgt");
        if (known(name) && tag && *tag <= 0xffff) {
            // The form of the SCSI port name of an iSCSI target, RFC 7143 2.2.
            char suffix[16];
            std::snprintf(suffix, sizeof suffix, ",t,0x%04x", static_cast<unsigned>(*tag));
            port.port_id = *name + suffix;
        }
    } else if (!place.end_device.empty()) {
        port.transport = Transport::Sas;
        port.port_id = wwn(sysfs_.text("class/sas_device/" + place.end_device + "/sas_address"));
    } else {
        const auto host = host_name(place);
        if (sysfs_.exists("class/spi_host/" + host)) port.transport = Transport::ParallelScsi;
        if (sysfs_.exists("class/srp_host/" + host)) port.transport = Transport::InfiniBand;
    }
    if (port.port_id.empty())
        port.port_id = std::to_string(place.address.host) + ":" +
                       std::to_string(place.address.channel) + ":" +
                       std::to_string(place.address.target);
    return port;
}

// All phys of a wide port have one address (SAS-2 4.1.4), so the first that tells it will do.
std::string PortBook::sas_address_of_port(const ScsiPlace& place) const {
    for (const auto& name : sysfs_.entries("class/sas_port/" + place.sas_port + "/device")) {
        if (name.compare(0, 4, "phy-") != 0) continue;
        auto address = wwn(sysfs_.text("class/sas_phy/" + name + "/sas_address"));
        if (!address.empty()) return address;
    }
    return wwn(sysfs_.text("class/scsi_host/" + host_name(place) + "/host_sas_address"));
}

} // namespace mpapi::kernel
