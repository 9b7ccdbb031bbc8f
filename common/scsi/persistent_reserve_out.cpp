// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/persistent_reserve_out.hpp"

#include "common/scsi/text.hpp"

namespace mpapi::scsi {

namespace {

constexpr std::size_t basic_length = 24; // of both lists
constexpr std::uint8_t specify_initiator_ports_bit = 0x08;
constexpr std::uint8_t all_target_ports_bit = 0x04;
constexpr std::uint8_t unregister_bit = 0x02;
constexpr std::uint8_t persist_bit = 0x01;

Error list_error(std::string reason) {
    return {"parse PERSISTENT RESERVE OUT list", "", std::move(reason)};
}

} // namespace

std::array<std::uint8_t, 10> reserve_out_cdb(const ReserveOutCommand& command) {
    std::array<std::uint8_t, 10> cdb{static_cast<std::uint8_t>(Opcode::PersistentReserveOut),
                                     static_cast<std::uint8_t>(command.action)};
    cdb[2] = static_cast<std::uint8_t>((command.scope & 0xfu) << 4 |
                                       (static_cast<unsigned>(command.type) & 0xf));
    store_u32(cdb, 5, command.parameter_list_length);
    return cdb;
}

Result<ReserveOutCommand> parse_reserve_out_cdb(Bytes cdb) {
    const auto refuse = [](std::string reason) {
        return Error{"parse PERSISTENT RESERVE OUT CDB", "", std::move(reason)};
    };
    if (cdb.size() < 10) return refuse(byte_count(cdb.size()) + ", not 10");
    if (cdb[0] != static_cast<std::uint8_t>(Opcode::PersistentReserveOut))
        return refuse("operation code " + hex8(cdb[0]));
    if (service_action(cdb) > static_cast<std::uint8_t>(ReserveOutAction::RegisterAndMove))
        return refuse("service action " + hex8(service_action(cdb)));
    return ReserveOutCommand{static_cast<ReserveOutAction>(service_action(cdb)),
                             static_cast<std::uint8_t>(cdb[2] >> 4),
                             static_cast<ReservationType>(cdb[2] & 0xf), load_u32(cdb, 5)};
}

Result<std::vector<std::uint8_t>> build_reserve_out(const ReserveOutList& list) {
    if (!list.initiators.empty() && !list.specify_initiator_ports)
        return Error{"build PERSISTENT RESERVE OUT list", "", "initiators without SPEC_I_PT"};
    Writer writer(basic_length);
    writer.u64(list.key);
    writer.u64(list.service_action_key);
    writer.u32(0);
    writer.u8(static_cast<std::uint8_t>(
        (list.specify_initiator_ports ? specify_initiator_ports_bit : 0u) |
        (list.all_target_ports ? all_target_ports_bit : 0u) |
        (list.persist_through_power_loss ? persist_bit : 0u)));
    writer.zeros(3);
    if (list.specify_initiator_ports) {
        writer.u32(0);
        for (const auto& initiator : list.initiators) {
            auto built = build_transport_id(initiator);
            if (!built) return std::move(built).error();
            writer.bytes(*built);
        }
        writer.set_u32(basic_length, static_cast<std::uint32_t>(writer.size() - basic_length - 4));
    }
    return std::move(writer).take();
}

Result<ReserveOutList> parse_reserve_out(Bytes list) {
    if (list.size() < basic_length) return list_error(byte_count(list.size()) + ", not 24");
    ReserveOutList result;
    result.key = load_u64(list, 0);
    result.service_action_key = load_u64(list, 8);
    result.specify_initiator_ports = (list[20] & specify_initiator_ports_bit) != 0;
    result.all_target_ports = (list[20] & all_target_ports_bit) != 0;
    result.persist_through_power_loss = (list[20] & persist_bit) != 0;
    if (!result.specify_initiator_ports) {
        if (list.size() != basic_length) return list_error(byte_count(list.size()) + ", not 24");
        return result;
    }
    if (list.size() < basic_length + 4)
        return list_error(byte_count(list.size()) + " with SPEC_I_PT, not 28");
    const Bytes ids = list.subspan(basic_length + 4);
    if (ids.size() != load_u32(list, basic_length))
        return list_error(byte_count(load_u32(list, basic_length)) +
                          " of TransportIDs announced, " + std::to_string(ids.size()) +
                          " received");
    for (std::size_t offset = 0; offset < ids.size();) {
        auto initiator = parse_transport_id(ids.subspan(offset));
        if (!initiator)
            return list_error("TransportID at offset " + std::to_string(basic_length + 4 + offset) +
                              ": " + initiator.error().reason);
        result.initiators.push_back(std::move(*initiator));
        offset += transport_id_length(ids.subspan(offset));
    }
    return result;
}

Result<std::vector<std::uint8_t>> build_register_and_move(const RegisterAndMoveList& list) {
    auto initiator = build_transport_id(list.initiator);
    if (!initiator) return std::move(initiator).error();
    Writer writer(basic_length + initiator->size());
    writer.u64(list.key);
    writer.u64(list.service_action_key);
    writer.u8(0);
    writer.u8(static_cast<std::uint8_t>((list.unregister ? unregister_bit : 0u) |
                                        (list.persist_through_power_loss ? persist_bit : 0u)));
    writer.u16(list.relative_target_port);
    writer.u32(static_cast<std::uint32_t>(initiator->size()));
    writer.bytes(*initiator);
    return std::move(writer).take();
}

Result<RegisterAndMoveList> parse_register_and_move(Bytes list) {
    if (list.size() < basic_length)
        return list_error(byte_count(list.size()) + ", not 24 and a TransportID");
    const Bytes id = list.subspan(basic_length);
    if (id.size() != load_u32(list, 20))
        return list_error(byte_count(load_u32(list, 20)) + " of TransportID announced, " +
                          std::to_string(id.size()) + " received");
    auto initiator = parse_transport_id(id);
    if (!initiator) return list_error("TransportID: " + initiator.error().reason);
    if (transport_id_length(id) != id.size())
        return list_error("bytes behind the TransportID of " + byte_count(transport_id_length(id)));
    RegisterAndMoveList result;
    result.key = load_u64(list, 0);
    result.service_action_key = load_u64(list, 8);
    result.unregister = (list[17] & unregister_bit) != 0;
    result.persist_through_power_loss = (list[17] & persist_bit) != 0;
    result.relative_target_port = load_u16(list, 18);
    result.initiator = std::move(*initiator);
    return result;
}

} // namespace mpapi::scsi
