// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/admission.hpp"

#include "common/text/printable.hpp"

#include <linux/if.h>
#include <linux/if_arp.h>

#include <algorithm>

namespace mpapi::failover {

std::variant<int, Refused> find_interface(const Ip& ip, const std::vector<AddressFacts>& there) {
    const AddressFacts* best = nullptr;
    bool several = false;
    for (const AddressFacts& each : there) {
        if (each.address.ip == ip || !each.address.contains(ip) || each.address.ip.link_local())
            continue;
        if (best && best->address.length > each.address.length) continue;
        several = best && best->address.length == each.address.length && best->link != each.link;
        best = &each;
    }
    if (!best || several)
        return Refused{Refusal::NoInterface,
                       std::string(several ? "Several interfaces have" : "No interface has") +
                           " an address of the network of " + ip.text() + "; name one."};
    return best->link;
}

std::optional<Refused> objection(const Wanted& wanted, const LinkFacts* link,
                                 const std::vector<AddressFacts>& there) {
    const Ip& ip = wanted.placement.address.ip;
    if (!link)
        return Refused{Refusal::NoSuchInterface, "There is no interface " + wanted.interface + "."};
    if (printable(link->name) != link->name)
        return Refused{Refusal::WrongInterface, "Its name cannot be kept on record."};
    const bool infiniband = link->hardware_type == ARPHRD_INFINIBAND && ip.v4();
    if ((link->hardware_type != ARPHRD_ETHER && !infiniband) ||
        (link->flags & (IFF_LOOPBACK | IFF_NOARP)) != 0)
        return Refused{Refusal::WrongInterface,
                       wanted.interface + " has no neighbours that could be told of an address."};
    if (link->port)
        return Refused{Refusal::WrongInterface,
                       wanted.interface + " is a port of another interface: name that one."};
    const std::string& label = wanted.placement.label;
    if (!label.empty() && (!ip.v4() || label.size() >= IFNAMSIZ || label.find('/') != label.npos ||
                           printable(label) != label || !label.starts_with(wanted.interface)))
        return Refused{Refusal::InvalidOption,
                       "label: expected up to 15 characters that begin with " + wanted.interface +
                           ", and IPv4."};
    if (std::any_of(there.begin(), there.end(), [&](const AddressFacts& each) {
            return each.address.ip == ip &&
                   (ip.v4() || !ip.link_local() || each.link == link->index);
        }))
        return Refused{Refusal::HostsOwn, ip.text() + " is an address of this host already."};
    if (!link->state().usable())
        return Refused{Refusal::InterfaceDown,
                       wanted.interface +
                           ((link->flags & IFF_UP) != 0 ? " has no carrier." : " is down.")};
    return std::nullopt;
}

} // namespace mpapi::failover
