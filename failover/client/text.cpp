// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/client/text.hpp"

#include "common/text/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <vector>

namespace mpapi::failover::client {

namespace {

using nlohmann::json;

std::string text(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : "";
}

// As RFC 3339 has it, in UTC.
std::string time_text(const json& microseconds) {
    if (!microseconds.is_number_unsigned() || microseconds == 0) return "";
    const auto seconds = static_cast<std::time_t>(microseconds.get<std::uint64_t>() / 1'000'000);
    std::tm parts{};
    char buffer[32] = "";
    if (!::gmtime_r(&seconds, &parts) ||
        std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return "";
    return buffer;
}

const char* colour_of(const std::string& state) {
    if (state == "online" || state == "up") return "\033[32m";
    if (state == "conflict" || state == "failed") return "\033[31m";
    return "\033[33m";
}

using Rows = std::vector<std::vector<std::string>>;

// The first row is the heading.
std::string in_columns(const Rows& rows, std::size_t coloured,
                       const char* (*colour)(const std::string&)) {
    std::vector<std::size_t> widths(rows[0].size());
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool painted = colour && &row != rows.data() && i == coloured;
            line += (painted ? colour(row[i]) + row[i] + "\033[0m" : row[i]) +
                    std::string(widths[i] - row[i].size() + 2, ' ');
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
}

std::string words(const json& object, const char* key) {
    std::string all;
    for (const json& each : object.value(key, json::array()))
        if (each.is_string()) all += (all.empty() ? "" : " ") + printable(each.get<std::string>());
    return all;
}

// IANAifType-MIB's numbers in words, or what kind of virtual adapter it is.
std::string type_of(unsigned type, const std::string& kind) {
    if (!kind.empty()) return kind;
    switch (type) {
    case 6:
        return "ethernet";
    case 24:
        return "loopback";
    case 71:
        return "ieee80211";
    case 131:
        return "tunnel";
    case 199:
        return "infiniband";
    default:
        return "other";
    }
}

} // namespace

json json_of(const json& properties) {
    json address = {
        {"address", text(properties, "Address")},
        {"interface", text(properties, "Interface")},
        {"state", text(properties, "State")},
        {"reason", text(properties, "Reason")},
        {"since", nullptr},
        {"last_conflict", nullptr},
        {"options", json::object()},
        {"counters", json::object()},
    };
    if (properties.contains("Since")) address["since"] = time_text(properties["Since"]);
    for (const auto& [from, to] : {std::pair("Options", "options"), {"Counters", "counters"}})
        if (properties.contains(from)) address[to] = properties[from];
    const json conflict = properties.value("LastConflict", json::array());
    if (conflict.is_array() && conflict.size() == 2 && conflict[0] != "")
        address["last_conflict"] = {{"rival", conflict[0]}, {"time", time_text(conflict[1])}};
    return address;
}

std::string table(const json& addresses, bool colours) {
    if (addresses.empty()) return "";
    Rows rows{{"ADDRESS", "INTERFACE", "STATE", "SINCE", "REASON"}};
    for (const json& each : addresses)
        rows.push_back({text(each, "address"), text(each, "interface"), text(each, "state"),
                        text(each, "since"), text(each, "reason")});
    return in_columns(rows, 2, colours ? colour_of : nullptr);
}

std::string adapter_table(const json& adapters, bool colours) {
    Rows rows{{"ADAPTER", "STATUS", "TYPE", "HARDWARE ADDRESS", "ADDRESSES"}};
    for (const json& each : adapters)
        rows.push_back({text(each, "name"), text(each, "status"),
                        type_of(each.value("type", 0u), text(each, "kind")),
                        text(each, "hardware-address"), words(each, "addresses")});
    return in_columns(rows, 1, colours ? colour_of : nullptr);
}

std::string details(const json& address) {
    std::string out = text(address, "address") + "\n";
    const auto line = [&](const char* name, const std::string& value) {
        if (!value.empty()) out += "  " + std::string(name) + ": " + value + "\n";
    };
    for (const char* key : {"interface", "state", "reason", "since"})
        line(key, text(address, key));
    if (const json& conflict = address["last_conflict"]; conflict.is_object())
        line("last conflict", text(conflict, "rival") + " at " + text(conflict, "time"));
    for (const char* group : {"options", "counters"})
        for (const auto& [name, value] : address[group].items())
            line(name.c_str(),
                 value.is_string() ? printable(value.get<std::string>()) : value.dump());
    return out;
}

std::string event_line(const json& event, const std::string& name) {
    const std::string signal = text(event, "signal");
    if (signal == "StateChanged") {
        const std::string reason = text(event, "reason");
        return name + ": " + text(event, "before") + " -> " + text(event, "after") +
               (reason.empty() ? "" : " (" + reason + ")");
    }
    if (signal == "Conflict") return name + ": conflict with " + text(event, "rival");
    if (signal == "InterfacesAdded") return name + ": managed";
    if (signal == "InterfacesRemoved") return name + ": not managed any more";
    return "";
}

std::string text_of(const Peer& peer) {
    return std::to_string(peer.local_port) + "," + peer.address + "," + std::to_string(peer.port);
}

std::optional<std::uint16_t> port_of(const std::string& text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, port);
    if (read.ec != std::errc() || read.ptr != end || port == 0) return std::nullopt;
    return port;
}

std::optional<Peer> peer_of(const std::string& text) {
    const std::size_t first = text.find(','), last = text.rfind(',');
    if (first == std::string::npos || first == last) return std::nullopt;
    const auto local = port_of(text.substr(0, first)), port = port_of(text.substr(last + 1));
    const std::string address = text.substr(first + 1, last - first - 1);
    if (address.empty() || !local || !port) return std::nullopt;
    return Peer{*local, address, *port};
}

Exit exit_of(const std::string& state) {
    if (state == "announcing" || state == "online" || state == "defending") return exit_done;
    if (state == "conflict") return exit_conflict;
    if (state == "offline") return exit_no_interface;
    return exit_failed;
}

} // namespace mpapi::failover::client
