// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network of the machine as IClusterNetwork2 and IClusterFirewall need it. Part of the seam
// node.hpp.
#pragma once

#include "clusprep/interfaces/outcome.hpp"
#include "clusprep/rpc/ndr/guid.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mpapi::csvp {

enum class AddressFamily : std::uint8_t { V4, V6 };

struct IpAddress {
    AddressFamily family = AddressFamily::V4;
    std::array<std::uint8_t, 16> bytes{}; // network order; IPv4 uses the first four, the rest is 0
    std::uint32_t scope = 0;              // interface index of a link-local IPv6 address, else 0

    bool operator==(const IpAddress&) const = default;
};

struct AdapterAddress {
    IpAddress address;
    std::uint32_t prefix_length = 0;
    bool operator==(const AdapterAddress&) const = default;
};

// ADAPTER (MS-CSVP 2.2.12). Texts are UTF-8; those that must be unique are made so above the seam.
struct Adapter {
    std::array<ndr::Guid, 2> ids{}; // stable over reboots, never zero, no two the same on a machine
    std::string name;               // unique: what the kernel or the adapter itself calls it
    std::string friendly_name;      // unique: what a person calls it
    std::string description;        // vendor and model, or what kind of virtual adapter it is
    std::vector<AdapterAddress> addresses;
    std::vector<IpAddress> gateways;
    std::vector<std::uint8_t> hardware_address; // empty: it has none
    std::uint32_t type = 1;                     // IANAifType: 6 Ethernet, 24 loopback, 131 tunnel
    std::uint32_t tunnel_type = 0;              // IANAtunnelType, 0: none
    std::uint32_t oper_status = 4;              // RFC 2863 ifOperStatus: 1 up, 2 down, 4 unknown
    bool dhcp = false;
    bool internal = false; // suits as a private network between nodes
    bool cluster = false;  // a virtual adapter of cluster software: none on Linux

    bool operator==(const Adapter&) const = default;
};

// CLUSTER_NETWORK_PROFILE (MS-CSVP 2.2.14).
enum class NetworkProfile : std::uint16_t { Public = 0, Private = 1, DomainAuthenticated = 2 };

// What the host's firewall lets in through one adapter. What cannot be judged is false.
struct AdapterFirewall {
    ndr::Guid adapter; // Adapter::ids[0]
    NetworkProfile profile = NetworkProfile::Public;
    bool server = false;     // node to node
    bool management = false; // ClusPrep itself
    bool common = false;     // what both need

    bool operator==(const AdapterFirewall&) const = default;
};

// The same for the whole host (MS-CSVP 3.4.4.5).
struct HostFirewall {
    bool server = false;
    bool management = false;
    bool operator==(const HostFirewall&) const = default;
};

class Network {
  public:
    virtual ~Network() = default;

    virtual void adapters(Completion<std::vector<Adapter>> done) = 0;
    // One ICMP echo, both addresses of one family; the time it took. Timeout when no answer came
    // within `timeout`; HostUnreachable, NetworkUnreachable; InvalidParameter when `source` is not
    // an address of this host.
    virtual void echo(const IpAddress& source, const IpAddress& destination,
                      std::chrono::milliseconds timeout,
                      Completion<std::chrono::milliseconds> done) = 0;
    // One for each adapter, in the order of adapters().
    virtual void adapter_firewalls(Completion<std::vector<AdapterFirewall>> done) = 0;
    virtual void host_firewall(Completion<HostFirewall> done) = 0;
};

} // namespace mpapi::csvp
