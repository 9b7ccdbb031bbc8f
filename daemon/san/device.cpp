// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/device.hpp"

#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/persistent_reserve_in.hpp"
#include "common/scsi/persistent_reserve_out.hpp"
#include "common/scsi/read_capacity.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/vpd.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace mpapi::san {

namespace {

using daemon::ScsiReply;
using model::AccessState;
using scsi::Opcode;
using scsi::SenseKey;
using Bytes = std::span<const std::uint8_t>;

// Operation codes that common/scsi has no builders for, by SPC-4 and SBC-3.
constexpr std::uint8_t request_sense = 0x03;
constexpr std::uint8_t report_luns = 0xa0;
constexpr std::uint8_t read_10 = 0x28;
constexpr std::uint8_t write_10 = 0x2a;
constexpr std::uint8_t synchronize_cache_10 = 0x35;
constexpr std::uint8_t read_16 = 0x88;
constexpr std::uint8_t write_16 = 0x8a;
constexpr std::uint8_t synchronize_cache_16 = 0x91;

CommandKind kind_of(std::uint8_t operation) {
    switch (operation) {
    case read_10:
    case read_16:
        return CommandKind::Read;
    case write_10:
    case write_16:
    case synchronize_cache_10:
    case synchronize_cache_16:
    case static_cast<std::uint8_t>(Opcode::MaintenanceOut):
        return CommandKind::Write;
    default:
        return CommandKind::Harmless;
    }
}

ScsiReply refused(SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
    scsi::Sense sense;
    sense.key = key;
    sense.asc = asc;
    sense.ascq = ascq;
    ScsiReply reply;
    reply.status = static_cast<std::uint8_t>(scsi::StatusCode::CheckCondition);
    reply.sense = scsi::build_sense(sense);
    return reply;
}

ScsiReply invalid_field_in_cdb() {
    return refused(SenseKey::IllegalRequest, 0x24, 0x00);
}
ScsiReply invalid_field_in_list() {
    return refused(SenseKey::IllegalRequest, 0x26, 0x00);
}
ScsiReply unknown_command() {
    return refused(SenseKey::IllegalRequest, 0x20, 0x00);
}

ScsiReply not_carried(const char* reason, int errnum) {
    ScsiReply reply;
    reply.error = Error{"SCSI command", {}, reason, errnum};
    return reply;
}

// What fits: the caller's buffer and the allocation length (SPC-4 4.2.5.6).
ScsiReply answer(Bytes bytes, std::span<std::uint8_t> in, std::size_t allocation = SIZE_MAX) {
    ScsiReply reply;
    reply.received = std::min({bytes.size(), in.size(), allocation});
    if (reply.received != 0) std::memcpy(in.data(), bytes.data(), reply.received);
    return reply;
}

ScsiReply answer(const Result<std::vector<std::uint8_t>>& bytes, std::span<std::uint8_t> in,
                 std::size_t allocation) {
    // What no reply can hold: not for a description within its limits.
    if (!bytes) return refused(SenseKey::HardwareError, 0x44, 0x00);
    return answer(Bytes(*bytes), in, allocation);
}

struct Attention {
    Condition condition;
    std::uint8_t asc, ascq;
};
// In the order of Condition's bits.
constexpr std::array<Attention, 8> attentions{{
    {Condition::PowerOn, 0x29, 0x00},
    {Condition::ReservationsPreempted, 0x2a, 0x03},
    {Condition::ReservationsReleased, 0x2a, 0x04},
    {Condition::RegistrationsPreempted, 0x2a, 0x05},
    {Condition::AccessStateChanged, 0x2a, 0x06},
    {Condition::CapacityChanged, 0x2a, 0x09},
    {Condition::InquiryChanged, 0x3f, 0x03},
    {Condition::LunsChanged, 0x3f, 0x0e},
}};

ScsiReply reservation_conflict() {
    ScsiReply reply;
    reply.status = static_cast<std::uint8_t>(scsi::StatusCode::ReservationConflict);
    return reply;
}

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

scsi::AccessState on_the_wire(AccessState state) {
    return static_cast<scsi::AccessState>(state);
}

// The states that the array's kind knows; T_SUP only where a transition is announced.
std::uint8_t supported_states(const ArrayDescription& array) {
    using namespace scsi::supported;
    const std::uint8_t all = transitioning | offline | unavailable | standby | active_optimized;
    return array.kind == ArrayKind::ActivePassive
               ? all
               : static_cast<std::uint8_t>(all | active_non_optimized | logical_block_dependent);
}

// One command under way; the unit's stripe is held.
class Command {
  public:
    Command(Fabric& fabric, std::uint32_t path, Bytes cdb, Bytes out, std::span<std::uint8_t> in)
      : fabric_(fabric)
      , path_index_(path)
      , path_(fabric.paths[path])
      , unit_(fabric.units[path_.unit])
      , array_(fabric.array_of(unit_))
      , cdb_(cdb)
      , out_(out)
      , in_(in)
      , operation_(cdb[0]) {}

