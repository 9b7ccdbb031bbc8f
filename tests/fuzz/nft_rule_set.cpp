// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A listing of nftables: whatever it says, each packet is judged, always the same, and a no has its
// reason.
#include "clusprep/node/firewall/rule_set.hpp"

#include <cstdlib>

using namespace mpapi;
using namespace mpapi::node::firewall;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto set = RuleSet::parse(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!set) return 0;
    for (const auto family : {csvp::AddressFamily::V4, csvp::AddressFamily::V6})
        for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Echo}) {
            Packet packet;
            packet.adapter = "eth0";
            packet.source.family = packet.destination.family = family;
            packet.source.bytes = {10, 9};
            packet.source_length = 24;
            packet.destination.bytes = {10, 9, 0, 1};
            packet.protocol = protocol;
            packet.port = 3343;
            const Judgement judgement = set->judge(packet);
            if (judgement.allowed != judgement.reason.empty()) std::abort();
            if (!(set->judge(packet) == judgement)) std::abort();
        }
    return 0;
}
