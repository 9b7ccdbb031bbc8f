// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages of rtnetlink: nothing is read beyond their end.
#include "failover/kernel/facts.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <vector>

using namespace mpapi::failover;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < sizeof(nlmsghdr)) return 0;
    // As received: aligned, and as long as its head says.
    std::vector<std::uint64_t> buffer((size + 7) / 8);
    std::memcpy(buffer.data(), data, size);
    auto* const message = reinterpret_cast<nlmsghdr*>(buffer.data());
    message->nlmsg_len = static_cast<std::uint32_t>(size);
    for (const int type : {RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNETCONF}) {
        message->nlmsg_type = static_cast<std::uint16_t>(type);
        (void)read_link(message);
        (void)read_address(message);
        (void)read_forwarding(message);
        (void)read_default_gateways(message);
    }
    return 0;
}
