// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/persistent_reserve_in.hpp"

#include "common/scsi/text.hpp"

namespace mpapi::scsi {

namespace {

constexpr std::size_t header_length = 8;
constexpr std::size_t key_length = 8;
constexpr std::size_t reservation_length = 16;
constexpr std::size_t registration_length = 24; // without the TransportID

struct TypeEntry {
    ReservationType type;
    std::uint16_t mask; // bytes 4 and 5 of REPORT CAPABILITIES, SPC-3 6.11.4.1
    std::string_view text;
};

constexpr std::array<TypeEntry, 6> types{{
    {ReservationType::WriteExclusive, 0x0200, "write exclusive"},
    {ReservationType::ExclusiveAccess, 0x0800, "exclusive access"},
    {ReservationType::WriteExclusiveRegistrantsOnly, 0x2000, "write exclusive, registrants only"},
    {ReservationType::ExclusiveAccessRegistrantsOnly, 0x4000, "exclusive access, registrants only"},
    {ReservationType::WriteExclusiveAllRegistrants, 0x8000, "write exclusive, all registrants"},
    {ReservationType::ExclusiveAccessAllRegistrants, 0x0001, "exclusive access, all registrants"},
}};

const char* action_name(ReserveInAction action) {
    switch (action) {
    case ReserveInAction::ReadKeys:
        return "parse READ KEYS data";
    case ReserveInAction::ReadReservation:
        return "parse READ RESERVATION data";
    case ReserveInAction::ReportCapabilities:
        return "parse REPORT CAPABILITIES data";
    default:
        return "parse READ FULL STATUS data";
    }
}

Error reply_error(ReserveInAction action, std::string reason) {
    return {action_name(action), "", std::move(reason)};
}

// The whole reply as its header announces it, once that many bytes are known to be there.
Result<Bytes> whole_reply(ReserveInAction action, Bytes reply) {
    if (reply.size() < header_length)
        return reply_error(action, byte_count(reply.size()) + " received, a header has 8");
    const std::size_t length = reserve_in_length(action, reply);
    if (reply.size() < length)
        return reply_error(action, "the header announces " + byte_count(length) + ", " +
                                       std::to_string(reply.size()) + " received");
    return reply.first(length);
}

std::uint8_t scope_and_type(std::uint8_t scope, ReservationType type) {
    return static_cast<std::uint8_t>((scope & 0xfu) << 4 | (static_cast<unsigned>(type) & 0xf));
}

} // namespace

bool is_known(ReservationType type) {
    return !reservation_type_text(type).empty();
}

std::string_view reservation_type_text(ReservationType type) {
    for (const auto& entry : types)
        if (entry.type == type) return entry.text;
    return {};
}

std::array<std::uint8_t, 10> reserve_in_cdb(ReserveInAction action,
                                            std::uint16_t allocation_length) {
    std::array<std::uint8_t, 10> cdb{static_cast<std::uint8_t>(Opcode::PersistentReserveIn),
                                     static_cast<std::uint8_t>(action)};
    store_u16(cdb, 7, allocation_length);
    return cdb;
}

Result<ReserveInCommand> parse_reserve_in_cdb(Bytes cdb) {
    const auto refuse = [](std::string reason) {
        return Error{"parse PERSISTENT RESERVE IN CDB", "", std::move(reason)};
    };
    if (cdb.size() < 10) return refuse(byte_count(cdb.size()) + ", not 10");
    if (cdb[0] != static_cast<std::uint8_t>(Opcode::PersistentReserveIn))
        return refuse("operation code " + hex8(cdb[0]));
    if (service_action(cdb) > static_cast<std::uint8_t>(ReserveInAction::ReadFullStatus))
        return refuse("service action " + hex8(service_action(cdb)));
    return ReserveInCommand{static_cast<ReserveInAction>(service_action(cdb)), load_u16(cdb, 7)};
}

std::size_t reserve_in_length(ReserveInAction action, Bytes reply) {
    if (reply.size() < header_length) return 0;
    if (action == ReserveInAction::ReportCapabilities) return load_u16(reply, 0);
    return header_length + load_u32(reply, 4);
}

Result<ReservationKeys> parse_reservation_keys(Bytes reply) {
    const auto action = ReserveInAction::ReadKeys;
    auto whole = whole_reply(action, reply);
    if (!whole) return std::move(whole).error();
    const Bytes list = whole->subspan(header_length);
    if (list.size() % key_length != 0)
        return reply_error(action, byte_count(list.size()) + " are no whole number of keys of 8");
    ReservationKeys result{load_u32(reply, 0), {}};
    result.keys.reserve(list.size() / key_length);
    for (std::size_t offset = 0; offset < list.size(); offset += key_length)
        result.keys.push_back(load_u64(list, offset));
    return result;
}

std::vector<std::uint8_t> build_reservation_keys(const ReservationKeys& keys) {
    Writer writer(header_length + keys.keys.size() * key_length);
    writer.u32(keys.generation);
    writer.u32(static_cast<std::uint32_t>(keys.keys.size() * key_length));
    for (const auto key : keys.keys)
        writer.u64(key);
    return std::move(writer).take();
}

Result<ReservationStatus> parse_reservation(Bytes reply) {
    const auto action = ReserveInAction::ReadReservation;
    auto whole = whole_reply(action, reply);
    if (!whole) return std::move(whole).error();
    ReservationStatus result{load_u32(reply, 0), std::nullopt};
    const Bytes descriptor = whole->subspan(header_length);
    if (descriptor.empty()) return result;
    if (descriptor.size() != reservation_length)
        return reply_error(action,
                           "a reservation of " + byte_count(descriptor.size()) + ", not 0 or 16");
    result.held =
        Reservation{load_u64(descriptor, 0), static_cast<std::uint8_t>(descriptor[13] >> 4),
                    static_cast<ReservationType>(descriptor[13] & 0xf)};
    return result;
}

std::vector<std::uint8_t> build_reservation(const ReservationStatus& reservation) {
    Writer writer(header_length + reservation_length);
    writer.u32(reservation.generation);
    writer.u32(reservation.held ? reservation_length : 0);
    if (reservation.held) {
        writer.u64(reservation.held->key);
        writer.zeros(5);
        writer.u8(scope_and_type(reservation.held->scope, reservation.held->type));
        writer.zeros(2);
    }
    return std::move(writer).take();
}

Result<ReserveCapabilities> parse_reserve_capabilities(Bytes reply) {
    const auto action = ReserveInAction::ReportCapabilities;
    auto whole = whole_reply(action, reply);
    if (!whole) return std::move(whole).error();
    if (whole->size() < 8)
        return reply_error(action, "the header announces " + byte_count(whole->size()) +
                                       ", 8 are mandatory");
    ReserveCapabilities result;
    result.replace_lost_reservation = (reply[2] & 0x80) != 0;
    result.compatible_reservation = (reply[2] & 0x10) != 0;
    result.specify_initiator_ports = (reply[2] & 0x08) != 0;
    result.all_target_ports = (reply[2] & 0x04) != 0;
    result.persist_through_power_loss = (reply[2] & 0x01) != 0;
    result.allow_commands = reply[3] >> 4 & 7;
    result.persists_through_power_loss = (reply[3] & 0x01) != 0;
    if ((reply[3] & 0x80) != 0) { // TMV
        auto& known = result.types.emplace();
        for (const auto& entry : types)
            if ((load_u16(reply, 4) & entry.mask) != 0) known.push_back(entry.type);
    }
    return result;
}

std::vector<std::uint8_t> build_reserve_capabilities(const ReserveCapabilities& capabilities) {
    unsigned mask = 0;
    if (capabilities.types)
        for (const auto& entry : types)
            if (std::find(capabilities.types->begin(), capabilities.types->end(), entry.type) !=
                capabilities.types->end())
                mask |= entry.mask;
    Writer writer(8);
    writer.u16(8);
    writer.u8(static_cast<std::uint8_t>((capabilities.replace_lost_reservation ? 0x80u : 0u) |
                                        (capabilities.compatible_reservation ? 0x10u : 0u) |
                                        (capabilities.specify_initiator_ports ? 0x08u : 0u) |
                                        (capabilities.all_target_ports ? 0x04u : 0u) |
                                        (capabilities.persist_through_power_loss ? 0x01u : 0u)));
    writer.u8(static_cast<std::uint8_t>((capabilities.types ? 0x80u : 0u) |
                                        (capabilities.allow_commands & 7u) << 4 |
                                        (capabilities.persists_through_power_loss ? 0x01u : 0u)));
    writer.u16(static_cast<std::uint16_t>(mask));
    writer.u16(0);
    return std::move(writer).take();
}

Result<FullStatus> parse_full_status(Bytes reply) {
    const auto action = ReserveInAction::ReadFullStatus;
    auto whole = whole_reply(action, reply);
    if (!whole) return std::move(whole).error();
    FullStatus result{load_u32(reply, 0), {}};
    for (std::size_t offset = header_length; offset < whole->size();) {
        const auto where = [&] {
            return "descriptor " + std::to_string(result.registrations.size() + 1) + " at offset " +
                   std::to_string(offset);
        };
        const Bytes rest = whole->subspan(offset);
        if (rest.size() < registration_length)
            return reply_error(action, where() + " is cut at " + byte_count(rest.size()) +
                                           ", it has 24 at least");
        const std::size_t additional = load_u32(rest, 20);
        if (rest.size() - registration_length < additional)
            return reply_error(action,
                               where() + " ends beyond the data: " + byte_count(additional) +
                                   " announced, " +
                                   std::to_string(rest.size() - registration_length) + " left");
        auto& registration = result.registrations.emplace_back();
        registration.key = load_u64(rest, 0);
        registration.all_target_ports = (rest[12] & 0x02) != 0;
        registration.holder = (rest[12] & 0x01) != 0;
        if (registration.holder) { // else scope and type mean nothing, SPC-3 6.11.5
            registration.scope = rest[13] >> 4;
            registration.type = static_cast<ReservationType>(rest[13] & 0xf);
        }
        registration.relative_target_port = load_u16(rest, 18);
        auto initiator = parse_transport_id(rest.subspan(registration_length, additional));
        if (initiator)
            registration.initiator = std::move(*initiator);
        else
            registration.reason = initiator.error().message();
        offset += registration_length + additional;
    }
    return result;
}

Result<std::vector<std::uint8_t>> build_full_status(const FullStatus& status) {
    Writer writer(256);
    writer.u32(status.generation);
    writer.u32(0);
    for (const auto& registration : status.registrations) {
        if (!registration.initiator)
            return Error{"build READ FULL STATUS data", "", "a registration without initiator"};
        auto initiator = build_transport_id(*registration.initiator);
        if (!initiator) return std::move(initiator).error();
        writer.u64(registration.key);
        writer.u32(0);
        writer.u8(static_cast<std::uint8_t>((registration.all_target_ports ? 2 : 0) |
                                            (registration.holder ? 1 : 0)));
        writer.u8(registration.holder ? scope_and_type(registration.scope, registration.type) : 0);
        writer.u32(0);
        writer.u16(registration.relative_target_port);
        writer.u32(static_cast<std::uint32_t>(initiator->size()));
        writer.bytes(*initiator);
    }
    writer.set_u32(4, static_cast<std::uint32_t>(writer.size() - header_length));
    return std::move(writer).take();
}

} // namespace mpapi::scsi
