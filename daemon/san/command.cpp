// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/command.hpp"

#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/vpd.hpp"
#include "daemon/san/device.hpp"
#include "daemon/san/replies.hpp"

#include <algorithm>
#include <array>

namespace mpapi::san {

using daemon::ScsiReply;
using model::AccessState;
using scsi::Bytes;
using scsi::Opcode;
using scsi::SenseKey;

namespace {

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

} // namespace

std::optional<ScsiReply> Command::carry_out() {
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
            return invalid_field_in_cdb();
        return std::nullopt;
    }
    if (is(Opcode::TestUnitReady)) return ScsiReply{};
    if (is(Opcode::PersistentReserveIn)) return reserve_in();
    if (is(Opcode::PersistentReserveOut)) return reserve_out();
    return blocks();
}

std::optional<ScsiReply> Command::told_to_answer() const {
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

ScsiReply Command::unit_attention() {
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
void Command::tell_kernel(Condition condition) {
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

ScsiReply Command::standard_inquiry(scsi::Peripheral peripheral) {
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

ScsiReply Command::inquire() {
    const auto command = scsi::parse_inquiry_cdb(cdb_);
    if (!command) return invalid_field_in_cdb();
    if (!command->evpd) return standard_inquiry({});
    switch (command->page) {
    case scsi::supported_pages_page: {
        const scsi::SupportedPages pages{{},
                                         {scsi::supported_pages_page, scsi::unit_serial_number_page,
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
                Bytes(device_identification(fabric_, path_, {*oddity().designator, {}, 0})), in_,
                command->allocation_length);
        return answer(Bytes(device_identification(fabric_, path_, unit_.identity)), in_,
                      command->allocation_length);
    }
    default:
        return invalid_field_in_cdb();
    }
}

// SPC-4 6.33. All LUNs of the array behind this port, in flat space addressing from 256 on.
ScsiReply Command::luns() {
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
ScsiReply Command::sense() {
    const auto allocation = scsi::load_u8(cdb_, 4);
    if (path_.attentions != 0) {
        const auto reply = unit_attention();
        return answer(Bytes(reply.sense), in_, allocation);
    }
    return answer(Bytes(scsi::build_sense({})), in_, allocation);
}

// SPC-4 5.15.2.4.4 to .7: which commands a group that is not active still carries out.
std::optional<ScsiReply> Command::access_denied() const {
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

} // namespace mpapi::san
