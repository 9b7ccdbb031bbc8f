// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A logical unit made of common/scsi, for programs that send their commands by ioctl(SG_IO): this
// library is preloaded into them and answers in the kernel's place, whatever they opened. So each
// side of our code meets one that others wrote: their CDBs and parameter lists our parsers, our
// replies and sense data their decoders.
//
// MPAPI_PEER_SENSE (four numbers: 0 fixed or 1 descriptor, key, code, qualifier, all hexadecimal)
// fails every command with that sense data. What was understood of a command is appended to the
// file MPAPI_PEER_LOG, one line each.
#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/persistent_reserve_out.hpp"
#include "common/scsi/read_capacity.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/vpd.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <scsi/sg.h>
#include <string>
#include <sys/ioctl.h>

using namespace mpapi;
using namespace mpapi::scsi;

namespace {

struct Answer {
    std::vector<std::uint8_t> data;
    std::optional<Sense> sense;
    std::string understood; // for the log
};

Answer refuse(std::uint8_t asc, std::string understood) {
    Sense sense;
    sense.key = SenseKey::IllegalRequest;
    sense.asc = asc;
    return {{}, sense, std::move(understood)};
}

Answer reply(Result<std::vector<std::uint8_t>> data, std::string understood) {
    if (!data) return refuse(0x24, data.error().message());
    return {std::move(*data), std::nullopt, std::move(understood)};
}

std::vector<std::uint8_t> hex(std::string_view digits) {
    return from_hex(digits).value();
}

std::vector<std::uint8_t> text_bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

Result<std::vector<std::uint8_t>> device_identification() {
    const auto naa = hex("60014051234567890abcdef012345678");
    const auto locally = hex("3333333000002710");
    const auto eui = hex("0123456789abcdef");
    const auto t10 = text_bytes("MPAPI   unit 7");
    const auto name = text_bytes(std::string("naa.60014051234567890abcdef012345678\0\0\0\0", 40));
    const auto uuid = hex("10000123456789abcdef0123456789abcdef");
    const auto port_name = text_bytes(std::string("iqn.2026-01.org.mpapi:a,t,0x0001\0\0\0\0", 36));
    const auto relative = numbered_designator(0x102);
    const auto group = numbered_designator(0x203);
    const auto unit_group = numbered_designator(0x304);
    constexpr auto unit = Association::LogicalUnit;
    constexpr auto port = Association::TargetPort;
    constexpr auto iscsi = Protocol::Iscsi;
    return build_device_identification(
        {{},
         {{DesignatorType::Naa, CodeSet::Binary, unit, {}, naa},
          {DesignatorType::Naa, CodeSet::Binary, unit, {}, locally},
          {DesignatorType::Eui64, CodeSet::Binary, unit, {}, eui},
          {DesignatorType::T10VendorId, CodeSet::Ascii, unit, {}, t10},
          {DesignatorType::ScsiNameString, CodeSet::Utf8, unit, {}, name},
          {DesignatorType::Uuid, CodeSet::Binary, unit, {}, uuid},
          {DesignatorType::LogicalUnitGroup, CodeSet::Binary, unit, {}, unit_group},
          {DesignatorType::RelativeTargetPort, CodeSet::Binary, port, iscsi, relative},
          {DesignatorType::TargetPortGroup, CodeSet::Binary, port, iscsi, group},
          {DesignatorType::ScsiNameString, CodeSet::Utf8, port, iscsi, port_name}}});
}

Answer answer_inquiry(Bytes cdb) {
    const auto command = parse_inquiry_cdb(cdb);
    if (!command) return refuse(0x24, command.error().message());
    if (!command->evpd) {
        Inquiry inquiry;
        inquiry.version = 6;
        inquiry.tpgs = Tpgs::Explicit;
        inquiry.multi_port = true;
        inquiry.vendor.text = "MPAPI";
        inquiry.product.text = "two arrays";
        inquiry.revision.text = "0.1";
        return reply(build_inquiry(inquiry), "INQUIRY");
    }
    const std::string understood = "VPD " + hex8(command->page);
    switch (command->page) {
    case supported_pages_page:
        return reply(build_supported_pages({{}, {0x00, 0x80, 0x83}}), understood);
    case unit_serial_number_page:
        return reply(build_unit_serial_number({{}, {"SN-0042", ""}}), understood);
    case device_identification_page:
        return reply(device_identification(), understood);
    default:
        return refuse(0x24, understood);
    }
}

Answer answer_report_groups(Bytes cdb) {
    const auto command = parse_report_target_port_groups_cdb(cdb);
    if (!command) return refuse(0x24, command.error().message());
    TargetPortGroups groups;
    groups.format = command->format;
    if (command->format == GroupsFormat::Extended) groups.implicit_transition_time = 42;
    groups.groups = {
        {1, AccessState::ActiveOptimized, true, 0xcf, GroupStatus::SetByCommand, {1, 2}},
        {0x203, AccessState::Standby, false, 0x0f, GroupStatus::Implicit, {0x102}},
        {3, AccessState::Transitioning, false, 0x80, GroupStatus::None, {}},
    };
    return reply(build_target_port_groups(groups),
                 command->format == GroupsFormat::Extended ? "RTPG extended" : "RTPG");
}

Answer answer_set_groups(Bytes cdb, Bytes list) {
    const auto length = parse_set_target_port_groups_cdb(cdb);
    if (!length) return refuse(0x24, length.error().message());
    if (*length != list.size()) return refuse(0x1a, "STPG length disagrees");
    const auto groups = parse_set_target_port_groups(list);
    if (!groups) return refuse(0x26, groups.error().message());
    std::string understood = "STPG";
    for (const auto& group : *groups)
        understood += " " + std::to_string(group.number) + "=" +
                      std::to_string(static_cast<unsigned>(group.state));
    return {{}, std::nullopt, understood};
}

Answer answer_reserve_in(Bytes cdb) {
    const auto command = parse_reserve_in_cdb(cdb);
    if (!command) return refuse(0x24, command.error().message());
    const std::string understood = "PRIN " + std::to_string(static_cast<unsigned>(command->action));
    switch (command->action) {
    case ReserveInAction::ReadKeys:
        return reply(build_reservation_keys({7, {0xabc1, 0xabc2}}), understood);
    case ReserveInAction::ReadReservation:
        return reply(
            build_reservation(
                {8, Reservation{0xabc1, 0, ReservationType::ExclusiveAccessRegistrantsOnly}}),
            understood);
    case ReserveInAction::ReportCapabilities: {
        ReserveCapabilities capabilities;
        capabilities.all_target_ports = true;
        capabilities.specify_initiator_ports = true;
        capabilities.persist_through_power_loss = true;
        capabilities.types = {ReservationType::WriteExclusive,
                              ReservationType::ExclusiveAccessAllRegistrants};
        return reply(build_reserve_capabilities(capabilities), understood);
    }
    default: {
        constexpr auto registrants = ReservationType::WriteExclusiveRegistrantsOnly;
        FullStatus status{9, {}};
        status.registrations = {
            {0xabc1, true, false, 0, registrants, 1, FibreChannelInitiator{0x21000024ff123456}, ""},
            {0xabc2, false, true, 0, ReservationType::None, 0, SasInitiator{0x5000c50012345678},
             ""},
            {0xabc3, false, false, 0, ReservationType::None, 2,
             IscsiInitiator{"iqn.2026-01.org.mpapi:i", 0x00023d000001}, ""},
            {0xabc4, false, false, 0, ReservationType::None, 3,
             IscsiInitiator{"iqn.2026-01.org.mpapi:j", std::nullopt}, ""},
        };
        return reply(build_full_status(status), understood);
    }
    }
}

std::string number(std::uint64_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(value));
    return text;
}