    // nullopt: to be carried out by set_target_port_groups() with every stripe held.
    std::optional<ScsiReply> carry_out() {
        if (path_.odd)
            if (auto reply = told_to_answer()) return reply;
        const bool inquiry = is(Opcode::Inquiry);
        if (!unit_.exists) {
            // SPC-4 6.4.1: INQUIRY to no unit at all is answered with qualifier 3, type 1Fh.
            if (inquiry) return standard_inquiry({3, 0x1f});
            if (operation_ == report_luns) return luns();
            return refused(SenseKey::IllegalRequest, 0x25, 0x00);
        }
        if (inquiry) return inquire();
        if (operation_ == report_luns) return luns();
        if (operation_ == request_sense) return sense();
        if (path_.attentions != 0) return unit_attention();
        if (auto reply = access_denied()) return reply;
        if (unit_.reservations && !unit_.reservations->allows(path_index_, kind_of(operation_)))
            return reservation_conflict();
        if (is(Opcode::MaintenanceIn)) return report_target_port_groups();
        if (is(Opcode::MaintenanceOut)) {
            if (scsi::service_action(cdb_) != scsi::set_target_port_groups_action ||
                !array_.explicit_access)
                return unknown_action();
            return std::nullopt;
        }
        if (is(Opcode::TestUnitReady)) return ScsiReply{};
        if (is(Opcode::PersistentReserveIn)) return reserve_in();
        if (is(Opcode::PersistentReserveOut)) return reserve_out();
        return blocks();
    }

    // SPC-4 6.45, every stripe held.
    ScsiReply set_target_port_groups() {
        const auto length = scsi::parse_set_target_port_groups_cdb(cdb_);
        if (!length) return invalid_field_in_cdb();
        if (*length > out_.size()) return refused(SenseKey::IllegalRequest, 0x1a, 0x00);
        const auto wanted = scsi::parse_set_target_port_groups(out_.first(*length));
        if (!wanted) return invalid_field_in_list();
        Access access = fabric_.access_of(unit_);
        for (const auto& one : *wanted) {
            const auto group =
                std::find_if(array_.groups.begin(), array_.groups.end(),
                             [&](const auto& known) { return known.id == one.number; });
            // Transitioning is no state to ask for, and offline is a matter of the port.
            if (group == array_.groups.end() || !scsi::is_known(one.state) ||
                one.state == scsi::AccessState::Transitioning ||
                one.state == scsi::AccessState::Offline)
                return invalid_field_in_list();
            if (array_.kind == ArrayKind::ActivePassive &&
                one.state == scsi::AccessState::ActiveNonOptimized)
                return invalid_field_in_list();
            auto& state = access[static_cast<std::size_t>(group - array_.groups.begin())];
            const auto before = state.state;
            state.state = static_cast<AccessState>(one.state);
            state.status = scsi::GroupStatus::SetByCommand;
            // One controller of an active/passive pair owns the unit: the other hands it over.
            if (array_.kind == ArrayKind::ActivePassive && state.state != before &&
                state.state == AccessState::ActiveOptimized)
                for (auto& other : access)
                    if (&other != &state && other.state == AccessState::ActiveOptimized) {
                        other.state = before;
                        other.status = scsi::GroupStatus::Implicit;
                    }
        }
        auto& array = fabric_.arrays[unit_.array];
        const auto index = Fabric::shared_access(array, access);
        if (index == unit_.access) return {};
        unit_.access = index;
        if (array_.attention != san::Attention::None)
            establish(fabric_, path_.unit, Condition::AccessStateChanged, path_index_);
        fabric_.news.post({Notice::Kind::UnitAccess, path_.unit});
        return {};
    }

