// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A listing of nftables: whatever it says, each packet is judged, always the same, and a no has its
// reason.
#include "failover/firewall/rule_set.hpp"

#include <cstdlib>

using namespace mpapi;
using namespace mpapi::failover::firewall;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto set = RuleSet::parse(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!set) return 0;
    for (const char* const network : {"10.9.0.0/24", "2001:db8::/64"})
        for (const char* const protocol : {"tcp", "udp", "echo"}) {
            const std::string text = network;
            const auto packet = Packet::read("eth0", text, text.substr(0, text.find('/')), protocol,
                                             protocol == std::string("echo") ? 0 : 3343);
            if (!packet) std::abort();
            const Judgement judgement = set->judge(*packet);
            if (judgement.allowed != judgement.reason.empty()) std::abort();
            if (!(set->judge(*packet) == judgement)) std::abort();
        }
    return 0;
}
