// SPDX-License-Identifier: LGPL-2.1-or-later
//
// TransportIDs (SPC-3 7.5.4): how persistent reservations name an initiator port. Fibre Channel,
// iSCSI in both formats, SAS and SRP are understood; of other protocols the 24 bytes are kept as
// they are. Pure functions, no state.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/commands.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace mpapi::scsi {

struct FibreChannelInitiator { // 7.5.4.2
    std::uint64_t port_name = 0;
    bool operator==(const FibreChannelInitiator&) const = default;
};

// 7.5.4.6. Without an ISID the name stands for all ports of the initiator (format 00b).
struct IscsiInitiator {
    std::string name;
    std::optional<std::uint64_t> isid; // 48 bits
    bool operator==(const IscsiInitiator&) const = default;
};

struct SasInitiator { // 7.5.4.7
    std::uint64_t address = 0;
    bool operator==(const SasInitiator&) const = default;
};

struct SrpInitiator { // 7.5.4.5
    std::array<std::uint8_t, 16> port_id{};
    bool operator==(const SrpInitiator&) const = default;
};

struct OtherInitiator {
    std::array<std::uint8_t, 24> bytes{}; // byte 0 has the format code and the protocol
    bool operator==(const OtherInitiator&) const = default;
};

using TransportId =
    std::variant<FibreChannelInitiator, IscsiInitiator, SasInitiator, SrpInitiator, OtherInitiator>;

// How long the TransportID at the beginning of the bytes is by its own header; 0 when the header
// is not there.
std::size_t transport_id_length(Bytes bytes);

// The TransportID at the beginning of the bytes; more may follow. Fails when it is cut, has a
// format its protocol does not know, or an iSCSI name that is none.
Result<TransportId> parse_transport_id(Bytes bytes);
// A multiple of four bytes, 24 at least. Fails for an iSCSI name over 223 bytes (RFC 7143 4.2.7.1)
// or an empty one, and for an ISID over 48 bits.
Result<std::vector<std::uint8_t>> build_transport_id(const TransportId& id);

Protocol transport_id_protocol(const TransportId& id);

// As model::InitiatorPort::port_id: 16 hexadecimal digits for Fibre Channel and SAS,
// "iqn…,00023d000001" or only the name for iSCSI, 32 digits for SRP, 48 for others.
std::string transport_id_text(const TransportId& id);

} // namespace mpapi::scsi
