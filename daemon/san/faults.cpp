// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/faults.hpp"

#include "daemon/san/device.hpp"
#include "daemon/san/kernel_names.hpp"
#include "daemon/san/map_changes.hpp"
#include "daemon/san/maps.hpp"
#include "daemon/san/section_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

namespace mpapi::san {

namespace {

using model::AccessState;

class Faults {
  public:
    Faults(Fabric& fabric, const Fault& fault)
      : fabric_(fabric)
      , fault_(fault) {}

    Status apply() {
        switch (fault_.verb) {
        case Verb::PathLost:
        case Verb::PathRestored:
        case Verb::DiskOffline:
        case Verb::DiskRemoved:
        case Verb::DiskRescanned:
        case Verb::CommandHangs:
        case Verb::CommandReleased:
        case Verb::PathReused:
        case Verb::Reply:
            return with_disk();
        case Verb::PortLost:
        case Verb::PortRestored:
        case Verb::ArrayFailsOver:
        case Verb::GroupState:
            return with_array();
        case Verb::LunReused:
        case Verb::SizeChanged:
        case Verb::UnitRemoved:
        case Verb::UnitAdded:
        case Verb::DiskAdded:
        case Verb::MapMade:
            return with_unit();
        case Verb::HostRemoved:
        case Verb::HostAdded:
            return with_initiator();
        case Verb::MapRemoved:
        case Verb::MapRenamed:
        case Verb::MapSuspended:
        case Verb::MapResumed:
        case Verb::MapHeld:
        case Verb::MapReleased:
        case Verb::MapIo:
        case Verb::MapText:
            return with_map();
        }
        return wrong({}, "unknown verb", EINVAL);
    }

  private:
    Error wrong(const std::string& object, std::string reason, int errnum) const {
        const auto& known = verbs();
        const auto verb = std::find_if(known.begin(), known.end(), [this](const auto& entry) {
            return entry.second == fault_.verb;
        });
        std::string action(verb == known.end() ? "fault" : verb->first);
        if (fault_.line != 0)
            action = fabric_.description.file + ":" + std::to_string(fault_.line) + ": " + action;
        return Error{std::move(action), object, std::move(reason), errnum};
    }

    // --- one disk ---

    Status with_disk() {
        const auto disk = disk_index(fault_.disk);
        if (!disk || *disk >= fabric_.disks.size() || fabric_.disks[*disk] == none)
            return wrong(fault_.disk, "there is no such disk", ENOENT);
        const auto index = fabric_.disks[*disk];
        Path& path = fabric_.paths[index];
        switch (fault_.verb) {
        case Verb::PathLost:
            set_lost(path, true);
            break;
        case Verb::PathRestored: {
            const auto lock = fabric_.stripes.one(path.unit);
            path.lost = path.offline = false;
            break;
        }
        case Verb::DiskOffline: {
            const auto lock = fabric_.stripes.one(path.unit);
            path.offline = true;
            break;
        }
        case Verb::DiskRemoved:
            remove_disk(index);
            break;
        case Verb::DiskRescanned:
            rescan(index);
            break;
        case Verb::CommandHangs:
        case Verb::CommandReleased:
            set_hanging(index);
            return Done{};
        case Verb::PathReused:
            reuse_path(index);
            return Done{};
        case Verb::Reply:
            set_reply(index);
            return Done{};
        default:
            break;
        }
        review_map(fabric_, path.unit);
        return Done{};
    }

    void set_lost(Path& path, bool lost) {
        const auto lock = fabric_.stripes.one(path.unit);
        path.lost = lost;
    }

    void remove_disk(std::uint32_t path) {
        fabric_.news.post({Notice::Kind::DiskGone, fabric_.paths[path].disk});
        const auto lock = fabric_.stripes.all();
        fabric_.remove_disk(path);
    }

