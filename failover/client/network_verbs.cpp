// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/client/network_verbs.hpp"

#include "common/text/printable.hpp"
#include "failover/client/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <optional>

namespace mpapi::failover::client {

namespace {

using nlohmann::json;

constexpr char kInvalid[] = "org.mpapi.Network1.Error.InvalidParameter";

// "tcp/3343", "echo": protocol and port of a packet.
std::optional<Packet> read_traffic(const std::string& text) {
    Packet packet;
    const std::size_t slash = std::min(text.find('/'), text.size());
    packet.protocol = text.substr(0, slash);
    if (slash == text.size()) {
        if (packet.protocol != "echo") return std::nullopt;
        return packet;
    }
    const auto port = port_of(text.substr(slash + 1));
    if (!port || (packet.protocol != "tcp" && packet.protocol != "udp")) return std::nullopt;
    packet.port = *port;
    return packet;
}

bool same_family(const std::string& one, const std::string& other) {
    return (one.find(':') == std::string::npos) == (other.find(':') == std::string::npos);
}

std::string text_of(const Packet& packet) {
    return packet.protocol == "echo" ? packet.protocol
                                     : packet.protocol + "/" + std::to_string(packet.port);
}

} // namespace

int adapters(Service& service, const Wanted& wanted) {
    const auto told = service.adapters();
    if (const auto* failure = std::get_if<Failure>(&told)) return tell(*failure, wanted);
    const json& all = std::get<json>(told);
    std::cout << (wanted.json ? json{{"adapters", all}}.dump(2) + "\n"
                              : adapter_table(all, colours()));
    return end();
}

int firewall(Service& service, const Wanted& wanted) {
    std::vector<Packet> asked;
    for (const std::string& each : wanted.traffic) {
        const auto traffic = read_traffic(each);
        if (!traffic)
            return tell({kInvalid, "Expected tcp/PORT, udp/PORT or echo, found " + each + "."},
                        wanted);
        asked.push_back(*traffic);
    }
    const auto told = service.adapters();
    if (const auto* failure = std::get_if<Failure>(&told)) return tell(*failure, wanted);
    const json& all = std::get<json>(told);
    const auto adapter = std::find_if(all.begin(), all.end(), [&](const json& each) {
        return each.value("name", "") == wanted.interface;
    });
    if (adapter == all.end())
        return tell({"org.mpapi.Network1.Error.NoSuchInterface",
                     "There is no interface " + wanted.interface + "; see ipfailover adapters."},
                    wanted);
    std::vector<Packet> packets;
    for (const json& each : adapter->value("addresses", json::array())) {
        const std::string address = each.get<std::string>();
        const std::string source = wanted.source.empty() ? address : wanted.source;
        if (!same_family(address, source)) continue;
        for (Packet packet : asked) {
            packet.adapter = wanted.interface;
            packet.source = source;
            packet.destination = address.substr(0, address.find('/'));
            packets.push_back(std::move(packet));
        }
    }
    if (packets.empty())
        return tell({"org.mpapi.Network1.Error.NoInterface",
                     wanted.interface + " has no address that is asked about."},
                    wanted);
    const auto judged = service.judge(packets);
    if (const auto* failure = std::get_if<Failure>(&judged)) return tell(*failure, wanted);
    const auto& judgements = std::get<std::vector<Judgement>>(judged);
    json list = json::array();
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const Packet& packet = packets[i];
        const std::string reason = printable(judgements[i].reason);
        list.push_back({{"adapter", packet.adapter},
                        {"source", packet.source},
                        {"destination", packet.destination},
                        {"protocol", packet.protocol},
                        {"port", packet.port},
                        {"allowed", judgements[i].allowed},
                        {"reason", reason}});
        if (wanted.json) continue;
        std::cout << text_of(packet) << " from " << packet.source << " to " << packet.destination
                  << ": " << (judgements[i].allowed ? "let in" : "not let in (" + reason + ")")
                  << "\n";
    }
    if (wanted.json) std::cout << json{{"judgements", list}}.dump(2) << "\n";
    const bool open = std::all_of(judgements.begin(), judgements.end(),
                                  [](const Judgement& each) { return each.allowed; });
    return end(open ? exit_done : exit_not_let_in);
}

} // namespace mpapi::failover::client
