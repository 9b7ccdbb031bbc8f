// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Why something is not done: one kind for each error on the bus (org.mpapi.Network1.Error.*), and
// what is to be read by a person.
#pragma once

#include <string>

namespace mpapi::failover {

enum class Refusal {
    InvalidAddress,   // no address, or none that a host can be given
    InvalidPrefix,    // none, or longer than the address
    NetworkAddress,   // that of the network itself
    BroadcastAddress, // of the network, or of all
    MulticastAddress,
    InvalidOption,
    HostsOwn,       // this host has it, and not by us
    AlreadyManaged, // it is online, or about to be
    NotManaged,
    NoSuchInterface,
    NoInterface,    // "auto", and none has an address of that network
    WrongInterface, // it cannot carry ARP or neighbour discovery
    InterfaceDown,
    Conflict,   // somebody else has it
    Superseded, // an Offline came while it was on its way online
    LimitsExceeded,
    Failed,
};

struct Refused {
    Refusal kind = Refusal::Failed;
    std::string text;
};

// The last part of the error's name.
const char* name_of(Refusal refusal);

} // namespace mpapi::failover