    void rescan(std::uint32_t index) {
        Path& path = fabric_.paths[index];
        Unit& unit = fabric_.units[path.unit];
        path.stale = false;
        tell_disk(fabric_, index);
        const auto first = fabric_.paths.begin() + unit.first_path;
        const bool looked_everywhere = std::none_of(first, first + unit.path_count,
                                                    [](const Path& other) { return other.stale; });
        if (!looked_everywhere || !unit.before) return;
        const bool resized = unit.before->size != unit.identity.size;
        unit.before.reset();
        if (resized && unit.map != none) tell_map(fabric_, unit.map, false);
    }

    // Calls `change` with the path's oddity and forgets it when nothing is odd any more.
    template <typename Change>
    void change_oddity(std::uint32_t index, Change change) {
        const auto lock = fabric_.stripes.all();
        Oddity& oddity = fabric_.oddities[index];
        change(oddity);
        fabric_.paths[index].odd = !oddity.empty();
        if (oddity.empty()) fabric_.oddities.erase(index);
    }

    void set_hanging(std::uint32_t index) {
        change_oddity(index, [this](Oddity& oddity) {
            if (fault_.verb == Verb::CommandReleased)
                oddity.hanging.reset();
            else if (fault_.operations.empty())
                oddity.hanging.set();
            for (const auto operation : fault_.operations)
                oddity.hanging.set(operation);
        });
        fabric_.hangs_changed();
    }

    void set_reply(std::uint32_t index) {
        const auto page = fault_.page.value_or(fault_.operation == 0x12 ? 0xff : 0);
        change_oddity(index, [&](Oddity& oddity) {
            const std::pair key{fault_.operation, page};
            if (fault_.bytes.empty())
                oddity.replies.erase(key);
            else
                oddity.replies[key] = fault_.bytes;
        });
    }

    void reuse_path(std::uint32_t index) {
        change_oddity(index, [this](Oddity& oddity) {
            oddity.designator = fault_.designator;
            oddity.serial = fault_.serial;
        });
        Path& path = fabric_.paths[index];
        path.stale = true;
        const Unit& unit = fabric_.units[path.unit];
        const auto lock = fabric_.stripes.one(path.unit);
        if (fault_.announced) attend(fabric_, unit, index, Condition::InquiryChanged);
    }

    // --- unit attentions ---

    // The unit's stripe, or all, held.
    static void attend(Fabric& fabric, const Unit& unit, std::uint32_t index, Condition condition) {
        Path& path = fabric.paths[index];
        const auto attention = fabric.array_of(unit).attention;
        if (attention == Attention::None) return;
        // A host with I/O under way has met it before anybody asks.
        if (attention == Attention::Reported && fabric.has_disk(path) && !path.lost &&
            !path.offline) {
            fabric.news.post({condition == Condition::AccessStateChanged
                                  ? Notice::Kind::AccessChanged
                                  : Notice::Kind::InquiryChanged,
                              index});
            return;
        }
        path.attentions =
            static_cast<std::uint16_t>(path.attentions | static_cast<unsigned>(condition));
    }

    static void attend(Fabric& fabric, const Unit& unit, Condition condition) {
        for (std::uint32_t i = 0; i < unit.path_count; ++i)
            attend(fabric, unit, unit.first_path + i, condition);
    }

    // --- one array ---

    Status with_array() {
        const auto index = find_name(fabric_.description.arrays, fault_.array);
        if (!index) return wrong(fault_.array, "there is no such array", ENOENT);
        Array& array = fabric_.arrays[*index];
        const ArrayDescription& description = *array.description;
        if (fault_.verb == Verb::PortLost || fault_.verb == Verb::PortRestored) {
            const auto port = find_name(description.ports, fault_.port);
            if (!port) return wrong(fault_.port, "the array has no such port", ENOENT);
            return set_port(*index, *port, fault_.verb == Verb::PortLost);
        }
        if (description.groups.empty())
            return wrong(fault_.array, "the array has no target port groups", EINVAL);
        if (fault_.verb == Verb::ArrayFailsOver) return fail_over(*index);
        const auto group = std::find_if(
            description.groups.begin(), description.groups.end(),
            [this](const GroupDescription& known) { return known.id == fault_.group; });
        if (group == description.groups.end())
            return wrong(fault_.array, "the array has no such target port group", ENOENT);
        return set_group(*index, static_cast<std::size_t>(group - description.groups.begin()));
    }