  private:
    bool is(Opcode opcode) const { return operation_ == static_cast<std::uint8_t>(opcode); }

    static ScsiReply unknown_action() { return invalid_field_in_cdb(); }

    const Oddity& oddity() const { return fabric_.oddities.find(path_index_)->second; }

    std::optional<ScsiReply> told_to_answer() const {
        const auto& replies = oddity().replies;
        if (replies.empty()) return std::nullopt;
        std::uint8_t page = 0;
        if (is(Opcode::Inquiry))
            page = (scsi::load_u8(cdb_, 1) & 1) != 0 ? cdb_[2] : 0xff;
        else if (operation_ >= 0x5e)
            page = scsi::service_action(cdb_);
        const auto found = replies.find({operation_, page});
        if (found == replies.end()) return std::nullopt;
        return answer(Bytes(found->second), in_);
    }

    ScsiReply unit_attention() {
        for (const auto& [condition, asc, ascq] : attentions) {
            const auto bit = static_cast<std::uint16_t>(condition);
            if ((path_.attentions & bit) == 0) continue;
            path_.attentions = static_cast<std::uint16_t>(path_.attentions & ~bit);
            tell_kernel(condition);
            return refused(SenseKey::UnitAttention, asc, ascq);
        }
        path_.attentions = 0;
        return {};
    }

    // scsi_report_sense(): whoever sent the command, the kernel looks at its sense data too.
    void tell_kernel(Condition condition) {
        if (!fabric_.has_disk(path_)) return;
        switch (condition) {
        case Condition::AccessStateChanged:
            fabric_.news.post({Notice::Kind::AccessChanged, path_index_});
            break;
        case Condition::PowerOn:
        case Condition::CapacityChanged:
        case Condition::InquiryChanged:
        case Condition::LunsChanged:
            fabric_.news.post({Notice::Kind::InquiryChanged, path_index_});
            break;
        default:
            break;
        }
    }

    ScsiReply standard_inquiry(scsi::Peripheral peripheral) {
        const auto command = scsi::parse_inquiry_cdb(cdb_);
        if (!command) return invalid_field_in_cdb();
        scsi::Inquiry inquiry;
        inquiry.peripheral = peripheral;
        inquiry.version = 6; // SPC-4
        inquiry.tpgs = static_cast<scsi::Tpgs>((array_.implicit_access ? 1 : 0) |
                                               (array_.explicit_access ? 2 : 0));
        inquiry.multi_port = array_.ports.size() > 1;
        inquiry.vendor.text = array_.vendor;
        inquiry.product.text = array_.product;
        inquiry.revision.text = array_.revision;
        return answer(Bytes(scsi::build_inquiry(inquiry)), in_, command->allocation_length);
    }

