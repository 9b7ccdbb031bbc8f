// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/client/text.hpp"

#include "common/text/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

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
    if (state == "online") return "\033[32m";
    if (state == "conflict" || state == "failed") return "\033[31m";
    return "\033[33m";
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
    using Row = std::array<std::string, 5>;
    std::vector<Row> rows{{"ADDRESS", "INTERFACE", "STATE", "SINCE", "REASON"}};
    for (const json& each : addresses)
        rows.push_back({text(each, "address"), text(each, "interface"), text(each, "state"),
                        text(each, "since"), text(each, "reason")});
    std::array<std::size_t, 5> widths{};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    std::string out;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::string line;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const std::string padding(widths[i] - rows[r][i].size() + 2, ' ');
            const bool coloured = colours && r > 0 && i == 2;
            line +=
                (coloured ? colour_of(rows[r][i]) + rows[r][i] + "\033[0m" : rows[r][i]) + padding;
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
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

std::optional<Peer> peer_of(const std::string& text) {
    const std::size_t first = text.find(','), last = text.rfind(',');
    if (first == std::string::npos || first == last) return std::nullopt;
    const auto number = [](const std::string& digits, std::uint16_t& into) {
        const char* const end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, into);
        return read.ec == std::errc() && read.ptr == end && into > 0;
    };
    Peer peer;
    peer.address = text.substr(first + 1, last - first - 1);
    if (peer.address.empty() || !number(text.substr(0, first), peer.local_port) ||
        !number(text.substr(last + 1), peer.port))
        return std::nullopt;
    return peer;
}

Exit exit_of(const std::string& state) {
    if (state == "announcing" || state == "online" || state == "defending") return exit_done;
    if (state == "conflict") return exit_conflict;
    if (state == "offline") return exit_no_interface;
    return exit_failed;
}

} // namespace mpapi::failover::client
