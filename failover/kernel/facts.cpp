// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/facts.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

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
    facts.address = hardware(found[IFLA_ADDRESS]);
    facts.broadcast = hardware(found[IFLA_BROADCAST]);
    facts.forwards_v6 = setting(found[IFLA_AF_SPEC], AF_INET6, IFLA_INET6_CONF, DEVCONF_FORWARDING);
    // Counted from one in that family.
    facts.promotes_secondaries =
        setting(found[IFLA_AF_SPEC], AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_PROMOTE_SECONDARIES - 1);
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

} // namespace mpapi::failover