    Status set_port(std::uint32_t array, std::uint32_t port, bool lost) {
        std::vector<std::uint32_t> touched;
        {
            const auto lock = fabric_.stripes.all();
            for (auto& path : fabric_.paths) {
                if (path.port != port || fabric_.units[path.unit].array != array) continue;
                path.lost = lost;
                if (touched.empty() || touched.back() != path.unit) touched.push_back(path.unit);
            }
        }
        for (const auto unit : touched)
            review_map(fabric_, unit);
        return Done{};
    }

    Status set_group(std::uint32_t index, std::size_t group) {
        const auto set = [&](GroupState& state) {
            state.state = fault_.state;
            state.status = scsi::GroupStatus::Implicit;
        };
        if (fault_.unit.empty()) {
            std::vector<Access> wanted = fabric_.arrays[index].access;
            for (auto& access : wanted)
                set(access[group]);
            change_access(fabric_, index, wanted);
            return Done{};
        }
        const auto found = find_name(fabric_.units, fault_.unit);
        if (!found || fabric_.units[*found].array != index)
            return wrong(fault_.unit, "the array has no such unit", ENOENT);
        Unit& unit = fabric_.units[*found];
        {
            const auto lock = fabric_.stripes.all();
            Access access = fabric_.access_of(unit);
            set(access[group]);
            unit.access = Fabric::shared_access(fabric_.arrays[index], access);
            attend(fabric_, unit, Condition::AccessStateChanged);
        }
        review_map(fabric_, *found);
        return Done{};
    }

    Status fail_over(std::uint32_t index) {
        std::vector<Access> wanted;
        std::vector<Access> meanwhile;
        {
            const auto lock = fabric_.stripes.one(0);
            wanted = fabric_.arrays[index].access;
        }
        for (auto& access : wanted) {
            const Access before = access;
            for (std::size_t i = 0; i < access.size(); ++i) {
                access[i].state = before[(i + 1) % before.size()].state;
                access[i].status = scsi::GroupStatus::Implicit;
            }
            meanwhile.push_back(access);
            for (auto& group : meanwhile.back())
                group.state = AccessState::Transitioning;
        }
        if (fault_.transition.count() == 0) {
            change_access(fabric_, index, wanted);
            return Done{};
        }
        change_access(fabric_, index, meanwhile);
        fabric_.later(fault_.transition, [&fabric = fabric_, index, wanted = std::move(wanted)] {
            change_access(fabric, index, wanted);
        });
        return Done{};
    }

    static void change_access(Fabric& fabric, std::uint32_t index,
                              const std::vector<Access>& wanted) {
        {
            const auto lock = fabric.stripes.all();
            Array& array = fabric.arrays[index];
            // Commands may have added entries since.
            for (std::size_t i = 0; i < wanted.size(); ++i)
                array.access[i] = wanted[i];
            for (const auto& unit : fabric.units)
                if (unit.array == index) attend(fabric, unit, Condition::AccessStateChanged);
        }
        for (std::uint32_t i = 0; i < fabric.units.size(); ++i)
            if (fabric.units[i].array == index) review_map(fabric, i);
    }

    // --- one unit ---

