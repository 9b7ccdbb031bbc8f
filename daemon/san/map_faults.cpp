// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/fault_kinds.hpp"

#include "daemon/san/map_changes.hpp"
#include "daemon/san/maps.hpp"
#include "daemon/san/section_reader.hpp"

#include <cerrno>
#include <optional>

namespace mpapi::san {

namespace {

class MapFault {
  public:
    MapFault(Fabric& fabric, const Fault& fault)
      : fabric_(fabric)
      , fault_(fault) {}

    Status apply() {
        if (fault_.verb == Verb::MapMade) return make();
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
        case Verb::MapIsSystem:
        case Verb::MapReleased:
            map.held = fault_.verb != Verb::MapReleased;
            map.system = fault_.verb == Verb::MapIsSystem;
            return Done{}; // nor this
        case Verb::MapContent:
            map.content = fault_.content;
            return Done{}; // only who looks knows
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

  private:
    Error wrong(const std::string& object, std::string reason, int errnum) const {
        return fault_error(fabric_, fault_, object, std::move(reason), errnum);
    }

    std::optional<std::uint32_t> find_map(const std::string& name) const {
        for (std::uint32_t i = 0; i < fabric_.maps.size(); ++i)
            if (fabric_.maps[i].minor != none && fabric_.maps[i].name == name) return i;
        return std::nullopt;
    }

    Status make() {
        const auto index = find_name(fabric_.units, fault_.unit);
        if (!index) return wrong(fault_.unit, "there is no such unit", ENOENT);
        const Unit& unit = fabric_.units[*index];
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

    Fabric& fabric_;
    const Fault& fault_;
};

} // namespace

Status apply_map_fault(Fabric& fabric, const Fault& fault) {
    return MapFault(fabric, fault).apply();
}

} // namespace mpapi::san
