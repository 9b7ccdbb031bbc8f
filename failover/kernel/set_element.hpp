// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An address as an element of a set of nftables, which rules look up: what they let in for the
// address is let in while it is here. The set is made by whoever makes the rules. Needs
// CAP_NET_ADMIN.
#pragma once

#include "common/result.hpp"
#include "failover/address/ip.hpp"

#include <string>

namespace mpapi::failover {

// "inet filter services": family, table and set. Of names that nft(8) takes without quotes.
bool is_set_name(const std::string& name);

Status add_to_set(const std::string& name, const Ip& ip);
// Well where it is not in it, or there is no such set.
Status remove_from_set(const std::string& name, const Ip& ip);

} // namespace mpapi::failover