    Status with_unit() {
        const auto index = find_name(fabric_.units, fault_.unit);
        if (!index) return wrong(fault_.unit, "there is no such unit", ENOENT);
        Unit& unit = fabric_.units[*index];
        switch (fault_.verb) {
        case Verb::LunReused:
            return change_identity(*index,
                                   {fault_.designator, fault_.serial, unit.identity.size,
                                    unit.identity.logical_unit_group},
                                   Condition::InquiryChanged);
        case Verb::SizeChanged:
            return change_identity(*index,
                                   {unit.identity.designator, unit.identity.serial, fault_.size,
                                    unit.identity.logical_unit_group},
                                   Condition::CapacityChanged);
        case Verb::UnitRemoved:
            return remove_unit(*index);
        case Verb::UnitAdded:
            return add_unit(*index);
        case Verb::DiskAdded:
            return add_disk(*index);
        default:
            break;
        }
        if (unit.map != none && fabric_.maps[unit.map].minor != none)
            return wrong(fault_.unit, "the unit has a map already", EEXIST);
        if (unit.map == none && fault_.name.empty())
            return wrong(fault_.unit, "expected a name, for the unit was described without a map",
                         EINVAL);
        if (!fault_.name.empty() && find_map(fault_.name))
            return wrong(fault_.name, "there is a map of this name already", EEXIST);
        make_map(fabric_, *index, fault_.name);
        return Done{};
    }

    Status change_identity(std::uint32_t index, Identity identity, Condition condition) {
        const auto lock = fabric_.stripes.all();
        Unit& unit = fabric_.units[index];
        if (!unit.before) unit.before = std::make_unique<const Identity>(unit.identity);
        unit.identity = std::move(identity);
        for (std::uint32_t i = 0; i < unit.path_count; ++i) {
            Path& path = fabric_.paths[unit.first_path + i];
            path.stale = fabric_.has_disk(path);
        }
        if (condition == Condition::InquiryChanged) unit.forget();
        if (fault_.announced) attend(fabric_, unit, condition);
        return Done{};
    }

    Status remove_unit(std::uint32_t index) {
        Unit& unit = fabric_.units[index];
        if (!unit.exists) return wrong(fault_.unit, "the unit has been removed already", EINVAL);
        {
            const auto lock = fabric_.stripes.all();
            unit.exists = false;
            unit.forget();
        }
        if (fault_.rescanned)
            for (std::uint32_t i = 0; i < unit.path_count; ++i)
                if (fabric_.has_disk(fabric_.paths[unit.first_path + i]))
                    remove_disk(unit.first_path + i);
        review_map(fabric_, index);
        return Done{};
    }

    Status add_unit(std::uint32_t index) {
        Unit& unit = fabric_.units[index];
        if (unit.exists) return wrong(fault_.unit, "the unit is there already", EEXIST);
        {
            const auto lock = fabric_.stripes.all();
            unit.exists = true;
            attend(fabric_, unit, Condition::LunsChanged);
            for (std::uint32_t i = 0; i < unit.path_count; ++i)
                scan(unit.first_path + i);
        }
        review_map(fabric_, index);
        return Done{};
    }

    // All stripes held.
    void scan(std::uint32_t index) {
        Path& path = fabric_.paths[index];
        const Initiator& initiator = fabric_.initiators[path.initiator];
        if (fabric_.has_disk(path) || !initiator.host || !initiator.present || path.lost ||
            !fabric_.units[path.unit].exists)
            return;
        fabric_.add_disk(index);
        tell_disk(fabric_, index);
    }

    Status add_disk(std::uint32_t unit_index) {
        const Unit& unit = fabric_.units[unit_index];
        const auto port = find_name(fabric_.array_of(unit).ports, fault_.port);
        const auto initiator = find_name(fabric_.description.initiators, fault_.initiator);
        for (std::uint32_t i = 0; port && initiator && i < unit.path_count; ++i) {
            const Path& path = fabric_.paths[unit.first_path + i];
            if (path.port != *port || path.initiator != *initiator) continue;
            if (fabric_.has_disk(path))
                return wrong(fault_.unit, "the disk is there already", EEXIST);
            {
                const auto lock = fabric_.stripes.all();
                scan(unit.first_path + i);
            }
            if (!fabric_.has_disk(path)) return wrong(fault_.unit, "nothing answers there", EINVAL);
            review_map(fabric_, unit_index);
            return Done{};
        }
        return wrong(fault_.unit, "the initiator sees no such unit through that port", ENOENT);
    }

