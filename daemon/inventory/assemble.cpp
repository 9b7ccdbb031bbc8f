// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/assemble.hpp"

#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "common/model/identity.hpp"

#include <algorithm>
#include <set>

namespace mpapi::daemon {

namespace {

using model::AccessState;
using model::DeviceState;
using model::PathState;

const DiskRecord* disk_of(const MapRecord& map, const std::string& device) {
    const auto number = dm::parse_device_number(device);
    if (!number) return nullptr;
    for (const DiskRecord* disk : map.disks)
        if (disk->number.major == number->major && disk->number.minor == number->minor) return disk;
    return nullptr;
}

// `dm_active`: nullopt where the map does not say.
PathState path_state(const DiskRecord& disk, std::optional<bool> dm_active, AccessState access) {
    if (!disk.present) return PathState::Removed;
    if (disk.stuck || disk.unanswered) return PathState::Unknown;
    if (disk.state == DeviceState::Offline || disk.state == DeviceState::TransportOffline)
        return PathState::PathError;
    if (disk.state == DeviceState::Blocked || disk.state == DeviceState::Quiesced)
        return PathState::Transitioning;
    if (disk.failure == Failure::Status) return PathState::LogicalUnitError;
    if (dm_active == false || disk.failure == Failure::NoStatus) return PathState::PathError;
    if (!dm_active) return PathState::Unknown;
    if (access == AccessState::Transitioning) return PathState::Transitioning;
    return PathState::Okay;
}

class Assembly {
  public:
    Assembly(const MapRecord& map, ObjectIds& ids, MultipathPolicy& policy,
             const paths::Management& management)
      : map_(map)
      , ids_(ids)
      , policy_(policy)
      , management_(management) {
        const auto asked = management.intents->units.find(map.key);
        if (asked != management.intents->units.end()) asked_ = &asked->second;
    }

    model::Unit build() {
        unit_.read_times = map_.read_times;
        read_strings();
        describe_unit();
        groups();
        paths();
        own_target_ports();
        queueing();
        settings();
        if (management_.manager) unit_.unit.upkeep = management_.manager->upkeep(&unit_.unit);
        std::sort(unit_.paths.begin(), unit_.paths.end(),
                  [](const auto& a, const auto& b) { return a.id < b.id; });
        std::sort(unit_.groups.begin(), unit_.groups.end(),
                  [](const auto& a, const auto& b) { return a.id < b.id; });
        return std::move(unit_);
    }

  private:
    model::Trouble since_before(std::string command, std::string reason) const {
        // The same trouble as before began before.
        if (map_.published && map_.published->unit.trouble) {
            const model::Trouble& old = *map_.published->unit.trouble;
            if (old.command == command && old.reason == reason) return old;
        }
        return {map_.read_times->device_mapper.load(), std::move(command), std::move(reason)};
    }

    void read_strings() {
        auto table = dm::parse_multipath_table(map_.facts.table);
        if (table)
            table_ = std::move(*table);
        else
            unit_.unit.trouble = since_before("table", table.error().reason);
        auto status = dm::parse_multipath_status(map_.facts.status);
        status_known_ = status.has_value();
        if (status)
            status_ = std::move(*status);
        else if (table)
            unit_.unit.trouble = since_before("status", status.error().reason);
    }

