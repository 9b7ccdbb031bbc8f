// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/refused.hpp"

namespace mpapi::failover {

const char* name_of(Refusal refusal) {
    switch (refusal) {
    case Refusal::InvalidAddress:
        return "InvalidAddress";
    case Refusal::InvalidPrefix:
        return "InvalidPrefix";
    case Refusal::NetworkAddress:
        return "NetworkAddress";
    case Refusal::BroadcastAddress:
        return "BroadcastAddress";
    case Refusal::MulticastAddress:
        return "MulticastAddress";
    case Refusal::InvalidOption:
        return "InvalidOption";
    case Refusal::HostsOwn:
        return "HostsOwn";
    case Refusal::AlreadyManaged:
        return "AlreadyManaged";
    case Refusal::NotManaged:
        return "NotManaged";
    case Refusal::NoSuchInterface:
        return "NoSuchInterface";
    case Refusal::NoInterface:
        return "NoInterface";
    case Refusal::WrongInterface:
        return "WrongInterface";
    case Refusal::InterfaceDown:
        return "InterfaceDown";
    case Refusal::Conflict:
        return "Conflict";
    case Refusal::Superseded:
        return "Superseded";
    case Refusal::LimitsExceeded:
        return "LimitsExceeded";
    case Refusal::Failed:
        break;
    }
    return "Failed";
}

} // namespace mpapi::failover