Answer answer_reserve_out(Bytes cdb, Bytes data) {
    const auto command = parse_reserve_out_cdb(cdb);
    if (!command) return refuse(0x24, command.error().message());
    if (command->parameter_list_length != data.size())
        return refuse(0x1a, "PROUT length disagrees");
    std::string understood = "PROUT " + std::to_string(static_cast<unsigned>(command->action)) +
                             " type=" + std::to_string(static_cast<unsigned>(command->type));
    if (command->action == ReserveOutAction::RegisterAndMove) {
        const auto list = parse_register_and_move(data);
        if (!list) return refuse(0x26, list.error().message());
        understood += " key=" + number(list->key) + " new=" + number(list->service_action_key) +
                      " port=" + std::to_string(list->relative_target_port);
        if (list->unregister) understood += " unreg";
        if (list->persist_through_power_loss) understood += " aptpl";
        understood += " " + transport_id_text(list->initiator);
        return {{}, std::nullopt, understood};
    }
    const auto list = parse_reserve_out(data);
    if (!list) return refuse(0x26, list.error().message());
    understood += " key=" + number(list->key) + " new=" + number(list->service_action_key);
    if (list->persist_through_power_loss) understood += " aptpl";
    if (list->all_target_ports) understood += " all";
    for (const auto& initiator : list->initiators)
        understood += " " + transport_id_text(initiator);
    return {{}, std::nullopt, understood};
}