    ScsiReply inquire() {
        const auto command = scsi::parse_inquiry_cdb(cdb_);
        if (!command) return invalid_field_in_cdb();
        if (!command->evpd) return standard_inquiry({});
        switch (command->page) {
        case scsi::supported_pages_page: {
            const scsi::SupportedPages pages{{},
                                             {scsi::supported_pages_page,
                                              scsi::unit_serial_number_page,
                                              scsi::device_identification_page}};
            return answer(scsi::build_supported_pages(pages), in_, command->allocation_length);
        }
        case scsi::unit_serial_number_page: {
            scsi::UnitSerialNumber page;
            page.serial.text =
                path_.odd && oddity().designator ? oddity().serial : unit_.identity.serial;
            return answer(scsi::build_unit_serial_number(page), in_, command->allocation_length);
        }
        case scsi::device_identification_page: {
            if (path_.odd && oddity().designator)
                return answer(
                    Bytes(device_identification(fabric_, path_, {*oddity().designator, {}, 0})),
                    in_, command->allocation_length);
            return answer(Bytes(device_identification(fabric_, path_, unit_.identity)), in_,
                          command->allocation_length);
        }
        default:
            return invalid_field_in_cdb();
        }
    }

    // SPC-4 6.33. All LUNs of the array behind this port, in flat space addressing from 256 on.
    ScsiReply luns() {
        std::vector<std::uint32_t> found;
        for (const auto& unit : fabric_.units) {
            if (unit.array != unit_.array || !unit.exists) continue;
            const auto paths = std::span(fabric_.paths).subspan(unit.first_path, unit.path_count);
            if (std::any_of(paths.begin(), paths.end(), [this](const Path& path) {
                    return path.initiator == path_.initiator && path.port == path_.port;
                }))
                found.push_back(unit.lun);
        }
        scsi::Writer list(8 + 8 * found.size());
        list.u32(static_cast<std::uint32_t>(8 * found.size()));
        list.zeros(4);
        for (const auto lun : found) {
            list.u16(static_cast<std::uint16_t>(lun < 256 ? lun : 0x4000 | lun));
            list.zeros(6);
        }
        return answer(Bytes(std::move(list).take()), in_, scsi::load_u32(cdb_, 6));
    }

    // SPC-4 6.39: tells a unit attention as data and clears it.
    ScsiReply sense() {
        const auto allocation = scsi::load_u8(cdb_, 4);
        if (path_.attentions != 0) {
            const auto reply = unit_attention();
            return answer(Bytes(reply.sense), in_, allocation);
        }
        return answer(Bytes(scsi::build_sense({})), in_, allocation);
    }

    // SPC-4 5.15.2.4.4 to .7: which commands a group that is not active still carries out.
    std::optional<ScsiReply> access_denied() const {
        const GroupState* group = fabric_.state_of(path_);
        if (!group) return std::nullopt;
        const bool about_groups = is(Opcode::MaintenanceIn) || is(Opcode::MaintenanceOut);
        switch (group->state) {
        case AccessState::Standby:
            if (about_groups || is(Opcode::PersistentReserveIn) || is(Opcode::PersistentReserveOut))
                return std::nullopt;
            return refused(SenseKey::NotReady, 0x04, 0x0b);
        case AccessState::Unavailable:
            if (about_groups) return std::nullopt;
            return refused(SenseKey::NotReady, 0x04, 0x0c);
        case AccessState::Offline:
            if (about_groups) return std::nullopt;
            return refused(SenseKey::NotReady, 0x04, 0x12);
        case AccessState::Transitioning:
            if (is(Opcode::MaintenanceIn)) return std::nullopt;
            return refused(SenseKey::NotReady, 0x04, 0x0a);
        default:
            return std::nullopt;
        }
    }

