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

constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// ::ffff:192.0.2.7 is a socket of IPv6 that speaks IPv4.
Ip address_of(const inet_diag_msg& socket, const std::uint32_t (&words)[4]) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(words);
    if (socket.idiag_family == AF_INET) return Ip::of(AF_INET, {bytes, 4});
    if (std::equal(std::begin(kMapped), std::end(kMapped), bytes))
        return Ip::of(AF_INET, {bytes + sizeof kMapped, 4});
    return Ip::of(AF_INET6, {bytes, 16});
}

struct Found {
    const std::vector<Ip>& addresses;
    std::uint8_t protocol;
    std::vector<OpenSocket> sockets;
};

int keep(nl_msg* message, void* userdata) {
    Found& found = *static_cast<Found*>(userdata);
    nlmsghdr* const head = nlmsg_hdr(message);
    if ((head->nlmsg_type != SOCK_DIAG_BY_FAMILY && head->nlmsg_type != TCPDIAG_GETSOCK) ||
        !nlmsg_valid_hdr(head, sizeof(inet_diag_msg)))
        return NL_OK;
    OpenSocket socket{found.protocol, {}};
    std::memcpy(&socket.told, nlmsg_data(head), sizeof socket.told);
    const Ip source = address_of(socket.told, socket.told.id.idiag_src);
    if (std::find(found.addresses.begin(), found.addresses.end(), source) != found.addresses.end())
        found.sockets.push_back(socket);
    return NL_OK;
}

template <typename Request>
Message message_of(int type, int flags, const Request& request) {
    Message message(nlmsg_alloc_simple(type, flags));
    if (message && nlmsg_append(message.get(), const_cast<Request*>(&request), sizeof request,
                                NLMSG_ALIGNTO) < 0)
        message.reset();
    return message;
}

// Those without a peer are of no interest.
constexpr std::uint32_t kStates = ~((1u << TCP_LISTEN) | (1u << TCP_CLOSE) | (1u << TCP_TIME_WAIT));

int list(nl_sock* socket, const Message& message, Found& found) {
    if (!message) return -NLE_NOMEM;
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, keep, &found);
    const int r = nl_send_auto(socket, message.get());
    return r < 0 ? r : nl_recvmsgs_default(socket);
}

int destroy_one(nl_sock* socket, const OpenSocket& each) {
    inet_diag_req_v2 request{};
    request.sdiag_family = each.told.idiag_family;
    request.sdiag_protocol = each.protocol;
    request.idiag_states = ~0u;
    request.id = each.told.id;
    const Message message = message_of(SOCK_DESTROY, 0, request);
    int r = message ? nl_send_auto(socket, message.get()) : -NLE_NOMEM;
    if (r >= 0) r = nl_wait_for_ack(socket);
    return r == -NLE_OBJ_NOTFOUND ? 0 : r; // it ended meanwhile
}

Error failed(const char* action, int code) {
    return {action, "sockets of an address", nl_geterror(code)};
}

Result<NetlinkSocket> open() {
    NetlinkSocket socket(nl_socket_alloc());
    if (!socket) return Error{"make", "netlink socket", "", ENOMEM};
    if (const int r = nl_connect(socket.get(), NETLINK_SOCK_DIAG); r < 0)
        return failed("look for", r);
    return socket;
}

} // namespace

Result<std::vector<OpenSocket>> sockets_of(const std::vector<Ip>& addresses) {
    const auto socket = open();
    if (!socket) return socket.error();
    Found found{addresses, IPPROTO_TCP, {}};
    // The older form of the request is the one for both families at once.
    inet_diag_req tcp{};
    tcp.idiag_states = kStates;
    const int r = list(socket->get(), message_of(TCPDIAG_GETSOCK, NLM_F_DUMP, tcp), found);
    if (r < 0) return failed("look for", r);
    found.protocol = IPPROTO_UDP;
    for (const int family : {AF_INET, AF_INET6}) {
        inet_diag_req_v2 udp{};
        udp.sdiag_family = static_cast<std::uint8_t>(family);
        udp.sdiag_protocol = IPPROTO_UDP;
        udp.idiag_states = kStates;
        // A kernel without IPv6 has none of its sockets; one without UDP's diagnosis hides them.
        (void)list(socket->get(), message_of(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, udp), found);
    }
    return std::move(found.sockets);
}

Result<std::vector<Connection>> destroy(const std::vector<OpenSocket>& sockets) {
    std::vector<Connection> connections;
    if (sockets.empty()) return connections;
    const auto socket = open();
    if (!socket) return socket.error();
    int worst = 0;
    for (const OpenSocket& each : sockets) {
        if (each.protocol == IPPROTO_TCP)
            connections.push_back({ntohs(each.told.id.idiag_sport),
                                   address_of(each.told, each.told.id.idiag_dst),
                                   ntohs(each.told.id.idiag_dport)});
        if (const int r = destroy_one(socket->get(), each); r < 0) worst = r;
    }
    if (worst < 0) return failed("destroy", worst);
    return connections;
}

} // namespace mpapi::failover
