// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tells the node's object resolver that our objects are still wanted (MS-DCOM 3.2.6.1): one ping
// set, told of what came and went every 120 seconds. A node that misses three of them lets the
// objects go. A ping has a connection of its own, without authentication, as the resolver asks for
// none.
#pragma once

#include "clusprep/rpc/client.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace mpapi::client {

class Pinger {
  public:
    // The loop outlives it. Nothing is sent before the first period is over.
    Pinger(sd_event* loop, std::string host, std::uint16_t port, std::chrono::seconds period);
    Pinger(const Pinger&) = delete;
    Pinger& operator=(const Pinger&) = delete;

    void add(std::uint64_t oid);
    void remove(std::uint64_t oid);

  private:
    static int due(sd_event_source* timer, std::uint64_t now, void* userdata);
    void arm();
    void ping();
    void send();

    sd_event* loop_;
    std::string host_;
    std::uint16_t port_;
    std::chrono::seconds period_;
    EventSource timer_;
    std::unique_ptr<rpc::Client> connection_; // of the ping under way
    std::set<std::uint64_t> wanted_, told_;   // OIDs: ours, and those that the node has in the set
    std::uint64_t set_ = 0;                   // 0: there is none yet
    std::uint16_t sequence_ = 0;
};

} // namespace mpapi::client
