// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/link_watch.hpp"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/cache.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mpapi::discovery {

namespace {

using Cache = std::unique_ptr<nl_cache, DropWith<nl_cache_free>>;

// Some news come many at a time: a bond with its members, an address on each of many VLANs.
constexpr std::uint64_t kSettling = 50'000; // us

Error failed(const char* what, int code) {
    return {"ask the kernel for", what, nl_geterror(code)};
}

template <typename Use>
void for_each(nl_cache* cache, const Use& use) {
    for (nl_object* each = nl_cache_get_first(cache); each; each = nl_cache_get_next(each))
        use(each);
}

Interface read_link(rtnl_link* link) {
    Interface one;
    one.index = rtnl_link_get_ifindex(link);
    if (const char* name = rtnl_link_get_name(link)) one.name = name;
    const unsigned flags = rtnl_link_get_flags(link);
    one.loopback = (flags & IFF_LOOPBACK) != 0;
    one.usable =
        (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0 && (flags & IFF_BROADCAST) != 0;
    return one;
}

void add_address(Interfaces& all, rtnl_addr* address) {
    nl_addr* local = rtnl_addr_get_local(address);
    if (rtnl_addr_get_family(address) != AF_INET || local == nullptr) return;
    const auto one = std::find_if(all.begin(), all.end(), [&](const Interface& each) {
        return each.index == rtnl_addr_get_ifindex(address);
    });
    if (one == all.end() || nl_addr_get_len(local) != 4) return;
    std::uint32_t number = 0;
    std::memcpy(&number, nl_addr_get_binary_addr(local), sizeof number);
    const int prefix = std::clamp(rtnl_addr_get_prefixlen(address), 0, 32);
    one->networks.push_back({ntohl(number), static_cast<unsigned>(prefix)});
}

} // namespace

void LinkWatch::FreeSocket::operator()(nl_sock* socket) const noexcept {
    nl_socket_free(socket);
}

LinkWatch::LinkWatch(std::function<void()> changed)
  : changed_(std::move(changed)) {}

Result<std::unique_ptr<LinkWatch>> LinkWatch::start(sd_event* loop, std::function<void()> changed) {
    std::unique_ptr<LinkWatch> self(new LinkWatch(std::move(changed)));
    self->news_.reset(nl_socket_alloc());
    if (!self->news_) return Error{"make", "netlink socket", "", ENOMEM};
    nl_sock* news = self->news_.get();
    if (const int r = nl_connect(news, NETLINK_ROUTE); r < 0) return failed("news of links", r);
    nl_socket_disable_seq_check(news);
    const int r = nl_socket_add_memberships(news, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, 0);
    if (r < 0) return failed("news of links", r);
    if (const int e = nl_socket_set_nonblocking(news); e < 0) return failed("news of links", e);
    sd_event_source* source = nullptr;
    int e = sd_event_add_io(loop, &source, nl_socket_get_fd(news), EPOLLIN, readable, self.get());
    if (e < 0) return Error{"wait for", "news of links", "", -e};
    self->readable_.reset(source);
    e = sd_event_add_time_relative(loop, &source, CLOCK_MONOTONIC, kSettling, 1000, look_again,
                                   self.get());
    if (e < 0) return Error{"wait for", "news of links", "", -e};
    self->again_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    // News from now on are heard: nothing falls between.
    if (auto read = self->read(); !read) return read.error();
    return self;
}

Status LinkWatch::read() {
    const Socket socket(nl_socket_alloc());
    if (!socket) return Error{"make", "netlink socket", "", ENOMEM};
    if (const int r = nl_connect(socket.get(), NETLINK_ROUTE); r < 0) return failed("links", r);
    nl_cache* raw = nullptr;
    if (const int r = rtnl_link_alloc_cache(socket.get(), AF_UNSPEC, &raw); r < 0)
        return failed("links", r);
    const Cache links(raw);
    Interfaces all;
    for_each(raw, [&](nl_object* each) {
        all.push_back(read_link(reinterpret_cast<rtnl_link*>(each)));
    });
    if (const int r = rtnl_addr_alloc_cache(socket.get(), &raw); r < 0)
        return failed("addresses", r);
    const Cache addresses(raw);
    for_each(raw, [&](nl_object* each) { add_address(all, reinterpret_cast<rtnl_addr*>(each)); });
    std::sort(all.begin(), all.end(),
              [](const Interface& a, const Interface& b) { return a.index < b.index; });
    all_ = std::move(all);
    return Done{};
}

// What the news say is not looked at: some may have been lost (ENOBUFS), so all is read anew.
int LinkWatch::readable(sd_event_source*, int fd, std::uint32_t, void* userdata) {
    auto& self = *static_cast<LinkWatch*>(userdata);
    std::array<char, 8192> rest{};
    for (int i = 0; i < 64 && ::recv(fd, rest.data(), rest.size(), MSG_DONTWAIT) > 0; ++i) {
    }
    int enabled = SD_EVENT_OFF;
    sd_event_source_get_enabled(self.again_.get(), &enabled);
    if (enabled != SD_EVENT_OFF) return 0;
    sd_event_source_set_time_relative(self.again_.get(), kSettling);
    sd_event_source_set_enabled(self.again_.get(), SD_EVENT_ONESHOT);
    return 0;
}

int LinkWatch::look_again(sd_event_source* timer, std::uint64_t, void* userdata) {
    auto& self = *static_cast<LinkWatch*>(userdata);
    const Interfaces before = self.all_;
    if (!self.read()) { // the kernel had no room for the answer
        sd_event_source_set_time_relative(timer, 1'000'000);
        return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
    }
    if (self.all_ != before) self.changed_();
    return 0;
}

} // namespace mpapi::discovery
