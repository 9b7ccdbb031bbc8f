// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel and drivers say of the network of this machine, before anything is made of it.
//
// Reading needs no privilege. It takes as long as there are links and routes (a million of them is
// a second), and waits for whoever holds the kernel's lock of its network settings: nothing for a
// loop. Of the routes only default ones are kept.
#pragma once

#include "common/result.hpp"
#include "failover/kernel/facts.hpp"

#include <string>
#include <vector>

namespace mpapi::failover::adapters {

// SIOCETHTOOL; what a driver does not say is empty.
struct Driver {
    std::string name;
    std::string bus;       // "0000:00:03.0"
    bool wireless = false; // IEEE 802.11
};

struct Facts {
    std::vector<LinkFacts> links;
    std::vector<Driver> drivers; // of each link
    std::vector<AddressFacts> addresses;
    std::vector<GatewayFacts> gateways;
};

Result<Facts> read_facts();

} // namespace mpapi::failover::adapters