Answer answer_command(Bytes cdb, Bytes sent) {
    Capacity capacity;
    capacity.last_block = 0x1ffffffff;
    capacity.block_size = 512;
    capacity.physical_block_exponent = 3;
    capacity.lowest_aligned_block = 5;
    capacity.thin_provisioning = true;
    capacity.protection_type = 2;
    switch (static_cast<Opcode>(load_u8(cdb, 0))) {
    case Opcode::TestUnitReady:
        return {{}, std::nullopt, "TUR"};
    case Opcode::Inquiry:
        return answer_inquiry(cdb);
    case Opcode::ReadCapacity10:
        return reply(build_capacity_10(capacity), "READ CAPACITY 10");
    case Opcode::ServiceActionIn16: {
        const auto length = parse_read_capacity_16_cdb(cdb);
        if (!length) return refuse(0x24, length.error().message());
        return reply(build_capacity_16(capacity), "READ CAPACITY 16");
    }
    case Opcode::MaintenanceIn:
        return answer_report_groups(cdb);
    case Opcode::MaintenanceOut:
        return answer_set_groups(cdb, sent);
    case Opcode::PersistentReserveIn:
        return answer_reserve_in(cdb);
    case Opcode::PersistentReserveOut:
        return answer_reserve_out(cdb, sent);
    }
    return refuse(0x20, "operation code " + hex8(load_u8(cdb, 0)));
}

// The sense data that the test wants every command to end with.
std::optional<Sense> wanted_sense() {
    const char* const text = std::getenv("MPAPI_PEER_SENSE");
    if (!text) return std::nullopt;
    unsigned format = 0, key = 0, asc = 0, ascq = 0;
    if (std::sscanf(text, "%x %x %x %x", &format, &key, &asc, &ascq) != 4) std::abort();
    Sense sense;
    sense.format = format ? SenseFormat::Descriptor : SenseFormat::Fixed;
    sense.key = static_cast<SenseKey>(key);
    sense.asc = static_cast<std::uint8_t>(asc);
    sense.ascq = static_cast<std::uint8_t>(ascq);
    return sense;
}

void log_line(const std::string& line) {
    const char* const path = std::getenv("MPAPI_PEER_LOG");
    if (!path) return;
    if (std::FILE* file = std::fopen(path, "ae")) {
        std::fprintf(file, "%s\n", line.c_str());
        std::fclose(file);
    }
}

void answer_sg_io(sg_io_hdr_t& header) {
    const Bytes cdb(header.cmdp, header.cmd_len);
    auto* const buffer = static_cast<std::uint8_t*>(header.dxferp);
    const bool to_device = header.dxfer_direction == SG_DXFER_TO_DEV;
    Answer answer = answer_command(cdb, to_device ? Bytes(buffer, header.dxfer_len) : Bytes());
    if (const auto sense = wanted_sense()) answer = {{}, sense, "failed as wanted"};
    log_line(answer.understood);

    header.status = 0;
    header.masked_status = 0;
    header.host_status = 0;
    header.driver_status = 0;
    header.sb_len_wr = 0;
    header.info = 0;
    header.resid = 0;
    if (answer.sense) {
        const auto bytes = build_sense(*answer.sense);
        const auto length = std::min<std::size_t>(bytes.size(), header.mx_sb_len);
        std::memcpy(header.sbp, bytes.data(), length);
        header.sb_len_wr = static_cast<unsigned char>(length);
        header.status = static_cast<unsigned char>(StatusCode::CheckCondition);
        header.masked_status = header.status >> 1;
        header.info = SG_INFO_CHECK;
    }
    if (header.dxfer_direction == SG_DXFER_FROM_DEV) {
        const auto length = std::min<std::size_t>(answer.data.size(), header.dxfer_len);
        if (length != 0) std::memcpy(buffer, answer.data.data(), length);
        header.resid = static_cast<int>(header.dxfer_len - length);
    }
}

} // namespace

// In glibc's place, for the one request that is ours.
extern "C" __attribute__((visibility("default"))) int ioctl(int fd, unsigned long request,
                                                            ...) noexcept {
    va_list arguments;
    va_start(arguments, request);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    if (request == SG_IO) {
        answer_sg_io(*static_cast<sg_io_hdr_t*>(argument));
        return 0;
    }
    using Ioctl = int (*)(int, unsigned long, void*);
    static const auto next = reinterpret_cast<Ioctl>(dlsym(RTLD_NEXT, "ioctl"));
    return next(fd, request, argument);
}
