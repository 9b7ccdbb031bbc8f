// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/firewall/zone.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace mpapi::node::firewall {

namespace {

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool number(std::string_view text, std::uint16_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

bool opens(const Ports& ports, std::string_view protocol, std::uint16_t port) {
    return std::any_of(ports.begin(), ports.end(), [&](const auto& each) {
        const std::string_view range = each.first;
        const std::size_t dash = range.find('-');
        std::uint16_t first = 0;
        std::uint16_t last = 0;
        return each.second == protocol && number(range.substr(0, dash), first) &&
               number(dash == std::string_view::npos ? range : range.substr(dash + 1), last) &&
               first <= port && port <= last;
    });
}

// Neither refuses nor logs, limits or marks.
bool only_accepts(std::string_view rule) {
    while (rule.ends_with(' '))
        rule.remove_suffix(1);
    return rule.ends_with(" accept");
}

} // namespace

Judgement judge(const Zone& zone, const Packet& packet) {
    const auto no = [&](const std::string& why) {
        return Judgement{false, "zone " + zone.name + " of firewalld: " + why};
    };
    if (!std::all_of(zone.rich_rules.begin(), zone.rich_rules.end(), only_accepts))
        return no("a rich rule is not judged");
    if (packet.protocol == Protocol::Echo) {
        if (contains(zone.icmp_blocks, "echo-request") != zone.icmp_block_inversion)
            return no("echo-request is blocked");
        if (zone.icmp_block_inversion) return {true, ""}; // what is in the list is let in
        const bool v4 = packet.destination.family == csvp::AddressFamily::V4;
        if (contains(zone.protocols, v4 ? "icmp" : "ipv6-icmp")) return {true, ""};
        if (zone.target == "default" || zone.target == "ACCEPT") return {true, ""};
        return no("target " + zone.target);
    }
    const char* protocol = packet.protocol == Protocol::Tcp ? "tcp" : "udp";
    if (opens(zone.ports, protocol, packet.port) || contains(zone.protocols, protocol) ||
        zone.target == "ACCEPT")
        return {true, ""};
    return no("it opens no such port");
}

} // namespace mpapi::node::firewall
