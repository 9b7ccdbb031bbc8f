// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/connections.hpp"

#include "common/system/handle.hpp"
#include "failover/kernel/netlink.hpp"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netlink/errno.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mpapi::failover {

namespace {

using Message = std::unique_ptr<nl_msg, DropWith<nlmsg_free>>;

struct Found {
    const Ip& ip;
    std::vector<inet_diag_msg> sockets;
};

// ::ffff:192.0.2.7 is a socket of IPv6 that speaks IPv4.
bool is_from(const inet_diag_msg& socket, const Ip& ip) {
    const auto* const source = reinterpret_cast<const std::uint8_t*>(socket.id.idiag_src);
    if (socket.idiag_family == ip.family)
        return std::equal(ip.bytes().begin(), ip.bytes().end(), source);
    constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return ip.v4() && socket.idiag_family == AF_INET6 &&
           std::equal(std::begin(mapped), std::end(mapped), source) &&
           std::equal(ip.bytes().begin(), ip.bytes().end(), source + sizeof mapped);
}

int keep(nl_msg* message, void* userdata) {
    Found& found = *static_cast<Found*>(userdata);
    nlmsghdr* const head = nlmsg_hdr(message);
    if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || !nlmsg_valid_hdr(head, sizeof(inet_diag_msg)))
        return NL_OK;
    inet_diag_msg socket{};
    std::memcpy(&socket, nlmsg_data(head), sizeof socket);
    if (is_from(socket, found.ip)) found.sockets.push_back(socket);
    return NL_OK;
}

Message message_of(int type, int flags, const inet_diag_req_v2& request) {
    Message message(nlmsg_alloc_simple(type, flags));
    if (message && nlmsg_append(message.get(), const_cast<inet_diag_req_v2*>(&request),
                                sizeof request, NLMSG_ALIGNTO) < 0)
        message.reset();
    return message;
}

int list(nl_sock* socket, inet_diag_req_v2 request, Found& found) {
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, keep, &found);
    // Those without a peer are of no interest.
    request.idiag_states = ~((1u << TCP_LISTEN) | (1u << TCP_CLOSE) | (1u << TCP_TIME_WAIT));
    const Message message = message_of(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request);
    int r = message ? nl_send_auto(socket, message.get()) : -NLE_NOMEM;
    if (r >= 0) r = nl_recvmsgs_default(socket);
    return r;
}

int destroy(nl_sock* socket, inet_diag_req_v2 request, const inet_diag_msg& each) {
    request.sdiag_family = each.idiag_family;
    request.idiag_states = ~0u;
    request.id = each.id;
    const Message message = message_of(SOCK_DESTROY, 0, request);
    int r = message ? nl_send_auto(socket, message.get()) : -NLE_NOMEM;
    if (r >= 0) r = nl_wait_for_ack(socket);
    return r == -NLE_OBJ_NOTFOUND ? 0 : r; // it ended meanwhile
}

Ip peer_of(const inet_diag_msg& socket, const Ip& ip) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(socket.id.idiag_dst);
    const std::size_t skip = ip.v4() && socket.idiag_family == AF_INET6 ? 12 : 0;
    return Ip::of(ip.family, {bytes + skip, ip.size()});
}

} // namespace

Result<std::vector<Connection>> destroy_connections(const Ip& ip) {
    const auto failed = [&](int code) {
        return Error{"destroy", "sockets of " + ip.text(), nl_geterror(code)};
    };
    const NetlinkSocket socket(nl_socket_alloc());
    if (!socket) return Error{"make", "netlink socket", "", ENOMEM};
    if (const int r = nl_connect(socket.get(), NETLINK_SOCK_DIAG); r < 0) return failed(r);
    std::vector<Connection> connections;
    int worst = 0;
    for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_TCP}, std::uint8_t{IPPROTO_UDP}}) {
        Found found{ip, {}};
        inet_diag_req_v2 request{};
        request.sdiag_protocol = protocol;
        for (const int family : {AF_INET, AF_INET6}) {
            if (family == AF_INET && !ip.v4()) continue;
            request.sdiag_family = static_cast<std::uint8_t>(family);
            // A kernel without IPv6 has none of its sockets; one without UDP's diagnosis hides
            // them.
            const int r = list(socket.get(), request, found);
            if (r < 0 && protocol == IPPROTO_TCP && family == ip.family) worst = r;
        }
        for (const inet_diag_msg& each : found.sockets) {
            if (protocol == IPPROTO_TCP)
                connections.push_back(
                    {ntohs(each.id.idiag_sport), peer_of(each, ip), ntohs(each.id.idiag_dport)});
            if (const int r = destroy(socket.get(), request, each); r < 0) worst = r;
        }
    }
    if (worst < 0) return failed(worst);
    return connections;
}

} // namespace mpapi::failover
