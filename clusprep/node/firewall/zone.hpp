// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether a zone of firewalld lets a packet in (firewalld.zone(5)). Pure.
//
// In the zone's order: rules that refuse, blocked ICMP types, what is opened, then the target. A
// rich rule that does anything but accept is not judged, so nothing is let in for certain; one that
// accepts is not counted on. Zones by source address and policies between zones are not looked at.
#pragma once

#include "clusprep/node/firewall/rule_set.hpp"

#include <string>
#include <utility>
#include <vector>

namespace mpapi::node::firewall {

using Ports = std::vector<std::pair<std::string, std::string>>; // "3343" or "3000-4000", "tcp"

struct Zone {
    std::string name;
    std::string target; // "default", "ACCEPT", "DROP", "%%REJECT%%"
    Ports ports;        // of the zone itself and of its services
    std::vector<std::string> protocols;
    std::vector<std::string> icmp_blocks;
    bool icmp_block_inversion = false;
    std::vector<std::string> rich_rules;
};

Judgement judge(const Zone& zone, const Packet& packet);

} // namespace mpapi::node::firewall
