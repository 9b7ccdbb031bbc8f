// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/command.hpp"

#include "common/scsi/persistent_reserve_in.hpp"
#include "common/scsi/persistent_reserve_out.hpp"
#include "daemon/san/replies.hpp"

#include <cerrno>
#include <charconv>

namespace mpapi::san {

using daemon::ScsiReply;
using scsi::Bytes;
using scsi::SenseKey;

namespace {

std::uint64_t hex_number(std::string_view digits) {
    std::uint64_t value = 0;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
}

scsi::TransportId transport_id(const InitiatorDescription& initiator) {
    switch (initiator.transport) {
    case model::Transport::Iscsi: {
        const auto comma = initiator.port_id.find(',');
        return scsi::IscsiInitiator{initiator.port_id.substr(0, comma),
                                    hex_number(initiator.port_id.substr(comma + 1))};
    }
    case model::Transport::Sas:
        return scsi::SasInitiator{hex_number(initiator.port_id)};
    default:
        return scsi::FibreChannelInitiator{hex_number(initiator.port_id)};
    }
}

Condition condition_of(Reservations::Told notice) {
    switch (notice) {
    case Reservations::Told::Released:
        return Condition::ReservationsReleased;
    case Reservations::Told::ReservationsPreempted:
        return Condition::ReservationsPreempted;
    case Reservations::Told::RegistrationsPreempted:
        return Condition::RegistrationsPreempted;
    }
    return Condition::ReservationsReleased;
}

} // namespace

ScsiReply Command::reserve_in() const {
    const auto command = scsi::parse_reserve_in_cdb(cdb_);
    if (!command) return invalid_field_in_cdb();
    static const Reservations nothing;
    const Reservations& now = unit_.reservations ? *unit_.reservations : nothing;
    switch (command->action) {
    case scsi::ReserveInAction::ReadKeys: {
        scsi::ReservationKeys keys;
        keys.generation = now.generation();
        for (const auto& known : now.registrations())
            keys.keys.push_back(known.key);
        return answer(Bytes(scsi::build_reservation_keys(keys)), in_, command->allocation_length);
    }
    case scsi::ReserveInAction::ReadReservation: {
        scsi::ReservationStatus status;
        status.generation = now.generation();
        if (now.held()) status.held = scsi::Reservation{now.holder_key(), 0, now.type()};
        return answer(Bytes(scsi::build_reservation(status)), in_, command->allocation_length);
    }
    case scsi::ReserveInAction::ReportCapabilities: {
        using Type = scsi::ReservationType;
        scsi::ReserveCapabilities capabilities;
        capabilities.all_target_ports = true;
        capabilities.persist_through_power_loss = true;
        capabilities.persists_through_power_loss = now.persists();
        capabilities.types = {Type::WriteExclusive,
                              Type::ExclusiveAccess,
                              Type::WriteExclusiveRegistrantsOnly,
                              Type::ExclusiveAccessRegistrantsOnly,
                              Type::WriteExclusiveAllRegistrants,
                              Type::ExclusiveAccessAllRegistrants};
        return answer(Bytes(scsi::build_reserve_capabilities(capabilities)), in_,
                      command->allocation_length);
    }
    case scsi::ReserveInAction::ReadFullStatus: {
        scsi::FullStatus status;
        status.generation = now.generation();
        for (const auto& known : now.registrations()) {
            const Path& path = fabric_.paths[known.nexus];
            scsi::Registration registration;
            registration.key = known.key;
            registration.holder = now.holds(known.nexus);
            if (registration.holder) registration.type = now.type();
            registration.relative_target_port = array_.ports[path.port].relative_id;
            registration.initiator = transport_id(fabric_.description.initiators[path.initiator]);
            status.registrations.push_back(std::move(registration));
        }
        return answer(scsi::build_full_status(status), in_, command->allocation_length);
    }
    }
    return invalid_field_in_cdb();
}

ScsiReply Command::reserve_out() {
    const auto command = scsi::parse_reserve_out_cdb(cdb_);
    if (!command) return invalid_field_in_cdb();
    if (command->parameter_list_length > out_.size())
        return not_carried("fewer bytes than the parameter list length", EINVAL);
    const auto bytes = out_.first(command->parameter_list_length);
    using Action = scsi::ReserveOutAction;
    const bool typed = command->action == Action::Reserve || command->action == Action::Release ||
                       command->action == Action::Preempt ||
                       command->action == Action::PreemptAndAbort;
    if (typed && (command->scope != 0 || !scsi::is_known(command->type)))
        return invalid_field_in_cdb();
    if (!unit_.reservations) unit_.reservations = std::make_unique<Reservations>();
    Reservations& now = *unit_.reservations;
    if (command->action == Action::RegisterAndMove) return register_and_move(now, bytes);
    // SPC-4 6.14.1: another length than 18h is a parameter list length error.
    if (bytes.size() < 24) return refused(SenseKey::IllegalRequest, 0x1a, 0x00);
    const auto list = scsi::parse_reserve_out(bytes);
    if (!list || list->specify_initiator_ports) return invalid_field_in_list();
    switch (command->action) {
    case Action::Register:
    case Action::RegisterAndIgnoreExistingKey:
        return done(now.register_key(nexuses(list->all_target_ports), list->key,
                                     list->service_action_key, command->action != Action::Register,
                                     list->persist_through_power_loss));
    case Action::Reserve:
        return done(now.reserve(path_index_, list->key, command->type));
    case Action::Release:
        return done(now.release(path_index_, list->key, command->type));
    case Action::Clear:
        return done(now.clear(path_index_, list->key));
    case Action::Preempt:
    case Action::PreemptAndAbort:
        return done(now.preempt(path_index_, list->key, list->service_action_key, command->type));
    default:
        return invalid_field_in_cdb();
    }
}

// This nexus, and with ALL_TG_PT the others of its initiator port.
std::vector<Nexus> Command::nexuses(bool all_target_ports) const {
    std::vector<Nexus> found{path_index_};
    for (std::uint32_t i = 0; all_target_ports && i < unit_.path_count; ++i) {
        const auto index = unit_.first_path + i;
        if (index != path_index_ && fabric_.paths[index].initiator == path_.initiator)
            found.push_back(index);
    }
    return found;
}

ScsiReply Command::register_and_move(Reservations& now, Bytes bytes) {
    const auto list = scsi::parse_register_and_move(bytes);
    if (!list) return invalid_field_in_list();
    for (std::uint32_t i = 0; i < unit_.path_count; ++i) {
        const Path& path = fabric_.paths[unit_.first_path + i];
        if (array_.ports[path.port].relative_id == list->relative_target_port &&
            transport_id(fabric_.description.initiators[path.initiator]) == list->initiator)
            return done(now.register_and_move(path_index_, list->key, list->service_action_key,
                                              unit_.first_path + i, list->unregister,
                                              list->persist_through_power_loss));
    }
    return invalid_field_in_list();
}

ScsiReply Command::done(const Reservations::Result& result) {
    for (const auto& [nexus, notice] : result.notices) {
        Path& path = fabric_.paths[nexus];
        path.attentions = static_cast<std::uint16_t>(path.attentions |
                                                     static_cast<unsigned>(condition_of(notice)));
    }
    switch (result.outcome) {
    case Reservations::Outcome::Good:
        return {};
    case Reservations::Outcome::Conflict:
        return reservation_conflict();
    case Reservations::Outcome::InvalidField:
        return invalid_field_in_list();
    case Reservations::Outcome::InvalidRelease:
        return refused(SenseKey::IllegalRequest, 0x26, 0x04);
    }
    return {};
}

} // namespace mpapi::san
