// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/facts.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cstring>

namespace mpapi::failover {

namespace {

std::span<const std::uint8_t> bytes_of(nlattr* attribute) {
    return {static_cast<const std::uint8_t*>(nla_data(attribute)),
            static_cast<std::size_t>(nla_len(attribute))};
}

HardwareAddress hardware(nlattr* attribute) {
    return attribute ? HardwareAddress::of(bytes_of(attribute)).value_or(HardwareAddress())
                     : HardwareAddress();
}

std::string text_of(nlattr* attribute) {
    const auto bytes = bytes_of(attribute);
    const auto* const text = reinterpret_cast<const char*>(bytes.data());
    return {text, ::strnlen(text, bytes.size())};
}

// The settings of one family are an array of numbers in an attribute in one in IFLA_AF_SPEC.
bool setting(nlattr* families, int family, int attribute, std::size_t index) {
    if (!families) return false;
    nlattr* const of_family =
        nla_find(static_cast<nlattr*>(nla_data(families)), nla_len(families), family);
    if (!of_family) return false;
    nlattr* const settings =
        nla_find(static_cast<nlattr*>(nla_data(of_family)), nla_len(of_family), attribute);
    if (!settings) return false;
    const auto bytes = bytes_of(settings);
    std::int32_t value = 0;
    if (bytes.size() < (index + 1) * sizeof value) return false;
    std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
    return value != 0;
}

bool is_port(nlattr* info) {
    if (!info) return false;
    nlattr* const kind =
        nla_find(static_cast<nlattr*>(nla_data(info)), nla_len(info), IFLA_INFO_SLAVE_KIND);
    return kind && text_of(kind) != "vrf"; // which leaves them their addresses
}

// The next hop that these attributes describe, if it is one with a gateway.
std::optional<GatewayFacts> gateway(int family, int link, nlattr* direct, nlattr* by_other) {
    if (direct && nla_len(direct) == (family == AF_INET ? 4 : 16))
        return GatewayFacts{link, Ip::of(family, bytes_of(direct))};
    // An IPv4 route by an IPv6 gateway: the family comes before the address (struct rtvia).
    if (!by_other || nla_len(by_other) != 2 + 16) return std::nullopt;
    const auto bytes = bytes_of(by_other);
    std::uint16_t other = 0;
    std::memcpy(&other, bytes.data(), sizeof other);
    if (other != AF_INET6) return std::nullopt;
    return GatewayFacts{link, Ip::of(AF_INET6, bytes.subspan(2))};
}

// struct rtnexthop and its attributes, one after the other.
void read_next_hops(int family, std::span<const std::uint8_t> bytes,
                    std::vector<GatewayFacts>& into) {
    while (bytes.size() >= sizeof(rtnexthop)) {
        rtnexthop hop;
        std::memcpy(&hop, bytes.data(), sizeof hop);
        if (hop.rtnh_len < sizeof hop || hop.rtnh_len > bytes.size()) return;
        auto* const first =
            reinterpret_cast<nlattr*>(const_cast<std::uint8_t*>(bytes.data() + RTNH_LENGTH(0)));
        nlattr* found[RTA_MAX + 1];
        if (nla_parse(found, RTA_MAX, first, hop.rtnh_len - static_cast<int>(RTNH_LENGTH(0)),
                      nullptr) < 0)
            return;
        if (const auto one = gateway(family, hop.rtnh_ifindex, found[RTA_GATEWAY], found[RTA_VIA]))
            into.push_back(*one);
        bytes = bytes.subspan(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), bytes.size()));
    }
}

} // namespace

LinkState LinkFacts::state() const {
    return {true, (flags & IFF_UP) != 0, (flags & IFF_LOWER_UP) != 0, address};
}

std::optional<LinkFacts> read_link(nlmsghdr* message) {
    const int type = message->nlmsg_type;
    nlattr* found[IFLA_MAX + 1];
    if ((type != RTM_NEWLINK && type != RTM_DELLINK) ||
        !nlmsg_valid_hdr(message, sizeof(ifinfomsg)) ||
        nlmsg_parse(message, sizeof(ifinfomsg), found, IFLA_MAX, nullptr) < 0 ||
        !found[IFLA_IFNAME])
        return std::nullopt;
    // An event of a radio, with a name and nothing else of the interface.
    if (found[IFLA_WIRELESS]) return std::nullopt;
    const auto* const head = static_cast<const ifinfomsg*>(nlmsg_data(message));
    // A bridge tells of its ports in this form too.
    if (head->ifi_family != AF_UNSPEC) return std::nullopt;
    LinkFacts facts;
    facts.index = head->ifi_index;
    facts.name = text_of(found[IFLA_IFNAME]);
    facts.flags = head->ifi_flags;
    facts.hardware_type = head->ifi_type;
    if (found[IFLA_IFALIAS]) facts.alias = text_of(found[IFLA_IFALIAS]);
    if (nlattr* const about = found[IFLA_LINKINFO])
        if (nlattr* const kind =
                nla_find(static_cast<nlattr*>(nla_data(about)), nla_len(about), IFLA_INFO_KIND))
            facts.kind = text_of(kind);
    if (nlattr* const state = found[IFLA_OPERSTATE]; state && nla_len(state) >= 1)
        facts.operstate = nla_get_u8(state);
    facts.address = hardware(found[IFLA_ADDRESS]);
    facts.broadcast = hardware(found[IFLA_BROADCAST]);
    facts.forwards_v6 = setting(found[IFLA_AF_SPEC], AF_INET6, IFLA_INET6_CONF, DEVCONF_FORWARDING);
    // Counted from one in that family.
    facts.promotes_secondaries =
        setting(found[IFLA_AF_SPEC], AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_PROMOTE_SECONDARIES - 1);
    if (nlattr* const master = found[IFLA_MASTER]; master && nla_len(master) >= 4)
        facts.master = static_cast<int>(nla_get_u32(master));
    facts.port = is_port(found[IFLA_LINKINFO]);
    if (nlattr* event = found[IFLA_EVENT]; event && nla_len(event) >= 4) {
        const std::uint32_t what = nla_get_u32(event);
        facts.notify_peers = what == IFLA_EVENT_NOTIFY_PEERS || what == IFLA_EVENT_BONDING_FAILOVER;
    }
    return facts;
}

