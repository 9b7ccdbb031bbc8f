// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/command.hpp"

#include "common/scsi/target_port_groups.hpp"
#include "daemon/san/device.hpp"
#include "daemon/san/replies.hpp"

#include <algorithm>

namespace mpapi::san {

using daemon::ScsiReply;
using model::AccessState;
using scsi::SenseKey;

namespace {

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

} // namespace

ScsiReply Command::report_target_port_groups() const {
    if (scsi::service_action(cdb_) != scsi::report_target_port_groups_action ||
        (!array_.implicit_access && !array_.explicit_access))
        return invalid_field_in_cdb();
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

ScsiReply Command::set_target_port_groups() {
    const auto length = scsi::parse_set_target_port_groups_cdb(cdb_);
    if (!length) return invalid_field_in_cdb();
    if (*length > out_.size()) return refused(SenseKey::IllegalRequest, 0x1a, 0x00);
    const auto wanted = scsi::parse_set_target_port_groups(out_.first(*length));
    if (!wanted) return invalid_field_in_list();
    Access access = fabric_.access_of(unit_);
    for (const auto& one : *wanted) {
        const auto group = std::find_if(array_.groups.begin(), array_.groups.end(),
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
    switch (array.set_groups) {
    case SetGroupsAnswer::Transitioning:
        return refused(SenseKey::NotReady, 0x04, 0x0a);
    case SetGroupsAnswer::Refused:
        return invalid_field_in_list();
    case SetGroupsAnswer::Failed:
        return refused(SenseKey::HardwareError, 0x67, 0x0a);
    case SetGroupsAnswer::Ignored:
        return {};
    case SetGroupsAnswer::Obeys:
    case SetGroupsAnswer::Slow:
        break;
    }
    if (unit_.arriving != none) return refused(SenseKey::NotReady, 0x04, 0x0a);
    auto index = Fabric::shared_access(array, access);
    if (index == unit_.access) return {};
    if (array.set_groups == SetGroupsAnswer::Slow) {
        unit_.arriving = index; // timed by access_changed_by_command()
        const Access& before = fabric_.access_of(unit_);
        for (std::size_t i = 0; i < access.size(); ++i)
            if (access[i].state != before[i].state) access[i].state = AccessState::Transitioning;
        index = Fabric::shared_access(array, access);
    }
    unit_.access = index;
    if (array_.attention != san::Attention::None)
        establish(fabric_, path_.unit, Condition::AccessStateChanged, path_index_);
    fabric_.news.post({Notice::Kind::UnitAccess, path_.unit});
    return {};
}

} // namespace mpapi::san
