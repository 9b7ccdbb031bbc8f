// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether this host can have an address as it is wanted, and on which interface. Pure.
#pragma once

#include "failover/kernel/facts.hpp"
#include "failover/refused.hpp"
#include "failover/wanted.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace mpapi::failover {

// For the interface "auto": the index of the one that has an address of the narrowest network that
// this one is in. `there`: the addresses of this host.
std::variant<int, Refused> find_interface(const Ip& ip, const std::vector<AddressFacts>& there);

// Nothing for well. `link`: the one that is wanted; null where there is none of that name.
std::optional<Refused> objection(const Wanted& wanted, const LinkFacts* link,
                                 const std::vector<AddressFacts>& there);

} // namespace mpapi::failover
