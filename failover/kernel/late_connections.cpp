// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/late_connections.hpp"

#include "failover/kernel/connections.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::failover {

namespace {

constexpr std::uint64_t kLater = 1'000'000; // microseconds

} // namespace

void LateConnections::end_of(const Ip& ip) {
    removed_.push_back(ip);
    // A daemon that ends has no second to wait.
    if (timer_ || sd_event_get_state(loop_) == SD_EVENT_FINISHED) return;
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC, kLater, 0, due, this);
    if (r < 0) return trouble_({"wait for", "the last connections of an address", "", -r});
    timer_.reset(source);
}

int LateConnections::due(sd_event_source*, std::uint64_t, void* userdata) {
    LateConnections& self = *static_cast<LateConnections*>(userdata);
    self.timer_.reset();
    self.look();
    return 0;
}

void LateConnections::look() {
    std::vector<Ip> gone = std::exchange(removed_, {});
    if (gone.empty()) return;
    const auto there = netlink_.addresses(0);
    if (!there) return;
    std::erase_if(gone, [&](const Ip& ip) {
        return std::any_of(there->begin(), there->end(),
                           [&](const AddressFacts& each) { return each.address.ip == ip; });
    });
    if (gone.empty()) return;
    if (const auto sockets = sockets_of(gone))
        if (auto destroyed = destroy(*sockets); !destroyed) trouble_(destroyed.error());
}

} // namespace mpapi::failover
