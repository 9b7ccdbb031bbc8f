// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/path_names.hpp"

#include "common/scsi/designator.hpp"
#include "daemon/san/device.hpp"
#include "daemon/san/kernel_names.hpp"

namespace mpapi::san {

namespace {

// What the daemon calls the unit behind the path: by VPD page 83h, as the path answers it.
std::string unit_name(Fabric& fabric, std::uint32_t index) {
    const Path& path = fabric.paths[index];
    const auto lock = fabric.stripes.one(path.unit);
    const Identity* identity = &fabric.units[path.unit].identity;
    Identity odd;
    if (path.odd)
        if (const auto& oddity = fabric.oddities.at(index); oddity.designator) {
            odd.designator = *oddity.designator;
            identity = &odd;
        }
    const auto page = device_identification(fabric, path, *identity);
    const auto parsed = scsi::parse_device_identification(page);
    if (!parsed) return {};
    const auto name = scsi::lu_name(*parsed);
    return name ? name->text : std::string();
}

} // namespace

std::uint32_t path_named(Fabric& fabric, const paths::PathName& name) {
    for (const auto& unit : fabric.units) {
        if (kernel_lun(unit.lun) != name.lun) continue;
        const Array& array = fabric.arrays[unit.array];
        for (std::uint32_t i = unit.first_path; i < unit.first_path + unit.path_count; ++i) {
            const Path& path = fabric.paths[i];
            if (array.ports[path.port].facts->port_id == name.target_port &&
                fabric.initiators[path.initiator].facts->port_id == name.initiator_port &&
                fabric.initiators[path.initiator].host && unit_name(fabric, i) == name.unit_name)
                return i;
        }
    }
    return none;
}

} // namespace mpapi::san