    void describe_unit() {
        model::LogicalUnit& unit = unit_.unit;
        const MapFacts& facts = map_.facts;
        unit.id = map_.id;
        unit.key = map_.key;
        unit.name = facts.name;
        unit.uuid = facts.uuid;
        unit.number = facts.number;
        unit.size = facts.size;
        unit.event_number = facts.event_number;
        unit.suspended = facts.suspended;
        unit.read_only = facts.read_only;
        unit.hardware_handler = table_.hardware_handler;
        for (const auto word : table_.features)
            unit.features.emplace_back(word);
        unit.queue_if_no_path = dm::features_of(table_).queue_if_no_path;
        if (!table_.groups.empty()) {
            unit.selector = table_.groups.front().selector;
            unit.selector_arguments = table_.groups.front().selector_args.text();
            const model::LogicalUnit* before = published();
            unit.load_balance = before && before->selector == unit.selector
                                    ? before->load_balance
                                    : ids_.id(model::ObjectType::LoadBalance, unit.selector);
        }
        unit.current_group = status_.current_group;
        unit.unit_name = map_.unit_name;
        unit.unit_name_type = map_.unit_name_type;
        unit.duplicate_designator = map_.duplicate;

        const DiskRecord* best = nullptr;
        bool any_speaks = false;
        for (const DiskRecord* disk : map_.disks) {
            if (!disk->identity) continue;
            any_speaks = true;
            if (disk->identity->unit_name != map_.unit_name) continue;
            if (!best || (best->identity_source != model::Source::Vpd &&
                          disk->identity_source == model::Source::Vpd))
                best = disk;
        }
        model::Shared<UnitIdentity> told;
        if (best)
            told = best->identity;
        else if (!any_speaks)
            told = map_.last_identity;
        if (told) {
            const UnitIdentity& identity = *told;
            unit.vendor = identity.vendor;
            unit.product = identity.product;
            unit.revision = identity.revision;
            unit.serial_number = identity.serial_number;
            unit.logical_unit_group = identity.logical_unit_group;
            unit.implicit_alua = identity.implicit_alua;
            unit.explicit_alua = identity.explicit_alua;
            unit.unit_name_source = best ? best->identity_source : map_.last_identity_source;
            unit.product_id = product(unit);
        } else if (!unit.unit_name.empty()) {
            unit.unit_name_source = model::Source::DeviceMapper; // only the map's UUID says so
        }
        unit.asymmetric = unit.implicit_alua || unit.explicit_alua || by_hardware_handler();
    }

    // Numbers are looked up by text only where the unit did not have them already.
    const model::LogicalUnit* published() const {
        return map_.published ? &map_.published->unit : nullptr;
    }

    model::Sequence product(const model::LogicalUnit& unit) {
        if (unit.vendor.empty() && unit.product.empty()) return 0;
        const model::LogicalUnit* before = published();
        if (before && before->product_id != 0 && before->vendor == unit.vendor &&
            before->product == unit.product && before->revision == unit.revision)
            return before->product_id;
        return ids_.id(model::ObjectType::DeviceProduct,
                       unit.vendor + "\n" + unit.product + "\n" + unit.revision);
    }

    // Arrays that are active/passive without ALUA are known by the handler they need.
    bool by_hardware_handler() const {
        return !table_.hardware_handler.empty() && table_.hardware_handler != "alua";
    }

    model::TargetPortGroup new_group(std::uint16_t number) {
        model::TargetPortGroup group;
        group.number = number;
        const model::TargetPortGroup* before =
            map_.published ? map_.published->group_numbered(number) : nullptr;
        group.id = before ? before->id
                          : ids_.id(model::ObjectType::TargetPortGroup,
                                    std::to_string(map_.id) + "/" + std::to_string(number));
        return group;
    }

    void groups() {
        if (unit_.unit.implicit_alua || unit_.unit.explicit_alua)
            reported_groups();
        else if (identity_known())
            synthetic_groups();
    }

    bool identity_known() const {
        return std::any_of(map_.disks.begin(), map_.disks.end(),
                           [](const DiskRecord* disk) { return disk->identity_read_at != 0; });
    }

    void reported_groups() {
        for (const scsi::TargetPortGroup& told : map_.groups) {
            model::TargetPortGroup group = new_group(told.number);
            group.source = model::Source::Rtpg;
            group.preferred = told.preferred;
            group.supported_states = told.supported_states;
            group.status_code = static_cast<std::uint8_t>(told.status);
            group.explicit_failover = unit_.unit.explicit_alua;
            group.relative_port_ids = told.relative_ports;
            group.trouble = map_.groups_trouble;
            group.access_state = map_.groups_trouble || !scsi::is_known(told.state)
                                     ? AccessState::Unknown
                                     : static_cast<AccessState>(told.state);
            if (!map_.groups_trouble && !scsi::is_known(told.state))
                group.trouble = model::Trouble{
                    map_.read_times->target_port_groups.load(), "REPORT TARGET PORT GROUPS",
                    "reserved access state " + std::to_string(static_cast<unsigned>(told.state))};
            unit_.groups.push_back(std::move(group));
        }
        if (unit_.groups.empty() && !unit_.unit.trouble) unit_.unit.trouble = map_.groups_trouble;
    }

