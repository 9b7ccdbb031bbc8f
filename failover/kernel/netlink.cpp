// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/netlink.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace mpapi::failover {

namespace {

using Message = std::unique_ptr<nl_msg, DropWith<nlmsg_free>>;

constexpr int kMostTries = 5; // of a list that changed while it was told (NLM_F_DUMP_INTR)

Error failed(const char* action, const std::string& object, int code) {
    return {action, object, nl_geterror(code)};
}

bool suffices(int code, Netlink::Extent extent) {
    return code == -NLE_DUMP_INTR && extent == Netlink::Extent::Most;
}

Message message_of(int type, int flags, const void* head, std::size_t size) {
    Message message(nlmsg_alloc_simple(type, flags));
    if (message && nlmsg_append(message.get(), const_cast<void*>(head), size, NLMSG_ALIGNTO) < 0)
        message.reset();
    return message;
}

ifaddrmsg head_of(int link, const Prefixed& address) {
    ifaddrmsg head{};
    head.ifa_family = static_cast<std::uint8_t>(address.ip.family);
    head.ifa_prefixlen = static_cast<std::uint8_t>(address.length);
    head.ifa_index = static_cast<std::uint32_t>(link);
    if (address.ip.link_local()) head.ifa_scope = RT_SCOPE_LINK;
    return head;
}

int put(nl_msg* message, int type, const Ip& ip) {
    return nla_put(message, type, static_cast<int>(ip.size()), ip.bytes().data());
}

template <typename Each>
int each_message(nl_msg* message, void* userdata) {
    (*static_cast<Each*>(userdata))(nlmsg_hdr(message));
    return NL_OK;
}

} // namespace

Result<Netlink> Netlink::open() {
    NetlinkSocket socket(nl_socket_alloc());
    if (!socket) return Error{"make", "netlink socket", "", ENOMEM};
    if (const int r = nl_connect(socket.get(), NETLINK_ROUTE); r < 0)
        return failed("open", "netlink socket", r);
    // Only what is asked for: the addresses of one interface of many.
    const int on = 1;
    (void)::setsockopt(nl_socket_get_fd(socket.get()), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
                       sizeof on);
    return Netlink(std::move(socket));
}

int Netlink::request(nl_msg* message) {
    if (const int r = nl_send_auto(socket_.get(), message); r < 0) return r;
    return nl_wait_for_ack(socket_.get());
}

template <typename Each>
int Netlink::ask(nl_msg* message, Each each) {
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, each_message<Each>, &each);
    int r = nl_send_auto(socket_.get(), message);
    if (r >= 0) r = nl_recvmsgs_default(socket_.get());
    if (r >= 0) r = nl_wait_for_ack(socket_.get()); // it comes after the answer
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_DEFAULT, nullptr, nullptr);
    return r;
}

template <typename Each>
int Netlink::dump(int type, const void* head, std::size_t size, Each each) {
    const Message message = message_of(type, NLM_F_DUMP, head, size);
    if (!message) return -NLE_NOMEM;
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, each_message<Each>, &each);
    int r = nl_send_auto(socket_.get(), message.get());
    if (r >= 0) r = nl_recvmsgs_default(socket_.get());
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_DEFAULT, nullptr, nullptr);
    return r;
}

Result<std::vector<LinkFacts>> Netlink::links(Extent extent) {
    std::vector<LinkFacts> links;
    const ifinfomsg head{};
    int r = -NLE_DUMP_INTR;
    for (int i = 0; i < kMostTries && r == -NLE_DUMP_INTR; ++i) {
        links.clear();
        r = dump(RTM_GETLINK, &head, sizeof head, [&](nlmsghdr* message) {
            if (auto facts = read_link(message)) links.push_back(*std::move(facts));
        });
    }
    if (r < 0 && !suffices(r, extent)) return failed("ask the kernel for", "interfaces", r);
    return links;
}

Result<std::vector<AddressFacts>> Netlink::addresses(int link, Extent extent) {
    std::vector<AddressFacts> addresses;
    ifaddrmsg head{};
    head.ifa_index = static_cast<std::uint32_t>(link);
    int r = -NLE_DUMP_INTR;
    for (int i = 0; i < kMostTries && r == -NLE_DUMP_INTR; ++i) {
        addresses.clear();
        r = dump(RTM_GETADDR, &head, sizeof head, [&](nlmsghdr* message) {
            const auto facts = read_address(message);
            // A kernel that is not strict tells all.
            if (facts && (link == 0 || facts->link == link)) addresses.push_back(*facts);
        });
    }
    // An interface that has gone has none.
    if (r == -NLE_NODEV && link != 0) return std::vector<AddressFacts>();
    if (r < 0 && !suffices(r, extent)) return failed("ask the kernel for", "addresses", r);
    return addresses;
}

