// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/adapters/adapter.hpp"

#include <sys/socket.h> // before the following, which need it

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace mpapi::failover::adapters {

namespace {

// IANAifType-MIB.
constexpr std::uint32_t kOther = 1, kEthernet = 6, kPpp = 23, kLoopback = 24, kSlip = 28,
                        kWireless = 71, kTunnel = 131, kIeee1394 = 144, kInfiniband = 199,
                        kIeee802154 = 259;
// IANAtunnelType of the same.
constexpr std::uint32_t kNoTunnel = 0, kOtherTunnel = 1, kDirect = 2, kGre = 3, kL2tp = 5, kUdp = 8;

struct Kind {
    std::string_view name;
    std::uint32_t tunnel;
};

// By IFLA_INFO_KIND. "tun" is one when it carries IP packets: a tap speaks Ethernet.
constexpr std::array kTunnels{
    Kind{"bareudp", kUdp},   Kind{"erspan", kGre},      Kind{"geneve", kUdp},
    Kind{"gre", kGre},       Kind{"gretap", kGre},      Kind{"gtp", kUdp},
    Kind{"ip6erspan", kGre}, Kind{"ip6gre", kGre},      Kind{"ip6gretap", kGre},
    Kind{"ip6tnl", kDirect}, Kind{"ipip", kDirect},     Kind{"l2tpeth", kL2tp},
    Kind{"sit", kDirect},    Kind{"vti", kOtherTunnel}, Kind{"vti6", kOtherTunnel},
    Kind{"vxlan", kUdp},     Kind{"wireguard", kUdp},   Kind{"xfrm", kOtherTunnel},
};

struct Type {
    std::uint32_t type = kOther;
    std::uint32_t tunnel = kNoTunnel;
};

Type type_of(const LinkFacts& link, const Driver& driver) {
    for (const Kind& kind : kTunnels)
        if (link.kind == kind.name) return {kTunnel, kind.tunnel};
    switch (link.hardware_type) {
    case ARPHRD_ETHER:
        return {driver.wireless ? kWireless : kEthernet};
    case ARPHRD_LOOPBACK:
        return {kLoopback};
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
        return {kTunnel, kDirect};
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE:
        return {kTunnel, kGre};
    case ARPHRD_NONE: // a tun, and VPNs of their own making
        return {kTunnel, kOtherTunnel};
    case ARPHRD_PPP:
        return {kPpp};
    case ARPHRD_SLIP:
    case ARPHRD_CSLIP:
    case ARPHRD_SLIP6:
    case ARPHRD_CSLIP6:
        return {kSlip};
    case ARPHRD_IEEE80211:
    case ARPHRD_IEEE80211_PRISM:
    case ARPHRD_IEEE80211_RADIOTAP:
        return {kWireless};
    case ARPHRD_IEEE1394:
        return {kIeee1394};
    case ARPHRD_INFINIBAND:
        return {kInfiniband};
    case ARPHRD_IEEE802154:
        return {kIeee802154};
    default:
        return {};
    }
}

// RFC 2863 ifOperStatus.
const char* status_of(const LinkFacts& link) {
    if (link.operstate == IF_OPER_NOTPRESENT) return "not-present";
    if (!(link.flags & IFF_UP)) return "down"; // 3.1.12: if ifAdminStatus is down, so is this
    switch (link.operstate) {
    case IF_OPER_UNKNOWN:
        return link.flags & IFF_RUNNING ? "up" : "down";
    case IF_OPER_DOWN:
        return "down";
    case IF_OPER_LOWERLAYERDOWN:
        return "lower-layer-down";
    case IF_OPER_TESTING:
        return "testing";
    case IF_OPER_DORMANT:
        return "dormant";
    case IF_OPER_UP:
        return "up";
    default:
        return "unknown";
    }
}

} // namespace

std::vector<Adapter> make(const Facts& facts) {
    std::vector<Adapter> found;
    found.reserve(facts.links.size());
    std::unordered_map<int, std::size_t> places;
    for (std::size_t i = 0; i < facts.links.size(); ++i) {
        const LinkFacts& link = facts.links[i];
        const Driver& driver = facts.drivers[i];
        const Type type = type_of(link, driver);
        // Told twice when others came or went meanwhile.
        if (!places.emplace(link.index, found.size()).second) continue;
        Adapter& adapter = found.emplace_back();
        adapter.index = static_cast<std::uint32_t>(link.index);
        adapter.name = link.name;
        adapter.alias = link.alias;
        adapter.kind = link.kind;
        adapter.driver = driver.name;
        adapter.bus = driver.bus;
        adapter.type = type.type;
        adapter.tunnel_type = type.tunnel;
        // A loopback's is all zeros: none.
        if (type.type != kLoopback) adapter.hardware_address = link.address;
        adapter.status = status_of(link);
    }
    const auto on = [&](int link) -> Adapter* {
        const auto place = places.find(link);
        return place == places.end() ? nullptr : &found[place->second];
    };
    for (const AddressFacts& each : facts.addresses) {
        Adapter* const adapter = on(each.link);
        if (!adapter || (each.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))) continue;
        adapter->addresses.push_back(each.address);
        if (each.address.ip.v4() && !(each.flags & IFA_F_PERMANENT) && !each.ours)
            adapter->dhcp = true;
    }
    for (const GatewayFacts& each : facts.gateways) {
        Adapter* const adapter = on(each.link);
        if (!adapter) continue;
        auto& all = adapter->gateways;
        if (std::find(all.begin(), all.end(), each.address) == all.end())
            all.push_back(each.address);
    }
    return found;
}

} // namespace mpapi::failover::adapters
