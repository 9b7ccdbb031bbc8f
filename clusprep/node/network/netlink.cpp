// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/netlink.hpp"

#include "common/system/handle.hpp"

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/wireless.h>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

namespace mpapi::node {

namespace {

using Socket = std::unique_ptr<nl_sock, DropWith<nl_socket_free>>;
using Cache = std::unique_ptr<nl_cache, DropWith<nl_cache_free>>;
using Route = std::unique_ptr<rtnl_route, DropWith<rtnl_route_put>>;

Error nl_failed(const char* what, int code) {
    return {"ask the kernel for", what, nl_geterror(code)};
}

template <typename Use>
void for_each(nl_cache* cache, const Use& use) {
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each))
        use(each);
}

std::string text_or_empty(const char* text) {
    return text ? text : "";
}

// False for what is no IP address.
bool read_address(nl_addr* from, int link, csvp::IpAddress& to) {
    if (!from) return false;
    const int family = nl_addr_get_family(from);
    const std::size_t size = nl_addr_get_len(from);
    if (!(family == AF_INET && size == 4) && !(family == AF_INET6 && size == 16)) return false;
    to = {};
    to.family = family == AF_INET ? csvp::AddressFamily::V4 : csvp::AddressFamily::V6;
    std::memcpy(to.bytes.data(), nl_addr_get_binary_addr(from), size);
    // RFC 4291 2.5.6: only these mean nothing without their link.
    if (family == AF_INET6 && to.bytes[0] == 0xfe && (to.bytes[1] & 0xc0) == 0x80)
        to.scope = static_cast<std::uint32_t>(link);
    return true;
}

LinkFacts read_link(rtnl_link* link) {
    LinkFacts facts;
    facts.index = rtnl_link_get_ifindex(link);
    facts.name = text_or_empty(rtnl_link_get_name(link));
    facts.alias = text_or_empty(rtnl_link_get_ifalias(link));
    facts.kind = text_or_empty(rtnl_link_get_type(link));
    facts.flags = rtnl_link_get_flags(link);
    facts.hardware_type = rtnl_link_get_arptype(link);
    facts.operstate = rtnl_link_get_operstate(link);
    if (nl_addr* address = rtnl_link_get_addr(link)) {
        const auto* bytes = static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address));
        facts.address.assign(bytes, bytes + nl_addr_get_len(address));
    }
    return facts;
}

ifreq request_about(const std::string& name) {
    ifreq request{};
    std::strncpy(request.ifr_name, name.c_str(), sizeof request.ifr_name - 1);
    return request;
}

// An adapter whose driver says nothing is left without.
void ask_driver(int fd, LinkFacts& facts) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request = request_about(facts.name);
    request.ifr_data = reinterpret_cast<char*>(&info);
    if (::ioctl(fd, SIOCETHTOOL, &request) == 0) {
        facts.driver.assign(info.driver, ::strnlen(info.driver, sizeof info.driver));
        facts.bus.assign(info.bus_info, ::strnlen(info.bus_info, sizeof info.bus_info));
    }
    iwreq wireless{};
    std::strncpy(wireless.ifr_name, facts.name.c_str(), sizeof wireless.ifr_name - 1);
    facts.wireless = ::ioctl(fd, SIOCGIWNAME, &wireless) == 0;
}

void read_nexthop(rtnl_nexthop* hop, void* userdata) {
    auto& gateways = *static_cast<std::vector<GatewayFacts>*>(userdata);
    const int link = rtnl_route_nh_get_ifindex(hop);
    nl_addr* gateway = rtnl_route_nh_get_gateway(hop);
    if (!gateway) gateway = rtnl_route_nh_get_via(hop); // an IPv4 route by an IPv6 gateway
    GatewayFacts facts{link, {}};
    if (read_address(gateway, link, facts.address)) gateways.push_back(facts);
}

int read_route(nl_msg* message, void* userdata) {
    nlmsghdr* header = nlmsg_hdr(message);
    if (header->nlmsg_type != RTM_NEWROUTE || !nlmsg_valid_hdr(header, sizeof(rtmsg))) return NL_OK;
    // Before anything is made of it: there may be a million.
    const auto* about = static_cast<const rtmsg*>(nlmsg_data(header));
    if (about->rtm_dst_len != 0 || about->rtm_type != RTN_UNICAST ||
        about->rtm_table != RT_TABLE_MAIN || (about->rtm_flags & RTM_F_CLONED))
        return NL_OK;
    rtnl_route* raw = nullptr;
    if (rtnl_route_parse(header, &raw) < 0) return NL_OK;
    const Route route(raw);
    rtnl_route_foreach_nexthop(raw, read_nexthop, userdata);
    return NL_OK;
}

} // namespace

Result<NetworkFacts> read_network() {
    const Socket socket(nl_socket_alloc());
    if (!socket) return Error{"make", "netlink socket", "", ENOMEM};
    if (const int r = nl_connect(socket.get(), NETLINK_ROUTE); r < 0)
        return nl_failed("its network", r);
    NetworkFacts facts;

    nl_cache* raw = nullptr;
    if (const int r = rtnl_link_alloc_cache(socket.get(), AF_UNSPEC, &raw); r < 0)
        return nl_failed("links", r);
    const Cache links(raw);
    const Fd drivers(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for_each(raw, [&](nl_object* each) {
        LinkFacts link = read_link(reinterpret_cast<rtnl_link*>(each));
        if (drivers) ask_driver(drivers.get(), link);
        facts.links.push_back(std::move(link));
    });
    std::sort(facts.links.begin(), facts.links.end(),
              [](const LinkFacts& a, const LinkFacts& b) { return a.index < b.index; });

    if (const int r = rtnl_addr_alloc_cache(socket.get(), &raw); r < 0)
        return nl_failed("addresses", r);
    const Cache addresses(raw);
    for_each(raw, [&](nl_object* each) {
        auto* address = reinterpret_cast<rtnl_addr*>(each);
        AddressFacts found;
        found.link = rtnl_addr_get_ifindex(address);
        found.flags = rtnl_addr_get_flags(address);
        found.address.prefix_length =
            static_cast<std::uint32_t>(std::max(0, rtnl_addr_get_prefixlen(address)));
        nl_addr* local = rtnl_addr_get_local(address);
        if (!local) local = rtnl_addr_get_peer(address); // IPv6 says it there only
        if (read_address(local, found.link, found.address.address))
            facts.addresses.push_back(found);
    });

    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, read_route, &facts.gateways);
    rtmsg all{};
    all.rtm_family = AF_UNSPEC;
    int r = nl_send_simple(socket.get(), RTM_GETROUTE, NLM_F_DUMP, &all, sizeof all);
    if (r >= 0) r = nl_recvmsgs_default(socket.get());
    if (r < 0) return nl_failed("routes", r);
    return facts;
}

} // namespace mpapi::node