    ScsiReply report_target_port_groups() const {
        if (scsi::service_action(cdb_) != scsi::report_target_port_groups_action ||
            (!array_.implicit_access && !array_.explicit_access))
            return unknown_action();
        const auto command = scsi::parse_report_target_port_groups_cdb(cdb_);
        if (!command) return invalid_field_in_cdb();
        scsi::TargetPortGroups reply;
        reply.format = command->format;
        if (command->format == scsi::GroupsFormat::Extended)
            reply.implicit_transition_time = array_.transition_seconds;
        const Access& access = fabric_.access_of(unit_);
        reply.groups.reserve(access.size());
        for (std::size_t i = 0; i < access.size(); ++i) {
            scsi::TargetPortGroup group;
            group.number = array_.groups[i].id;
            group.state = on_the_wire(access[i].state);
            group.preferred = access[i].preferred;
            group.supported_states = supported_states(array_);
            group.status = access[i].status;
            for (const auto& port : array_.ports)
                if (port.group == i) group.relative_ports.push_back(port.relative_id);
            reply.groups.push_back(std::move(group));
        }
        return answer(scsi::build_target_port_groups(reply), in_, command->allocation_length);
    }

    // --- persistent reservations ---

    ScsiReply reserve_in() const {
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
            return answer(Bytes(scsi::build_reservation_keys(keys)), in_,
                          command->allocation_length);
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
                registration.initiator =
                    transport_id(fabric_.description.initiators[path.initiator]);
                status.registrations.push_back(std::move(registration));
            }
            return answer(scsi::build_full_status(status), in_, command->allocation_length);
        }
        }
        return invalid_field_in_cdb();
    }

    ScsiReply reserve_out() {
        const auto command = scsi::parse_reserve_out_cdb(cdb_);
        if (!command) return invalid_field_in_cdb();
        if (command->parameter_list_length > out_.size())
            return not_carried("fewer bytes than the parameter list length", EINVAL);
        const auto bytes = out_.first(command->parameter_list_length);
        using Action = scsi::ReserveOutAction;
        const bool typed =
            command->action == Action::Reserve || command->action == Action::Release ||
            command->action == Action::Preempt || command->action == Action::PreemptAndAbort;
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
            return done(now.register_key(
                nexuses(list->all_target_ports), list->key, list->service_action_key,
                command->action != Action::Register, list->persist_through_power_loss));
        case Action::Reserve:
            return done(now.reserve(path_index_, list->key, command->type));
        case Action::Release:
            return done(now.release(path_index_, list->key, command->type));
        case Action::Clear:
            return done(now.clear(path_index_, list->key));
        case Action::Preempt:
        case Action::PreemptAndAbort:
            return done(
                now.preempt(path_index_, list->key, list->service_action_key, command->type));
        default:
            return invalid_field_in_cdb();
        }
    }

    // This nexus, and with ALL_TG_PT the others of its initiator port.
    std::vector<Nexus> nexuses(bool all_target_ports) const {
        std::vector<Nexus> found{path_index_};
        for (std::uint32_t i = 0; all_target_ports && i < unit_.path_count; ++i) {
            const auto index = unit_.first_path + i;
            if (index != path_index_ && fabric_.paths[index].initiator == path_.initiator)
                found.push_back(index);
        }
        return found;
    }

    ScsiReply register_and_move(Reservations& now, Bytes bytes) {
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

    ScsiReply done(const Reservations::Result& result) {
        for (const auto& [nexus, notice] : result.notices) {
            Path& path = fabric_.paths[nexus];
            path.attentions = static_cast<std::uint16_t>(
                path.attentions | static_cast<unsigned>(condition_of(notice)));
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

    // --- blocks (SBC-3) ---

    ScsiReply blocks() {
        const std::uint64_t count = unit_.identity.size / block_size;
        switch (operation_) {
        case static_cast<std::uint8_t>(Opcode::ReadCapacity10):
        case static_cast<std::uint8_t>(Opcode::ServiceActionIn16): {
            scsi::Capacity capacity;
            capacity.last_block = count - 1;
            capacity.block_size = block_size;
            if (is(Opcode::ReadCapacity10))
                return answer(Bytes(scsi::build_capacity_10(capacity)), in_);
            if (scsi::service_action(cdb_) != scsi::read_capacity_16_action)
                return invalid_field_in_cdb();
            const auto allocation = scsi::parse_read_capacity_16_cdb(cdb_);
            if (!allocation) return invalid_field_in_cdb();
            return answer(Bytes(scsi::build_capacity_16(capacity)), in_, *allocation);
        }
        case synchronize_cache_10:
        case synchronize_cache_16:
            return {};
        case read_10:
        case write_10:
        case read_16:
        case write_16:
            break;
        default:
            return unknown_command();
        }
        const bool sixteen = operation_ >= read_16;
        if (cdb_.size() < (sixteen ? 16u : 10u)) return invalid_field_in_cdb();
        const std::uint64_t first = sixteen ? scsi::load_u64(cdb_, 2) : scsi::load_u32(cdb_, 2);
        const std::uint64_t blocks = sixteen ? scsi::load_u32(cdb_, 10) : scsi::load_u16(cdb_, 7);
        if (first > count || blocks > count - first)
            return refused(SenseKey::IllegalRequest, 0x21, 0x00);
        return kind_of(operation_) == CommandKind::Read ? read(first, blocks)
                                                        : write(first, blocks);
    }

    // What was never written is zero.
    ScsiReply read(std::uint64_t first, std::uint64_t blocks) {
        ScsiReply reply;
        reply.received = std::min<std::uint64_t>(blocks * block_size, in_.size());
        std::size_t filled = 0;
        while (unit_.data && filled < reply.received) {
            const auto got = ::pread(unit_.data.get(), in_.data() + filled, reply.received - filled,
                                     static_cast<off_t>(first * block_size + filled));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return refused(SenseKey::MediumError, 0x11, 0x00);
            if (got == 0) break;
            filled += static_cast<std::size_t>(got);
        }
        std::fill(in_.begin() + static_cast<std::ptrdiff_t>(filled),
                  in_.begin() + static_cast<std::ptrdiff_t>(reply.received), std::uint8_t{0});
        return reply;
    }

    ScsiReply write(std::uint64_t first, std::uint64_t blocks) {
        if (blocks * block_size > out_.size())
            return not_carried("fewer bytes than blocks to write", EINVAL);
        if (!unit_.data) unit_.data.reset(::memfd_create("mpapi-san-unit", MFD_CLOEXEC));
        std::size_t written = 0;
        while (unit_.data && written < blocks * block_size) {
            const auto put =
                ::pwrite(unit_.data.get(), out_.data() + written, blocks * block_size - written,
                         static_cast<off_t>(first * block_size + written));
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) break;
            written += static_cast<std::size_t>(put);
        }
        if (written < blocks * block_size) return refused(SenseKey::MediumError, 0x0c, 0x00);
        return {};
    }

    Fabric& fabric_;
    std::uint32_t path_index_;
    Path& path_;
    Unit& unit_;
    const ArrayDescription& array_;
    Bytes cdb_;
    Bytes out_;
    std::span<std::uint8_t> in_;
    std::uint8_t operation_;
};

// Whether the path leads to the device at all.
std::optional<ScsiReply> not_connected(const Path& path, std::optional<std::uint16_t> life) {
    if (life && (*life != path.life || path.disk == none))
        return not_carried("the device was removed", ENODEV);
    if (path.offline) return not_carried("the device is offline", ENODEV);
    if (path.lost) return not_carried("the transport does not connect (DID_NO_CONNECT)", EIO);
    return std::nullopt;
}

bool hangs(const Fabric& fabric, std::uint32_t path, std::uint8_t operation) {
    if (!fabric.paths[path].odd) return false;
    return fabric.oddities.find(path)->second.hanging.test(operation);
}

} // namespace

