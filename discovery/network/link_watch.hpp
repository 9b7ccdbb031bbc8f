// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The interfaces of this machine and their IPv4 networks, and that they change: links and addresses
// that come, go and change are told by rtnetlink(7). Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "discovery/network/interface.hpp"

#include <functional>
#include <memory>

struct nl_sock;

namespace mpapi::discovery {

class LinkWatch {
  public:
    // `changed` is called when all() is another; not for what was there at the start.
    static Result<std::unique_ptr<LinkWatch>> start(sd_event* loop, std::function<void()> changed);
    LinkWatch(const LinkWatch&) = delete;
    LinkWatch& operator=(const LinkWatch&) = delete;

    const Interfaces& all() const { return all_; }

  private:
    struct FreeSocket {
        void operator()(nl_sock* socket) const noexcept;
    };
    using Socket = std::unique_ptr<nl_sock, FreeSocket>;

    explicit LinkWatch(std::function<void()> changed);
    Status read();
    static int readable(sd_event_source*, int fd, std::uint32_t, void* userdata);
    static int look_again(sd_event_source*, std::uint64_t, void* userdata);

    std::function<void()> changed_;
    Interfaces all_;
    Socket news_;
    EventSource readable_;
    EventSource again_;
};

} // namespace mpapi::discovery
