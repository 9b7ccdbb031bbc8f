// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ADAPTERLIST, ADAPTER, IPPREFIX, SERIALIZEDGUID (MS-CSVP 2.2.10 to 2.2.13): the bytes that
// GetIpConfigSerialized carries in its SAFEARRAY. Packed and unaligned; texts are UTF-16 with their
// length in bytes in front and no terminator; counts are 16 bits; numbers are little-endian.
//
// Addresses are the sockaddrs of Windows, whatever machine this is: family, port, then for AF_INET
// (2) the address, for AF_INET6 (0x17; Linux says 10) flow info, address, scope id; 128 bytes.
//
// PhysicalAddress: "AA-BB-CC-DD-EE-FF". 2.2.12 wants the characters that an address of fewer than 8
// bytes lacks as 0x00, so the field is 23 characters long for all up to 8 bytes, those of an
// adapter without an address all 0x00. A longer one (InfiniBand: 20 bytes) is written whole.
//
// Deviation: "exactly one" ADAPTER SHOULD be a ClusterAdapter. That is a virtual adapter of
// Windows' cluster software, and Linux has no counterpart to show.
#pragma once

#include "clusprep/interfaces/network.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mpapi::csvp {

// As on the wire; texts are UTF-8.
struct AdapterRecord {
    std::string description, friendly_name, name;
    std::vector<AdapterAddress> prefixes;
    std::string physical_address; // without the padding
    std::vector<IpAddress> addresses, gateways;
    std::uint32_t type = 0, tunnel_type = 0, oper_status = 0;
    std::uint32_t dhcp_enabled = 0, internal_network = 0, cluster_adapter = 0;

    bool operator==(const AdapterRecord&) const = default;
};

struct AdapterList {
    std::string server_name;
    std::vector<AdapterRecord> adapters;
    std::vector<std::string> guids; // at least two for each adapter, theirs first and in order

    bool operator==(const AdapterList&) const = default;
};

// What GetIpConfigSerialized answers. `filter`: without cluster, loopback and tunnel adapters
// (3.4.4.3). Texts that must be unique and are not get " #2", " #3" behind them.
AdapterList describe_adapters(std::string server_name, const std::vector<Adapter>& adapters,
                              bool filter);

// Fails when something does not fit its 16-bit length or count.
Result<std::vector<std::uint8_t>> encode_adapter_list(const AdapterList& list);
// Bytes behind the last Guid are an error.
Result<AdapterList> decode_adapter_list(std::span<const std::uint8_t> bytes);

} // namespace mpapi::csvp