ScsiReply execute(Fabric& fabric, std::uint32_t index, std::optional<std::uint16_t> life, Bytes cdb,
                  Bytes out, std::span<std::uint8_t> in) {
    fabric.commands.fetch_add(1, std::memory_order_relaxed);
    if (cdb.size() < 6) return not_carried("expected a CDB of six bytes or more", EINVAL);
    const auto unit = fabric.paths[index].unit;
    for (;;) {
        std::uint64_t epoch = 0;
        {
            const auto lock = fabric.stripes.one(unit);
            if (auto reply = not_connected(fabric.paths[index], life)) return *reply;
            if (!hangs(fabric, index, cdb[0])) {
                Command command(fabric, index, cdb, out, in);
                if (auto reply = command.carry_out()) return std::move(*reply);
                break;
            }
            const std::lock_guard hang(fabric.hangs.mutex);
            epoch = fabric.hangs.epoch;
        }
        ++fabric.hangs.waiting;
        bool over = false;
        {
            std::unique_lock hang(fabric.hangs.mutex);
            fabric.hangs.changed.wait(
                hang, [&] { return fabric.hangs.over || fabric.hangs.epoch != epoch; });
            over = fabric.hangs.over;
        }
        --fabric.hangs.waiting;
        if (over) return not_carried("the SAN has been switched off", ECANCELED);
    }
    const auto lock = fabric.stripes.all();
    if (auto reply = not_connected(fabric.paths[index], life)) return *reply;
    return Command(fabric, index, cdb, out, in).set_target_port_groups();
}

