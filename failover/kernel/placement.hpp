// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where and how an address is put on an interface. A value.
#pragma once

#include "failover/address/ip.hpp"

#include <chrono>
#include <string>

namespace mpapi::failover {

struct Placement {
    Prefixed address;
    std::string label;                // IPv4: "eth0:1"; may be empty
    bool no_prefix_route = false;     // its network is not reached by it
    std::chrono::seconds lifetime{0}; // valid and preferred for so long; 0: for ever

    bool operator==(const Placement&) const = default;
};

} // namespace mpapi::failover
