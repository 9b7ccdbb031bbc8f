// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/fault_kinds.hpp"

#include "daemon/san/attentions.hpp"
#include "daemon/san/maps.hpp"
#include "daemon/san/section_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace mpapi::san {

namespace {

using model::AccessState;

class ArrayFault {
  public:
    ArrayFault(Fabric& fabric, const Fault& fault)
      : fabric_(fabric)
      , fault_(fault) {}

    Status apply() {
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
        if (fault_.verb == Verb::SetGroupsAnswer) return answer_set_groups(*index);
        const auto group = std::find_if(
            description.groups.begin(), description.groups.end(),
            [this](const GroupDescription& known) { return known.id == fault_.group; });
        if (group == description.groups.end())
            return wrong(fault_.array, "the array has no such target port group", ENOENT);
        return set_group(*index, static_cast<std::size_t>(group - description.groups.begin()));
    }

  private:
    Error wrong(const std::string& object, std::string reason, int errnum) const {
        return fault_error(fabric_, fault_, object, std::move(reason), errnum);
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

    Status answer_set_groups(std::uint32_t index) {
        Array& array = fabric_.arrays[index];
        if (!array.description->explicit_access)
            return wrong(fault_.array, "nobody may set the states of its groups", EINVAL);
        const auto timer = ++array.set_groups_timer;
        {
            const auto lock = fabric_.stripes.all();
            array.set_groups = fault_.answer;
            array.transition = fault_.transition;
        }
        if (fault_.answer != SetGroupsAnswer::Transitioning || fault_.transition.count() == 0)
            return Done{};
        fabric_.later(fault_.transition, [&fabric = fabric_, index, timer] {
            if (fabric.arrays[index].set_groups_timer != timer) return;
            const auto lock = fabric.stripes.all();
            fabric.arrays[index].set_groups = SetGroupsAnswer::Obeys;
        });
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

    Fabric& fabric_;
    const Fault& fault_;
};

} // namespace

Status apply_array_fault(Fabric& fabric, const Fault& fault) {
    return ArrayFault(fabric, fault).apply();
}

} // namespace mpapi::san
