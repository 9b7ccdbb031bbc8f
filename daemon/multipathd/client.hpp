// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks multipathd over its socket, without ever waiting for it.
//
// The protocol (libmpathcmd of multipath-tools 0.9.4): a message is its length as a size_t in the
// machine's byte order, then that many bytes of text with a NUL at the end. One request, one reply.
// multipathd answers what it refuses in words: "fail", "timeout", "permission deny: ..."; those
// become errors here. ("timeout": somebody held its lock for uxsock_timeout; what was asked for was
// not begun.) So does a reply that names the commands it would have understood.
//
// Each request has a connection of its own: after a deadline has passed a connection would be out
// of step. One request is under way at a time, for multipathd takes one at a time anyhow; the
// others queue, each with its deadline running.
//
// The socket is activated by systemd: to connect is to start what an administrator has stopped. The
// caller must know that multipathd runs (unit_state.hpp) before it asks. The socket is abstract, so
// while nobody listens anybody may take its name: a peer of another user than root is refused.
//
// Everything on the loop's thread.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace mpapi::multipathd {

class Client {
  public:
    struct Options {
        // Tried in this order until one accepts; "@" starts an abstract name. Newer versions have
        // the first, 0.9.4 of Debian 12 has the second.
        std::vector<std::string> addresses = {"/run/multipathd.socket",
                                              "@/org/kernel/linux/storage/multipathd"};
        std::size_t largest_reply = std::size_t{32} << 20U; // bytes, as libmpathcmd has it
        std::size_t largest_queue = 64;                     // requests
        uid_t peer = 0;                                     // whose process may be at the other end
    };

    // The reply without its NUL, or why there is none: errnum EAGAIN (it is busy), EIO
    // (it could not), ETIMEDOUT (it does not answer), EACCES, ECONNREFUSED, EBUSY (queue full)...
    using Answer = std::function<void(Result<std::string>)>;

    // `loop` must outlive the client.
    explicit Client(sd_event* loop);
    Client(sd_event* loop, Options options);
    ~Client(); // outstanding answers are not called
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // `command` as multipathd's command line has it, "show config"; at most 511 bytes, none of them
    // NUL. `limit` counts from now. `answer` is called once, from the loop, never from within; it
    // may ask again or destroy the client.
    void request(std::string command, std::chrono::milliseconds limit, Answer answer);

    // Requests that wait for their answer.
    std::size_t pending() const noexcept { return pending_.size(); }

  private:
    struct Pending;

    void wake();
    void pump();
    void start();
    Status connect_to(const std::string& address);
    void on_ready(std::uint32_t events);
    void send();
    void receive();
    void fail(std::string reason, int errnum = 0);
    void finish(Result<std::string> result);
    void disconnect();

    sd_event* loop_;
    Options options_;
    std::deque<std::unique_ptr<Pending>> pending_; // the first is under way if socket_ is open
    EventSource wake_;
    EventSource retry_;

    Fd socket_;
    EventSource ready_;
    std::string outgoing_;
    std::size_t sent_ = 0;
    std::string incoming_; // length and text
};

} // namespace mpapi::multipathd
