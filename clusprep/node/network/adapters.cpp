// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/adapters.hpp"

#include <sys/socket.h> // before the following, which need it

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <systemd/sd-id128.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace mpapi::node {

namespace {

// IANAifType-MIB.
constexpr std::uint32_t kOther = 1, kEthernet = 6, kPpp = 23, kSlip = 28, kWireless = 71,
                        kIeee1394 = 144, kInfiniband = 199, kIeee802154 = 259;
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

Type type_of(const LinkFacts& link) {
    for (const Kind& kind : kTunnels)
        if (link.kind == kind.name) return {kTunnel, kind.tunnel};
    switch (link.hardware_type) {
    case ARPHRD_ETHER:
        return {link.wireless ? kWireless : kEthernet};
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
std::uint32_t status_of(const LinkFacts& link) {
    constexpr std::uint32_t up = 1, down = 2, testing = 3, unknown = 4, dormant = 5,
                            not_present = 6, lower_layer_down = 7;
    if (link.operstate == IF_OPER_NOTPRESENT) return not_present;
    if (!(link.flags & IFF_UP)) return down; // 3.1.12: if ifAdminStatus is down, so is this
    switch (link.operstate) {
    case IF_OPER_UNKNOWN:
        return link.flags & IFF_RUNNING ? up : down;
    case IF_OPER_DOWN:
        return down;
    case IF_OPER_LOWERLAYERDOWN:
        return lower_layer_down;
    case IF_OPER_TESTING:
        return testing;
    case IF_OPER_DORMANT:
        return dormant;
    case IF_OPER_UP:
        return up;
    default:
        return unknown;
    }
}

std::string description_of(const LinkFacts& link) {
    if (link.driver.empty()) {
        if (link.hardware_type == ARPHRD_LOOPBACK) return "loopback";
        return link.kind.empty() ? link.name : link.kind;
    }
    return link.bus.empty() ? link.driver : link.driver + " at " + link.bus;
}

} // namespace

Result<ndr::Guid> adapter_id(const std::string& name, unsigned number) {
    // sd-id128 hashes an application's id with the machine's secret one: ours is for each number of
    // each adapter. A name is at most 15 bytes.
    constexpr std::array<std::uint8_t, 16> ours{0x6b, 0x0a, 0x3d, 0xc1, 0x58, 0x7f, 0x4e, 0x92,
                                                0xb4, 0x1e, 0x90, 0x27, 0xd5, 0x6c, 0xe8, 0x33};
    if (name.empty() || name.size() >= IFNAMSIZ)
        return Error{"make an id for", name, "expected the name of an interface"};
    sd_id128_t application{};
    std::copy(name.begin(), name.end(), std::begin(application.bytes));
    application.bytes[15] = static_cast<std::uint8_t>(number);
    for (std::size_t i = 0; i < ours.size(); ++i)
        application.bytes[i] ^= ours[i];
    sd_id128_t id;
    if (const int r = sd_id128_get_machine_app_specific(application, &id); r < 0)
        return Error{"make an id for", name, "of /etc/machine-id", -r};
    std::array<std::uint8_t, 16> bytes{};
    std::copy(std::begin(id.bytes), std::end(id.bytes), bytes.begin());
    return ndr::guid_from_bytes(bytes);
}

Result<std::vector<csvp::Adapter>> adapters(const NetworkFacts& facts, const AdapterId& id) {
    std::vector<csvp::Adapter> found;
    for (const LinkFacts& link : facts.links) {
        csvp::Adapter adapter;
        for (unsigned number = 0; number < adapter.ids.size(); ++number) {
            const auto made = id(link.name, number);
            if (!made) return made.error();
            adapter.ids[number] = *made;
        }
        adapter.name = link.name;
        adapter.friendly_name = link.alias.empty() ? link.name : link.alias;
        adapter.description = description_of(link);
        for (const AddressFacts& each : facts.addresses) {
            if (each.link != link.index || (each.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
                continue;
            adapter.addresses.push_back(each.address);
            if (each.address.address.family == csvp::AddressFamily::V4 &&
                !(each.flags & IFA_F_PERMANENT))
                adapter.dhcp = true;
        }
        for (const GatewayFacts& each : facts.gateways)
            if (each.link == link.index &&
                std::find(adapter.gateways.begin(), adapter.gateways.end(), each.address) ==
                    adapter.gateways.end())
                adapter.gateways.push_back(each.address);
        const Type type = type_of(link);
        adapter.type = type.type;
        adapter.tunnel_type = type.tunnel;
        // A loopback's is all zeros: none.
        if (type.type != kLoopback) adapter.hardware_address = link.address;
        adapter.oper_status = status_of(link);
        adapter.internal = adapter.oper_status == 1 && !adapter.addresses.empty() &&
                           adapter.gateways.empty() && type.type != kLoopback &&
                           type.type != kTunnel;
        found.push_back(std::move(adapter));
    }
    return found;
}

} // namespace mpapi::node
