// SPDX-License-Identifier: LGPL-2.1-or-later
//
// REPORT TARGET PORT GROUPS (SPC-4 6.36; SPC-3 6.25) and SET TARGET PORT GROUPS (SPC-3 6.31): the
// commands, the reply, the parameter list.
//
// A reply is refused whole when its lengths lie or a group is described twice: half an answer about
// who may be sent I/O is worse than none. Reserved access states are kept as they are (is_known()
// tells). A port that two groups claim is kept in both, for which group a path belongs to is
// said by VPD page 83h, not here.
//
// Target ports that ask for the extended header may still be given the old one by a device that
// ignores the field; bits 4 to 6 of byte 4 are zero in the one and 001b in the other, so the parser
// looks at them instead of at what was asked. Pure functions, no state.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/commands.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace mpapi::scsi {

// SPC-4 6.36, table "ASYMMETRIC ACCESS STATE"; numbers as on the wire, as in model::AccessState.
enum class AccessState : std::uint8_t {
    ActiveOptimized = 0x0,
    ActiveNonOptimized = 0x1,
    Standby = 0x2,
    Unavailable = 0x3,
    LogicalBlockDependent = 0x4,
    Offline = 0xe,
    Transitioning = 0xf,
};

constexpr bool is_known(AccessState state) {
    return static_cast<unsigned>(state) <= 4 || state == AccessState::Offline ||
           state == AccessState::Transitioning;
}

// Bits of the byte of supported states (T_SUP … AO_SUP).
namespace supported {
constexpr std::uint8_t transitioning = 0x80;
constexpr std::uint8_t offline = 0x40;
constexpr std::uint8_t logical_block_dependent = 0x10;
constexpr std::uint8_t unavailable = 0x08;
constexpr std::uint8_t standby = 0x04;
constexpr std::uint8_t active_non_optimized = 0x02;
constexpr std::uint8_t active_optimized = 0x01;
} // namespace supported

// What brought a group into its state.
enum class GroupStatus : std::uint8_t { None = 0, SetByCommand = 1, Implicit = 2 };

struct TargetPortGroup {
    std::uint16_t number = 0;
    AccessState state = AccessState::ActiveOptimized;
    bool preferred = false;
    std::uint8_t supported_states = 0;
    GroupStatus status = GroupStatus::None; // 03h to FFh are reserved and kept
    std::vector<std::uint16_t> relative_ports;

    bool operator==(const TargetPortGroup&) const = default;
};

enum class GroupsFormat : std::uint8_t { LengthOnly = 0, Extended = 1 };

struct TargetPortGroups {
    GroupsFormat format = GroupsFormat::LengthOnly;
    // Seconds a caller should allow an implicit transition to take; 0: not told, and always with
    // the short header.
    std::uint8_t implicit_transition_time = 0;
    std::vector<TargetPortGroup> groups;

    bool operator==(const TargetPortGroups&) const = default;
};

// For a first try: 8 groups with 14 ports each.
constexpr std::uint32_t target_port_groups_allocation = 516;

struct ReportTargetPortGroupsCommand {
    GroupsFormat format = GroupsFormat::LengthOnly;
    std::uint32_t allocation_length = 0;

    bool operator==(const ReportTargetPortGroupsCommand&) const = default;
};

std::array<std::uint8_t, 12> report_target_port_groups_cdb(GroupsFormat format,
                                                           std::uint32_t allocation_length);
Result<ReportTargetPortGroupsCommand> parse_report_target_port_groups_cdb(Bytes cdb);

// How long the whole reply is by its own header; 0 when not even the header is there.
std::size_t target_port_groups_length(Bytes reply);

Result<TargetPortGroups> parse_target_port_groups(Bytes reply);
// Fails when a group has more than 255 ports.
Result<std::vector<std::uint8_t>> build_target_port_groups(const TargetPortGroups& groups);

// One target port group descriptor of a SET TARGET PORT GROUPS parameter list.
struct SetTargetPortGroup {
    std::uint16_t number = 0;
    AccessState state = AccessState::ActiveOptimized;

    bool operator==(const SetTargetPortGroup&) const = default;
};

std::array<std::uint8_t, 12> set_target_port_groups_cdb(std::uint32_t parameter_list_length);
// Yields the parameter list length.
Result<std::uint32_t> parse_set_target_port_groups_cdb(Bytes cdb);

std::vector<std::uint8_t> build_set_target_port_groups(std::span<const SetTargetPortGroup> groups);
// Fails when the list is no whole number of descriptors or names a group twice. What the states
// and groups mean to the device is the device's to judge.
Result<std::vector<SetTargetPortGroup>> parse_set_target_port_groups(Bytes list);

} // namespace mpapi::scsi
