// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Packets of one protocol on one interface, without the header of the link (packet(7)). Own frames
// are not received. Needs CAP_NET_RAW.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "failover/address/hardware.hpp"

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <span>

namespace mpapi::failover {

class PacketSocket {
  public:
    struct Received {
        std::span<const std::uint8_t> bytes; // in the buffer
        HardwareAddress from;
        // It is none of this link's: one with the tag of a VLAN, or to another host.
        bool elsewhere = false;
    };

    // `protocol`: ETH_P_*.
    static Result<PacketSocket> open(int link, std::uint16_t protocol,
                                     std::span<const sock_filter> filter);

    int fd() const { return fd_.get(); }
    // Where the kernel has no room for the program (net.core.optmem_max) all packets get in.
    Status set_filter(std::span<const sock_filter> filter);
    Status send(const HardwareAddress& to, std::span<const std::uint8_t> bytes);
    // Nothing where nothing waits. An error is that of the interface (ENETDOWN, ENXIO).
    Result<std::optional<Received>> receive(std::span<std::uint8_t> buffer);

  private:
    PacketSocket(Fd fd, int link, std::uint16_t protocol)
      : fd_(std::move(fd))
      , link_(link)
      , protocol_(protocol) {}

    Fd fd_;
    int link_;
    std::uint16_t protocol_;
};

// As a member of that IPv6 multicast group on the interface for as long as the descriptor is open
// (RFC 4862 5.4.2: of the solicited-node group, before its address is probed).
Result<Fd> join_group(int link, std::span<const std::uint8_t> group);

} // namespace mpapi::failover