    // --- one host ---

    Status with_initiator() {
        const auto index = find_name(fabric_.description.initiators, fault_.initiator);
        if (!index || !fabric_.initiators[*index].host)
            return wrong(fault_.initiator, "this machine has no such initiator", ENOENT);
        Initiator& initiator = fabric_.initiators[*index];
        const bool present = fault_.verb == Verb::HostAdded;
        if (initiator.present == present)
            return wrong(fault_.initiator, present ? "it is there already" : "it is gone already",
                         present ? EEXIST : EINVAL);
        std::vector<std::uint32_t> touched;
        {
            const auto lock = fabric_.stripes.all();
            initiator.present = present;
            for (std::uint32_t i = 0; i < fabric_.paths.size(); ++i) {
                Path& path = fabric_.paths[i];
                if (path.initiator != *index) continue;
                if (present) {
                    scan(i);
                } else if (fabric_.has_disk(path)) {
                    fabric_.news.post({Notice::Kind::DiskGone, path.disk});
                    fabric_.remove_disk(i);
                }
                if (touched.empty() || touched.back() != path.unit) touched.push_back(path.unit);
            }
        }
        for (const auto unit : touched)
            review_map(fabric_, unit);
        return Done{};
    }

    // --- one map ---

    std::optional<std::uint32_t> find_map(const std::string& name) const {
        for (std::uint32_t i = 0; i < fabric_.maps.size(); ++i)
            if (fabric_.maps[i].minor != none && fabric_.maps[i].name == name) return i;
        return std::nullopt;
    }

    Status with_map() {
        const auto index = find_map(fault_.map);
        if (!index) return wrong(fault_.map, "there is no such map", ENOENT);
        Map& map = fabric_.maps[*index];
        switch (fault_.verb) {
        case Verb::MapRemoved:
            if (!take_map_away(fabric_, *index))
                return wrong(fault_.map, "somebody has it open", EBUSY);
            return Done{};
        case Verb::MapRenamed:
            if (find_map(fault_.name))
                return wrong(fault_.name, "there is a map of this name already", EEXIST);
            map.name = fault_.name;
            break;
        case Verb::MapSuspended:
            map.suspended = true;
            return Done{}; // nobody announces it
        case Verb::MapResumed:
            map.suspended = false;
            break;
        case Verb::MapHeld:
        case Verb::MapReleased:
            map.held = fault_.verb == Verb::MapHeld;
            return Done{}; // nor this
        case Verb::MapText:
            map.table_text = fault_.table;
            map.status_text = fault_.status;
            break;
        case Verb::MapIo:
            send_map_io(fabric_, *index);
            return Done{};
        default:
            break;
        }
        tell_map(fabric_, *index, false);
        return Done{};
    }

    Fabric& fabric_;
    const Fault& fault_;
};

} // namespace

Status apply_fault(Fabric& fabric, const Fault& fault) {
    return Faults(fabric, fault).apply();
}

void access_changed_by_command(Fabric& fabric, std::uint32_t index) {
    if (fabric.array_of(fabric.units[index]).attention == Attention::Reported) {
        // What was left for the next command, a busy host has met by now.
        const auto lock = fabric.stripes.one(index);
        const Unit& unit = fabric.units[index];
        for (std::uint32_t i = 0; i < unit.path_count; ++i) {
            Path& path = fabric.paths[unit.first_path + i];
            constexpr auto bit = static_cast<unsigned>(Condition::AccessStateChanged);
            if ((path.attentions & bit) == 0 || !fabric.has_disk(path) || path.lost || path.offline)
                continue;
            path.attentions = static_cast<std::uint16_t>(path.attentions & ~bit);
            fabric.news.post({Notice::Kind::AccessChanged, unit.first_path + i});
        }
    }
    review_map(fabric, index);
}

} // namespace mpapi::san
