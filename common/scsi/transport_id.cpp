// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/transport_id.hpp"

#include "common/scsi/text.hpp"

#include <charconv>

namespace mpapi::scsi {

namespace {

constexpr std::size_t plain_length = 24; // of every protocol but iSCSI
constexpr std::size_t longest_iscsi_name = 223;
constexpr std::size_t isid_digits = 12;
constexpr std::string_view isid_separator = ",i,0x";

Error id_error(std::string reason) {
    return {"parse TransportID", "", std::move(reason)};
}

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string hex_number(std::uint64_t value, std::size_t digits) {
    std::array<std::uint8_t, 8> bytes{};
    detail::store(std::span<std::uint8_t>(bytes), 0, value);
    return to_hex(bytes).substr(16 - digits);
}

Result<TransportId> parse_iscsi(Bytes bytes, unsigned format) {
    const Text text = utf8_field(bytes);
    if (!text.valid()) return id_error("iSCSI name: " + text.reason);
    IscsiInitiator initiator{text.text, std::nullopt};
    if (format == 1) {
        const std::size_t separator = initiator.name.find(isid_separator);
        if (separator == std::string::npos)
            return id_error("an iSCSI initiator port without \",i,0x\" before its ISID");
        const std::string_view digits =
            std::string_view(initiator.name).substr(separator + isid_separator.size());
        std::uint64_t isid = 0;
        const char* const end = digits.data() + digits.size();
        const auto [stopped, failure] = std::from_chars(digits.data(), end, isid, 16);
        if (digits.empty() || digits.size() > isid_digits || stopped != end ||
            failure != std::errc{})
            return id_error("ISID \"" + std::string(digits) + "\" is not 1 to 12 digits");
        initiator.isid = isid;
        initiator.name.resize(separator);
    }
    if (initiator.name.empty()) return id_error("the iSCSI name is empty");
    if (initiator.name.size() > longest_iscsi_name)
        return id_error("an iSCSI name of " + byte_count(initiator.name.size()));
    return TransportId(std::move(initiator));
}

std::vector<std::uint8_t> build_plain(Protocol protocol, std::size_t offset, Bytes name) {
    Writer writer(plain_length);
    writer.u8(static_cast<std::uint8_t>(protocol));
    writer.zeros(offset - 1);
    writer.bytes(name);
    writer.zeros(plain_length - writer.size());
    return std::move(writer).take();
}

std::vector<std::uint8_t> build_plain(Protocol protocol, std::size_t offset, std::uint64_t name) {
    std::array<std::uint8_t, 8> bytes{};
    detail::store(std::span<std::uint8_t>(bytes), 0, name);
    return build_plain(protocol, offset, bytes);
}

Result<std::vector<std::uint8_t>> build_iscsi(const IscsiInitiator& initiator) {
    const auto refuse = [&](std::string reason) {
        return Error{"build TransportID", initiator.name, std::move(reason)};
    };
    if (initiator.name.empty()) return refuse("the iSCSI name is empty");
    if (initiator.name.size() > longest_iscsi_name)
        return refuse("an iSCSI name of " + byte_count(initiator.name.size()));
    if (initiator.isid && *initiator.isid >> 48 != 0) return refuse("an ISID of over 48 bits");
    Writer writer;
    writer.u8(static_cast<std::uint8_t>((initiator.isid ? 0x40u : 0u) |
                                        static_cast<unsigned>(Protocol::Iscsi)));
    writer.u8(0);
    writer.u16(0);
    writer.text(initiator.name);
    if (initiator.isid) {
        writer.text(isid_separator);
        writer.text(hex_number(*initiator.isid, isid_digits));
    }
    // At least one NUL ends the name; NULs fill it up to a multiple of four, and to 20.
    do
        writer.u8(0);
    while (writer.size() % 4 != 0 || writer.size() < plain_length);
    writer.set_u16(2, static_cast<std::uint16_t>(writer.size() - 4));
    return std::move(writer).take();
}

} // namespace

std::size_t transport_id_length(Bytes bytes) {
    if (bytes.size() < 4) return 0;
    const bool iscsi = (bytes[0] & 0x0f) == static_cast<unsigned>(Protocol::Iscsi);
    return iscsi ? std::size_t{4} + load_u16(bytes, 2) : plain_length;
}

Result<TransportId> parse_transport_id(Bytes bytes) {
    const std::size_t length = transport_id_length(bytes);
    if (length == 0) return id_error(byte_count(bytes.size()) + ", a header has 4");
    if (bytes.size() < length)
        return id_error(byte_count(length) + " announced, " + std::to_string(bytes.size()) +
                        " received");
    bytes = bytes.first(length);
    const auto protocol = static_cast<Protocol>(bytes[0] & 0x0f);
    const unsigned format = bytes[0] >> 6;
    if (format > (protocol == Protocol::Iscsi ? 1u : 0u))
        return id_error("format code " + std::to_string(format) + " for protocol " +
                        std::to_string(static_cast<unsigned>(protocol)));
    switch (protocol) {
    case Protocol::FibreChannel:
        return TransportId(FibreChannelInitiator{load_u64(bytes, 8)});
    case Protocol::Iscsi:
        return parse_iscsi(bytes.subspan(4), format);
    case Protocol::Sas:
        return TransportId(SasInitiator{load_u64(bytes, 4)});
    case Protocol::Srp: {
        SrpInitiator initiator;
        std::copy_n(bytes.begin() + 8, initiator.port_id.size(), initiator.port_id.begin());
        return TransportId(initiator);
    }
    default: {
        OtherInitiator initiator;
        std::copy_n(bytes.begin(), initiator.bytes.size(), initiator.bytes.begin());
        return TransportId(initiator);
    }
    }
}

Result<std::vector<std::uint8_t>> build_transport_id(const TransportId& id) {
    using Built = Result<std::vector<std::uint8_t>>;
    return std::visit(
        Overloaded{
            [](const FibreChannelInitiator& initiator) -> Built {
                return build_plain(Protocol::FibreChannel, 8, initiator.port_name);
            },
            [](const IscsiInitiator& initiator) -> Built { return build_iscsi(initiator); },
            [](const SasInitiator& initiator) -> Built {
                return build_plain(Protocol::Sas, 4, initiator.address);
            },
            [](const SrpInitiator& initiator) -> Built {
                return build_plain(Protocol::Srp, 8, Bytes(initiator.port_id));
            },
            [](const OtherInitiator& initiator) -> Built {
                return std::vector<std::uint8_t>(initiator.bytes.begin(), initiator.bytes.end());
            },
        },
        id);
}

Protocol transport_id_protocol(const TransportId& id) {
    return std::visit(
        Overloaded{
            [](const FibreChannelInitiator&) { return Protocol::FibreChannel; },
            [](const IscsiInitiator&) { return Protocol::Iscsi; },
            [](const SasInitiator&) { return Protocol::Sas; },
            [](const SrpInitiator&) { return Protocol::Srp; },
            [](const OtherInitiator& other) { return static_cast<Protocol>(other.bytes[0] & 0xf); },
        },
        id);
}

std::string transport_id_text(const TransportId& id) {
    return std::visit(
        Overloaded{
            [](const FibreChannelInitiator& initiator) {
                return hex_number(initiator.port_name, 16);
            },
            [](const IscsiInitiator& initiator) {
                return initiator.isid
                           ? initiator.name + "," + hex_number(*initiator.isid, isid_digits)
                           : initiator.name;
            },
            [](const SasInitiator& initiator) { return hex_number(initiator.address, 16); },
            [](const SrpInitiator& initiator) { return to_hex(initiator.port_id); },
            [](const OtherInitiator& initiator) { return to_hex(initiator.bytes); },
        },
        id);
}

} // namespace mpapi::scsi