    // ISO/IEC 11002 Annex B: units without REPORT TARGET PORT GROUPS have groups all the same. One
    // for a symmetric unit; for an active/passive one a group for each priority group of the map,
    // since multipath sorted the paths by controller.
    void synthetic_groups() {
        const bool passive = by_hardware_handler() && table_.groups.size() > 1;
        const std::size_t count = passive ? table_.groups.size() : 1;
        for (std::size_t i = 0; i < count; ++i) {
            model::TargetPortGroup group = new_group(static_cast<std::uint16_t>(i));
            group.source = model::Source::Synthetic;
            group.explicit_failover = passive;
            group.access_state = !passive || unit_.unit.current_group == i + 1
                                     ? AccessState::Active
                                     : AccessState::Standby;
            unit_.groups.push_back(std::move(group));
        }
    }

    void paths() {
        std::set<const DiskRecord*> shown;
        for (std::size_t g = 0; g < table_.groups.size(); ++g) {
            const dm::StatusGroup* status_group =
                g < status_.groups.size() ? &status_.groups[g] : nullptr;
            for (std::size_t p = 0; p < table_.groups[g].paths.size(); ++p) {
                const dm::TablePath& in_table = table_.groups[g].paths[p];
                const dm::StatusPath* status = nullptr;
                if (status_group && p < status_group->paths.size() &&
                    status_group->paths[p].device == in_table.device)
                    status = &status_group->paths[p];
                const DiskRecord* disk = disk_of(map_, in_table.device);
                if (disk && shown.insert(disk).second) // named twice, it is one path all the same
                    path(*disk, in_table, status, static_cast<std::uint32_t>(g + 1));
            }
        }
        for (const DiskRecord* disk : map_.aside)
            disabled_path(*disk);
    }

    // A disabled path is in no table: whatever it says of itself is all there is to its state.
    void disabled_path(const DiskRecord& disk) {
        const dm::StatusPath idle{"", dm::PathState::Active, 0, {}};
        path(disk, {}, &idle, 0);
        unit_.paths.back().disabled = true;
        unit_.paths.back().dm_active = false;
    }

    void path(const DiskRecord& disk, const dm::TablePath& in_table, const dm::StatusPath* status,
              std::uint32_t priority_group) {
        model::Path path;
        path.id = disk.path_id;
        path.initiator_port = disk.initiator_port ? disk.initiator_port->id : 0;
        path.target_port = disk.target_port ? disk.target_port->id : 0;
        path.device = disk.device;
        path.number = disk.number;
        path.address = disk.address;
        path.device_state = disk.state;
        path.size = disk.size;
        path.size_mismatch = disk.present && disk.size != 0 && disk.size != map_.facts.size;
        path.priority_group = priority_group;
        path.dm_active = status && status->state == dm::PathState::Active;
        path.fail_count = status ? status->fail_count : 0;
        path.selector_arguments = in_table.selector_args.text();
        path.relative_port_id = disk.relative_target_port;
        path.trouble = disk.trouble;
        path.identity_read_at = disk.identity_read_at;
        path.identity_source = disk.identity_source;
        if (disk.identity) path.designator = disk.identity->unit_name;
        path.identity = identity(disk);
        group_of(disk, path, priority_group);
        const model::TargetPortGroup* group =
            path.group_known ? group_numbered(path.target_port_group) : nullptr;
        path.state = path_state(disk, status ? std::optional(path.dm_active) : std::nullopt,
                                group ? group->access_state : AccessState::Unknown);
        take_asked(disk, path);
        unit_.unit.size_mismatch |= path.size_mismatch;
        unit_.paths.push_back(std::move(path));
    }

    void take_asked(const DiskRecord& disk, model::Path& path) {
        if (!asked_ || (!asked_->override_path && asked_->weights.empty())) return;
        const auto name = path_name(disk, map_.unit_name);
        if (!name) return;
        if (asked_->override_path == *name) unit_.unit.override_path = path.id;
        if (const auto weight = asked_->weights.find(*name); weight != asked_->weights.end())
            path.weight = weight->second;
    }

