// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/interface.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace mpapi::discovery {

bool Network::has_host(std::uint32_t host) const {
    if ((host & mask()) != (address & mask())) return false;
    return prefix >= 31 || (host != broadcast() && host != (address & mask()));
}

bool is_wanted(const std::string& name, const std::vector<std::string>& patterns) {
    return patterns.empty() ||
           std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
               return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
           });
}

Interfaces choose(const Interfaces& all, const std::vector<std::string>& patterns) {
    Interfaces chosen;
    for (const Interface& one : all) {
        if (!one.usable || one.loopback || !is_wanted(one.name, patterns)) continue;
        Interface kept = one;
        std::erase_if(kept.networks,
                      [](const Network& network) { return network.broadcast() == 0; });
        if (!kept.networks.empty()) chosen.push_back(std::move(kept));
    }
    return chosen;
}

bool is_neighbour(const Interface& interface, std::uint32_t host) {
    return std::any_of(interface.networks.begin(), interface.networks.end(),
                       [&](const Network& network) { return network.has_host(host); });
}

const Interface* interface_of(const Interfaces& chosen, int index, std::uint32_t from) {
    const auto is_own = [&](const Interface& one) {
        return std::any_of(one.networks.begin(), one.networks.end(),
                           [&](const Network& network) { return network.address == from; });
    };
    for (const Interface& one : chosen)
        if (is_own(one)) return &one;
    for (const Interface& one : chosen)
        if (index == 0 ? is_neighbour(one, from) : one.index == index) return &one;
    return nullptr;
}

} // namespace mpapi::discovery
