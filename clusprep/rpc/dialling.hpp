// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A TCP connection to a host, its addresses tried in the resolver's order.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <string>
#include <vector>

#include <netdb.h>
#include <sys/socket.h>

namespace mpapi::rpc {

// Gone, it calls nothing any more.
class Dialling {
  public:
    using Connected = std::function<void(Result<Fd>)>;

    explicit Dialling(sd_event* loop)
      : loop_(loop) {}
    Dialling(const Dialling&) = delete;
    Dialling& operator=(const Dialling&) = delete;

    // Looks the name up, then begins. `connected` is called once if this succeeds, from the loop,
    // and may destroy the Dialling.
    Status begin(const std::string& host, std::uint16_t port, Connected connected);

  private:
    struct Address {
        sockaddr_storage storage;
        socklen_t size;
        int family;
    };

    bool try_next();
    void ready();

    sd_event* loop_;
    std::string object_; // "host port 135"
    std::vector<Address> addresses_;
    std::size_t next_ = 0;
    Connected connected_;
    Error last_;
    Fd socket_;
    EventSource source_;
};

} // namespace mpapi::rpc
