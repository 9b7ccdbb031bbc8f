// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/fault_kinds.hpp"

#include "daemon/san/attentions.hpp"
#include "daemon/san/maps.hpp"
#include "daemon/san/section_reader.hpp"

#include <cerrno>
#include <memory>
#include <utility>

namespace mpapi::san {

namespace {

class UnitFault {
  public:
    UnitFault(Fabric& fabric, const Fault& fault)
      : fabric_(fabric)
      , fault_(fault) {}

    Status apply() {
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
        return Done{};
    }

  private:
    Error wrong(const std::string& object, std::string reason, int errnum) const {
        return fault_error(fabric_, fault_, object, std::move(reason), errnum);
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
                    take_disk_away(fabric_, unit.first_path + i);
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
                scan(fabric_, unit.first_path + i);
        }
        review_map(fabric_, index);
        return Done{};
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
                scan(fabric_, unit.first_path + i);
            }
            if (!fabric_.has_disk(path)) return wrong(fault_.unit, "nothing answers there", EINVAL);
            review_map(fabric_, unit_index);
            return Done{};
        }
        return wrong(fault_.unit, "the initiator sees no such unit through that port", ENOENT);
    }

    Fabric& fabric_;
    const Fault& fault_;
};

} // namespace

Status apply_unit_fault(Fabric& fabric, const Fault& fault) {
    return UnitFault(fabric, fault).apply();
}

} // namespace mpapi::san
