// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/target_port_groups.hpp"

#include "common/scsi/text.hpp"

#include <optional>

namespace mpapi::scsi {

namespace {

constexpr std::size_t group_header_length = 8;
constexpr std::size_t port_length = 4;
constexpr std::size_t set_descriptor_length = 4;

Error report_error(std::string reason) {
    return {"parse REPORT TARGET PORT GROUPS data", "", std::move(reason)};
}

Error set_error(std::string reason) {
    return {"parse SET TARGET PORT GROUPS list", "", std::move(reason)};
}

// A megabyte of empty groups must not take a square of them to look through.
template <typename Group>
std::optional<std::uint16_t> told_twice(const std::vector<Group>& groups) {
    std::vector<std::uint16_t> numbers;
    numbers.reserve(groups.size());
    for (const auto& group : groups)
        numbers.push_back(group.number);
    std::sort(numbers.begin(), numbers.end());
    const auto twice = std::adjacent_find(numbers.begin(), numbers.end());
    return twice == numbers.end() ? std::nullopt : std::optional(*twice);
}

Status check_cdb(Bytes cdb, const char* action, Opcode opcode, std::uint8_t wanted_action) {
    if (cdb.size() < 12) return Error{action, "", byte_count(cdb.size()) + ", not 12"};
    if (cdb[0] != static_cast<std::uint8_t>(opcode))
        return Error{action, "", "operation code " + hex8(cdb[0])};
    if (service_action(cdb) != wanted_action)
        return Error{action, "", "service action " + hex8(service_action(cdb))};
    return Done{};
}

} // namespace

std::array<std::uint8_t, 12> report_target_port_groups_cdb(GroupsFormat format,
                                                           std::uint32_t allocation_length) {
    std::array<std::uint8_t, 12> cdb{static_cast<std::uint8_t>(Opcode::MaintenanceIn)};
    cdb[1] = static_cast<std::uint8_t>(static_cast<unsigned>(format) << 5 |
                                       report_target_port_groups_action);
    store_u32(cdb, 6, allocation_length);
    return cdb;
}

Result<ReportTargetPortGroupsCommand> parse_report_target_port_groups_cdb(Bytes cdb) {
    const char* const action = "parse REPORT TARGET PORT GROUPS CDB";
    auto checked = check_cdb(cdb, action, Opcode::MaintenanceIn, report_target_port_groups_action);
    if (!checked) return std::move(checked).error();
    const unsigned format = cdb[1] >> 5;
    if (format > static_cast<unsigned>(GroupsFormat::Extended))
        return Error{action, "", "parameter data format " + std::to_string(format)};
    return ReportTargetPortGroupsCommand{static_cast<GroupsFormat>(format), load_u32(cdb, 6)};
}

std::size_t target_port_groups_length(Bytes reply) {
    return reply.size() < 4 ? 0 : std::size_t{4} + load_u32(reply, 0);
}

Result<TargetPortGroups> parse_target_port_groups(Bytes reply) {
    if (reply.size() < 4)
        return report_error(byte_count(reply.size()) + " received, a header has 4");
    const std::size_t length = target_port_groups_length(reply);
    if (reply.size() < length)
        return report_error("the header announces " + byte_count(length) + ", " +
                            std::to_string(reply.size()) + " received");
    reply = reply.first(length);

    TargetPortGroups result;
    std::size_t offset = 4;
    if ((load_u8(reply, 4) & 0x70) == 0x10) {
        if (length < 8) return report_error("the extended header is cut at " + byte_count(length));
        result.format = GroupsFormat::Extended;
        result.implicit_transition_time = reply[5];
        offset = 8;
    }
    while (offset < length) {
        const auto where = [&] {
            return "group descriptor " + std::to_string(result.groups.size() + 1) + " at offset " +
                   std::to_string(offset);
        };
        const Bytes rest = reply.subspan(offset);
        if (rest.size() < group_header_length)
            return report_error(where() + " is cut at " + byte_count(rest.size()) +
                                ", its header has 8");
        const std::size_t ports = rest[7];
        if ((rest.size() - group_header_length) / port_length < ports)
            return report_error(where() + " ends beyond the data: " + std::to_string(ports) +
                                " ports announced, room for " +
                                std::to_string((rest.size() - group_header_length) / port_length));
        auto& group = result.groups.emplace_back();
        group.preferred = (rest[0] & 0x80) != 0;
        group.state = static_cast<AccessState>(rest[0] & 0x0f);
        group.supported_states = rest[1];
        group.number = load_u16(rest, 2);
        group.status = static_cast<GroupStatus>(rest[5]);
        group.relative_ports.reserve(ports);
        for (std::size_t i = 0; i < ports; ++i)
            group.relative_ports.push_back(
                load_u16(rest, group_header_length + i * port_length + 2));
        offset += group_header_length + ports * port_length;
    }
    if (const auto twice = told_twice(result.groups))
        return report_error("group " + std::to_string(*twice) + " is described twice");
    return result;
}

Result<std::vector<std::uint8_t>> build_target_port_groups(const TargetPortGroups& groups) {
    Writer writer(64);
    writer.u32(0);
    if (groups.format == GroupsFormat::Extended) {
        writer.u8(0x10);
        writer.u8(groups.implicit_transition_time);
        writer.u16(0);
    }
    for (const auto& group : groups.groups) {
        if (group.relative_ports.size() > 0xff)
            return Error{"build REPORT TARGET PORT GROUPS data",
                         "group " + std::to_string(group.number),
                         std::to_string(group.relative_ports.size()) + " ports, 255 fit"};
        writer.u8(static_cast<std::uint8_t>((group.preferred ? 0x80u : 0u) |
                                            (static_cast<unsigned>(group.state) & 0xf)));
        writer.u8(group.supported_states);
        writer.u16(group.number);
        writer.u8(0);
        writer.u8(static_cast<std::uint8_t>(group.status));
        writer.u8(0);
        writer.u8(static_cast<std::uint8_t>(group.relative_ports.size()));
        for (const auto port : group.relative_ports) {
            writer.u16(0);
            writer.u16(port);
        }
    }
    writer.set_u32(0, static_cast<std::uint32_t>(writer.size() - 4));
    return std::move(writer).take();
}

std::array<std::uint8_t, 12> set_target_port_groups_cdb(std::uint32_t parameter_list_length) {
    std::array<std::uint8_t, 12> cdb{static_cast<std::uint8_t>(Opcode::MaintenanceOut),
                                     set_target_port_groups_action};
    store_u32(cdb, 6, parameter_list_length);
    return cdb;
}

Result<std::uint32_t> parse_set_target_port_groups_cdb(Bytes cdb) {
    auto checked = check_cdb(cdb, "parse SET TARGET PORT GROUPS CDB", Opcode::MaintenanceOut,
                             set_target_port_groups_action);
    if (!checked) return std::move(checked).error();
    return load_u32(cdb, 6);
}

std::vector<std::uint8_t> build_set_target_port_groups(std::span<const SetTargetPortGroup> groups) {
    Writer writer(4 + groups.size() * set_descriptor_length);
    writer.zeros(4);
    for (const auto& group : groups) {
        writer.u8(static_cast<std::uint8_t>(group.state) & 0x0f);
        writer.u8(0);
        writer.u16(group.number);
    }
    return std::move(writer).take();
}

Result<std::vector<SetTargetPortGroup>> parse_set_target_port_groups(Bytes list) {
    if (list.size() < 4) return set_error(byte_count(list.size()) + " received, a header has 4");
    list = list.subspan(4);
    if (list.size() % set_descriptor_length != 0)
        return set_error(byte_count(list.size()) + " are no whole number of descriptors of 4");
    std::vector<SetTargetPortGroup> groups;
    groups.reserve(list.size() / set_descriptor_length);
    for (std::size_t offset = 0; offset < list.size(); offset += set_descriptor_length)
        groups.push_back(
            {load_u16(list, offset + 2), static_cast<AccessState>(list[offset] & 0xf)});
    if (const auto twice = told_twice(groups))
        return set_error("group " + std::to_string(*twice) + " is named twice");
    return groups;
}

} // namespace mpapi::scsi