Result<std::vector<GatewayFacts>> Netlink::default_gateways(Extent extent) {
    std::vector<GatewayFacts> gateways;
    rtmsg head{};
    head.rtm_table = RT_TABLE_MAIN;
    int r = -NLE_DUMP_INTR;
    for (int i = 0; i < kMostTries && r == -NLE_DUMP_INTR; ++i) {
        gateways.clear();
        r = dump(RTM_GETROUTE, &head, sizeof head, [&](nlmsghdr* message) {
            const auto more = read_default_gateways(message);
            gateways.insert(gateways.end(), more.begin(), more.end());
        });
    }
    if (r < 0 && !suffices(r, extent)) return failed("ask the kernel for", "routes", r);
    return gateways;
}

Status Netlink::add(int link, const Placement& placement) {
    const auto& [ip, length] = placement.address;
    const ifaddrmsg head = head_of(link, placement.address);
    const Message message =
        message_of(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
    std::uint32_t flags = ip.v4() ? 0 : IFA_F_NODAD;
    if (placement.no_prefix_route) flags |= IFA_F_NOPREFIXROUTE;
    int r = message ? 0 : -NLE_NOMEM;
    if (r >= 0) r = put(message.get(), IFA_LOCAL, ip);
    if (r >= 0) r = put(message.get(), IFA_ADDRESS, ip);
    if (r >= 0 && ip.v4() && length < 31)
        r = put(message.get(), IFA_BROADCAST, ip.broadcast(length));
    if (r >= 0) r = nla_put_u32(message.get(), IFA_FLAGS, flags);
    if (r >= 0) r = nla_put_u8(message.get(), IFA_PROTO, kAddressProtocol);
    if (r >= 0 && !placement.label.empty())
        r = nla_put_string(message.get(), IFA_LABEL, placement.label.c_str());
    if (r >= 0 && placement.lifetime.count() > 0) {
        const auto seconds = static_cast<std::uint32_t>(placement.lifetime.count());
        ifa_cacheinfo lifetime{};
        lifetime.ifa_prefered = lifetime.ifa_valid = seconds;
        r = nla_put(message.get(), IFA_CACHEINFO, sizeof lifetime, &lifetime);
    }
    if (r >= 0) r = request(message.get());
    if (r < 0) return failed("add", placement.address.text(), r);
    return Done{};
}

bool Netlink::promotes_secondaries(int link) {
    ifinfomsg head{};
    head.ifi_index = link;
    const Message message = message_of(RTM_GETLINK, 0, &head, sizeof head);
    if (!message) return false;
    std::optional<LinkFacts> facts;
    const int r = ask(message.get(), [&facts](nlmsghdr* told) { facts = read_link(told); });
    return r >= 0 && facts && facts->promotes_secondaries;
}

int Netlink::promote_secondaries(int link, bool promoted) {
    ifinfomsg head{};
    head.ifi_index = link;
    const Message message = message_of(RTM_SETLINK, 0, &head, sizeof head);
    if (!message) return -NLE_NOMEM;
    nlattr* const families = nla_nest_start(message.get(), IFLA_AF_SPEC);
    nlattr* const family = families ? nla_nest_start(message.get(), AF_INET) : nullptr;
    nlattr* const settings = family ? nla_nest_start(message.get(), IFLA_INET_CONF) : nullptr;
    if (!settings ||
        nla_put_u32(message.get(), IPV4_DEVCONF_PROMOTE_SECONDARIES, promoted ? 1 : 0) < 0)
        return -NLE_NOMEM;
    for (nlattr* const each : {settings, family, families})
        nla_nest_end(message.get(), each);
    return request(message.get());
}

Status Netlink::remove(const LinkFacts& link, const Prefixed& address) {
    // For as long as this takes, on this interface; a secondary address is of no consequence, but
    // to know would take as long. Asked for now: nobody is told when somebody changes it.
    const bool promote = address.ip.v4() && !promotes_secondaries(link.index);
    if (promote) (void)promote_secondaries(link.index, true);
    const ifaddrmsg head = head_of(link.index, address);
    const Message message = message_of(RTM_DELADDR, 0, &head, sizeof head);
    int r = message ? put(message.get(), IFA_LOCAL, address.ip) : -NLE_NOMEM;
    if (r >= 0 && address.ip.v4()) r = put(message.get(), IFA_ADDRESS, address.ip);
    if (r >= 0) r = request(message.get());
    if (promote) (void)promote_secondaries(link.index, false);
    // What it says is one thing: an interface without IPv6 answers as if something were wrong.
    const auto left = addresses(link.index);
    if (!left) return left.error();
    const bool there = std::any_of(left->begin(), left->end(), [&](const AddressFacts& each) {
        return each.address == address;
    });
    if (!there) return Done{};
    if (r < 0) return failed("remove", address.text(), r);
    return Error{"remove", address.text(), "it is still on " + link.name};
}

} // namespace mpapi::failover