    model::Identity identity(const DiskRecord& disk) const {
        if (!disk.identity || disk.identity_source != model::Source::Vpd || disk.unanswered ||
            disk.stuck || disk.failure == Failure::Nonsense)
            return model::Identity::Unverified;
        return disk.identity->unit_name == map_.unit_name ? model::Identity::Verified
                                                          : model::Identity::Changed;
    }

    void group_of(const DiskRecord& disk, model::Path& path, std::uint32_t priority_group) {
        if (unit_.unit.implicit_alua || unit_.unit.explicit_alua) {
            // Only a group that is there: a path must change when its group comes or goes.
            path.target_port_group = disk.target_port_group.value_or(0);
            path.group_known =
                disk.target_port_group && group_numbered(*disk.target_port_group) != nullptr;
        } else if (!unit_.groups.empty() && (priority_group != 0 || unit_.groups.size() == 1)) {
            path.group_known = true;
            path.target_port_group =
                unit_.groups.size() > 1 ? static_cast<std::uint16_t>(priority_group - 1) : 0;
        }
    }

    model::TargetPortGroup* group_numbered(std::uint16_t number) {
        for (auto& group : unit_.groups)
            if (group.number == number) return &group;
        return nullptr;
    }

    // Which of a group's ports we know: those that some path goes through.
    void own_target_ports() {
        for (const model::Path& path : unit_.paths) {
            model::TargetPortGroup* group =
                path.group_known ? group_numbered(path.target_port_group) : nullptr;
            if (!group || path.target_port == 0) continue;
            auto place = std::lower_bound(group->target_ports.begin(), group->target_ports.end(),
                                          path.target_port);
            if (place == group->target_ports.end() || *place != path.target_port)
                group->target_ports.insert(place, path.target_port);
        }
    }

    void queueing() {
        model::LogicalUnit& unit = unit_.unit;
        const bool usable = std::any_of(unit_.paths.begin(), unit_.paths.end(),
                                        [](const model::Path& path) { return path.dm_active; });
        if (unit.suspended)
            unit.queueing = model::Queueing::Suspended;
        else if (status_known_ && !usable && unit.queue_if_no_path)
            unit.queueing = model::Queueing::NoUsablePath;
        else if (status_.queues_io())
            unit.queueing = model::Queueing::GroupSwitch;
    }

    void settings() {
        auto transport = model::Transport::Unknown;
        for (const DiskRecord* disk : map_.disks)
            if (disk->initiator_port) transport = disk->initiator_port->facts->transport;
        unit_.unit.settings = policy_.settings(unit_.unit, transport);
        // Most units have the same ones: share what is there already.
        if (map_.published && map_.published->unit.settings == unit_.unit.settings)
            unit_.unit.settings = map_.published->unit.settings;
    }

    const MapRecord& map_;
    ObjectIds& ids_;
    MultipathPolicy& policy_;
    const paths::Management& management_;
    const paths::UnitIntent* asked_ = nullptr;
    model::Unit unit_;
    dm::MultipathTable table_;
    dm::MultipathStatus status_;
    bool status_known_ = false;
};

} // namespace

std::optional<paths::PathName> path_name(const DiskRecord& disk, const std::string& unit_name) {
    if (!disk.initiator_port || !disk.target_port) return std::nullopt;
    return paths::PathName{unit_name, disk.initiator_port->facts->port_id,
                           disk.target_port->facts->port_id, disk.address.lun};
}

model::Unit assemble_unit(const MapRecord& map, ObjectIds& ids, MultipathPolicy& policy,
                          const paths::Management& management) {
    return Assembly(map, ids, policy, management).build();
}

bool reports_target_port_groups(const MapRecord& map) {
    return std::any_of(map.disks.begin(), map.disks.end(), [](const DiskRecord* disk) {
        return disk->identity && (disk->identity->implicit_alua || disk->identity->explicit_alua);
    });
}

} // namespace mpapi::daemon
