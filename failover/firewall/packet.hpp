// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A packet that comes to this host, as the firewall is judged for it: one of many, for its source
// is somewhere in a network; and the judgement. Values; as lines of text they go to mpapi-firewall
// and come back from it. Pure.
#pragma once

#include "common/result.hpp"
#include "failover/address/ip.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::failover::firewall {

enum class Protocol : std::uint8_t { Tcp, Udp, Echo }; // Echo: ICMP or ICMPv6 echo request

struct Packet {
    std::string adapter; // the interface it comes in by
    Prefixed source;     // any of this network; a length of 0 is anywhere
    Ip destination;      // an address of the adapter; of the family of the source
    Protocol protocol = Protocol::Tcp;
    std::uint16_t port = 0; // not for Echo

    // EINVAL for what is no packet. `source`: "192.0.2.0/24"; `protocol`: "tcp", "udp", "echo".
    static Result<Packet> read(const std::string& adapter, const std::string& source,
                               const std::string& destination, std::string_view protocol,
                               std::uint16_t port);

    bool operator==(const Packet&) const = default;
};

struct Judgement {
    bool allowed = false;
    std::string reason; // why not: "inet filter input: policy drop"

    bool operator==(const Judgement&) const = default;
};

// Of one question.
inline constexpr std::size_t kMostPackets = 4096;

// A line for each packet: "eth0 192.0.2.0/24 192.0.2.1 tcp 3343".
std::string question(std::span<const Packet> packets);
Result<std::vector<Packet>> read_question(std::string_view text);

// A line for each packet: "+", or "-" and the reason, which is cut where it is long.
std::string answer(std::span<const Judgement> judgements);
// An error where there is not one for each of so many.
Result<std::vector<Judgement>> read_answer(std::string_view text, std::size_t packets);

} // namespace mpapi::failover::firewall