std::optional<AddressFacts> read_address(nlmsghdr* message) {
    const int type = message->nlmsg_type;
    nlattr* found[IFA_MAX + 1];
    if ((type != RTM_NEWADDR && type != RTM_DELADDR) ||
        !nlmsg_valid_hdr(message, sizeof(ifaddrmsg)) ||
        nlmsg_parse(message, sizeof(ifaddrmsg), found, IFA_MAX, nullptr) < 0)
        return std::nullopt;
    const auto* const head = static_cast<const ifaddrmsg*>(nlmsg_data(message));
    // IPv6 says it in IFA_ADDRESS only, but for a point-to-point one.
    nlattr* const address = found[IFA_LOCAL] ? found[IFA_LOCAL] : found[IFA_ADDRESS];
    const bool v4 = head->ifa_family == AF_INET;
    if ((!v4 && head->ifa_family != AF_INET6) || !address || nla_len(address) != (v4 ? 4 : 16))
        return std::nullopt;
    AddressFacts facts;
    facts.link = static_cast<int>(head->ifa_index);
    facts.address = {Ip::of(head->ifa_family, bytes_of(address)), head->ifa_prefixlen};
    nlattr* const flags = found[IFA_FLAGS];
    facts.flags = flags && nla_len(flags) >= 4 ? nla_get_u32(flags) : head->ifa_flags;
    nlattr* const protocol = found[IFA_PROTO];
    facts.ours = protocol && nla_len(protocol) >= 1 && nla_get_u8(protocol) == kAddressProtocol;
    return facts;
}

std::optional<ForwardingFacts> read_forwarding(nlmsghdr* message) {
    nlattr* found[NETCONFA_MAX + 1];
    if (message->nlmsg_type != RTM_NEWNETCONF || !nlmsg_valid_hdr(message, sizeof(netconfmsg)) ||
        nlmsg_parse(message, sizeof(netconfmsg), found, NETCONFA_MAX, nullptr) < 0)
        return std::nullopt;
    const auto* const head = static_cast<const netconfmsg*>(nlmsg_data(message));
    nlattr* const link = found[NETCONFA_IFINDEX];
    nlattr* const forwards = found[NETCONFA_FORWARDING];
    if (head->ncm_family != AF_INET6 || !link || nla_len(link) < 4 || !forwards ||
        nla_len(forwards) < 4)
        return std::nullopt;
    return ForwardingFacts{static_cast<int>(nla_get_u32(link)), nla_get_u32(forwards) != 0};
}

std::vector<GatewayFacts> read_default_gateways(nlmsghdr* message) {
    std::vector<GatewayFacts> gateways;
    if (message->nlmsg_type != RTM_NEWROUTE || !nlmsg_valid_hdr(message, sizeof(rtmsg)))
        return gateways;
    // Before anything is made of it: there may be a million.
    const auto* const head = static_cast<const rtmsg*>(nlmsg_data(message));
    const int family = head->rtm_family;
    if (head->rtm_dst_len != 0 || head->rtm_type != RTN_UNICAST ||
        head->rtm_table != RT_TABLE_MAIN || (head->rtm_flags & RTM_F_CLONED) ||
        (family != AF_INET && family != AF_INET6))
        return gateways;
    nlattr* found[RTA_MAX + 1];
    if (nlmsg_parse(message, sizeof(rtmsg), found, RTA_MAX, nullptr) < 0) return gateways;
    if (found[RTA_MULTIPATH]) read_next_hops(family, bytes_of(found[RTA_MULTIPATH]), gateways);
    nlattr* const link = found[RTA_OIF];
    if (link && nla_len(link) >= 4)
        if (const auto one = gateway(family, static_cast<int>(nla_get_u32(link)),
                                     found[RTA_GATEWAY], found[RTA_VIA]))
            gateways.push_back(*one);
    return gateways;
}

} // namespace mpapi::failover
