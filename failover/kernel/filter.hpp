// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programs that run in the kernel for each packet (socket(7), SO_ATTACH_FILTER), so that this
// process is woken by what is about its addresses only. What is malformed passes: it is counted.
// Pure.
#pragma once

#include "failover/address/ip.hpp"

#include <linux/filter.h>

#include <vector>

namespace mpapi::failover {

// More addresses than fit a program (BPF_MAXINSNS; net.core.optmem_max was 20480 until Linux 6.7):
// all packets pass.
inline constexpr std::size_t kMostFiltered = 1000;

// ARP whose sender address is one of these, or is zero with one of these as the target. `length` of
// the interface's hardware addresses.
std::vector<sock_filter> arp_filter(const std::vector<Ip>& addresses, std::size_t length);
// Neighbour solicitations and advertisements whose target ends as one of these does.
std::vector<sock_filter> nd_filter(const std::vector<Ip>& addresses);

} // namespace mpapi::failover