std::vector<std::uint8_t> device_identification(const Fabric& fabric, const Path& path,
                                                const Identity& identity) {
    const auto& array = fabric.array_of(fabric.units[path.unit]);
    const auto& port = array.ports[path.port];
    const auto relative = scsi::numbered_designator(port.relative_id);
    const auto group = scsi::numbered_designator(
        array.groups.empty() ? std::uint16_t{0} : array.groups[port.group].id);
    scsi::DeviceIdentification page;
    page.designators.reserve(3);
    scsi::Designator name;
    switch (identity.designator.kind) {
    case DesignatorKind::Naa:
        name.type = scsi::DesignatorType::Naa;
        break;
    case DesignatorKind::Eui64:
        name.type = scsi::DesignatorType::Eui64;
        break;
    case DesignatorKind::T10:
        name.type = scsi::DesignatorType::T10VendorId;
        name.code_set = scsi::CodeSet::Ascii;
        break;
    case DesignatorKind::ScsiName:
        name.type = scsi::DesignatorType::ScsiNameString;
        name.code_set = scsi::CodeSet::Utf8;
        break;
    }
    // SPC-4 7.8.5.11: a SCSI name string ends with a NUL and fills a multiple of four bytes.
    std::string value = identity.designator.value;
    if (identity.designator.kind == DesignatorKind::ScsiName)
        value.resize((value.size() / 4 + 1) * 4, '\0');
    name.value = Bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
    page.designators.push_back(name);

    scsi::Designator number;
    number.association = scsi::Association::TargetPort;
    switch (array.transport) {
    case model::Transport::Iscsi:
        number.protocol = scsi::Protocol::Iscsi;
        break;
    case model::Transport::Sas:
        number.protocol = scsi::Protocol::Sas;
        break;
    default:
        number.protocol = scsi::Protocol::FibreChannel;
    }
    number.type = scsi::DesignatorType::RelativeTargetPort;
    number.value = relative;
    page.designators.push_back(number);
    if (!array.groups.empty()) {
        number.type = scsi::DesignatorType::TargetPortGroup;
        number.value = group;
        page.designators.push_back(number);
    }
    return scsi::build_device_identification(page).value_or({});
}

void establish(Fabric& fabric, std::uint32_t index, Condition condition, std::uint32_t except) {
    const Unit& unit = fabric.units[index];
    for (std::uint32_t i = 0; i < unit.path_count; ++i) {
        Path& path = fabric.paths[unit.first_path + i];
        if (unit.first_path + i != except)
            path.attentions =
                static_cast<std::uint16_t>(path.attentions | static_cast<unsigned>(condition));
    }
}

} // namespace mpapi::san
