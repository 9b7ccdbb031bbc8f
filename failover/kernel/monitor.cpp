// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/monitor.hpp"

#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <sys/epoll.h>

#include <cerrno>

namespace mpapi::failover {

Result<std::unique_ptr<Monitor>> Monitor::start(sd_event* loop, Listener& listener) {
    const auto failed = [](int code) {
        return Error{"listen to", "the kernel's network events", nl_geterror(code)};
    };
    NetlinkSocket socket(nl_socket_alloc());
    if (!socket) return Error{"make", "netlink socket", "", ENOMEM};
    nl_sock* const raw = socket.get();
    nl_socket_disable_seq_check(raw);
    int r = nl_connect(raw, NETLINK_ROUTE);
    if (r >= 0)
        r = nl_socket_add_memberships(raw, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                      RTNLGRP_IPV6_NETCONF, RTNLGRP_NONE);
    if (r >= 0) r = nl_socket_set_nonblocking(raw);
    if (r >= 0) r = nl_socket_set_buffer_size(raw, 1 << 20, 0);
    if (r < 0) return failed(r);
    std::unique_ptr<Monitor> monitor(new Monitor(std::move(socket), listener));
    nl_socket_modify_cb(raw, NL_CB_VALID, NL_CB_CUSTOM, heard, monitor.get());
    sd_event_source* source = nullptr;
    r = sd_event_add_io(loop, &source, nl_socket_get_fd(raw), EPOLLIN, readable, monitor.get());
    if (r < 0) return Error{"listen to", "the kernel's network events", "", -r};
    monitor->source_.reset(source);
    return monitor;
}

int Monitor::readable(sd_event_source*, int, std::uint32_t, void* userdata) {
    Monitor& self = *static_cast<Monitor*>(userdata);
    const int r = nl_recvmsgs_default(self.socket_.get());
    // ENOBUFS, as libnl has it; anything else that is no wait is as bad.
    if (r < 0 && r != -NLE_AGAIN && r != -NLE_INTR) self.listener_.overrun();
    return 0;
}

int Monitor::heard(nl_msg* message, void* userdata) {
    Monitor& self = *static_cast<Monitor*>(userdata);
    nlmsghdr* const head = nlmsg_hdr(message);
    if (const auto link = read_link(head)) {
        if (head->nlmsg_type == RTM_NEWLINK)
            self.listener_.link_is(*link);
        else
            self.listener_.link_gone(link->index);
    } else if (const auto forwarding = read_forwarding(head)) {
        self.listener_.forwards_is(*forwarding);
    } else if (head->nlmsg_type == RTM_DELADDR) {
        if (const auto address = read_address(head)) self.listener_.address_gone(*address);
    }
    return NL_OK;
}

} // namespace mpapi::failover
