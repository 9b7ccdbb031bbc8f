// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/fabric.hpp"

#include "daemon/san/maps.hpp"

#include <algorithm>

namespace mpapi::san {

namespace {

std::string initiator_device(const InitiatorDescription& initiator) {
    if (!initiator.host) return {};
    const auto host = "host" + std::to_string(*initiator.host);
    switch (initiator.transport) {
    case model::Transport::FibreChannel:
        return "/sys/class/fc_host/" + host;
    case model::Transport::Iscsi:
        return "/sys/class/iscsi_host/" + host;
    default:
        return "/sys/class/sas_host/" + host;
    }
}

std::shared_ptr<const daemon::PortFacts> facts(const InitiatorDescription& initiator) {
    daemon::PortFacts port{initiator.transport, initiator.port_id, initiator_device(initiator), {}};
    if (initiator.host)
        port.friendly_name =
            "host" + std::to_string(*initiator.host) + " (" + initiator.driver + ")";
    return std::make_shared<const daemon::PortFacts>(std::move(port));
}

// The states of the groups for the units of one owner: owner and first group change places.
Access access_for(const ArrayDescription& array, std::uint32_t owner) {
    Access access;
    for (const auto& group : array.groups)
        access.push_back({group.state, group.preferred, scsi::GroupStatus::None});
    if (owner < access.size()) std::swap(access[0], access[owner]);
    return access;
}

} // namespace

Fabric::Fabric(Description from)
  : description(std::move(from)) {
    upkeep.failback = description.machine.failback;
    build_ports();
    build_units();
    number_disks();
    for (std::uint32_t unit = 0; unit < units.size(); ++unit)
        make_map(*this, unit);
    (void)news.take(); // the enumeration tells everything
    for (auto& path : paths)
        path.news = false;
    for (auto& map : maps)
        map.news = false;
}

void Fabric::build_ports() {
    for (const auto& initiator : description.initiators) {
        Initiator built{facts(initiator), true, initiator.host, {}};
        std::uint32_t target = 0;
        for (const auto& array : description.arrays) {
            built.first_target.push_back(target);
            if (array.transport == initiator.transport)
                target += static_cast<std::uint32_t>(array.ports.size());
        }
        initiators.push_back(std::move(built));
    }
    for (const auto& array : description.arrays) {
        Array built;
        built.description = &array;
        for (const auto& port : array.ports)
            built.ports.push_back({std::make_shared<const daemon::PortFacts>(
                                       daemon::PortFacts{array.transport, port.port_id, {}, {}}),
                                   static_cast<std::uint16_t>(port.group)});
        arrays.push_back(std::move(built));
    }
}

void Fabric::build_units() {
    std::size_t unit_count = 0;
    std::size_t path_count = 0;
    for (const auto& array : description.arrays)
        for (const auto& unit : array.units) {
            unit_count += unit.count;
            for (const auto port : unit.ports)
                path_count += unit.count * array.ports[port].initiators.size();
        }
    units.reserve(unit_count);
    paths.reserve(path_count);
    for (std::uint32_t a = 0; a < description.arrays.size(); ++a)
        for (const auto& from : description.arrays[a].units) {
            const auto access =
                shared_access(arrays[a], access_for(*arrays[a].description, from.owner));
            for (std::uint32_t n = 0; n < from.count; ++n) {
                Unit unit;
                unit.name = numbered(from.name, n);
                unit.identity = {numbered(from.designator, n), numbered(from.serial, n), from.size,
                                 from.logical_unit_group};
                unit.array = a;
                unit.first_path = static_cast<std::uint32_t>(paths.size());
                unit.access = access;
                unit.lun = static_cast<std::uint16_t>(from.lun + n);
                unit.map_options = &from.map;
                for (const auto port : from.ports)
                    for (const auto initiator : arrays[a].description->ports[port].initiators) {
                        Path path;
                        path.unit = static_cast<std::uint32_t>(units.size());
                        path.initiator = static_cast<std::uint16_t>(initiator);
                        path.port = static_cast<std::uint16_t>(port);
                        paths.push_back(path);
                    }
                unit.path_count = static_cast<std::uint32_t>(paths.size()) - unit.first_path;
                if (!from.map.name.empty()) {
                    Map map;
                    map.name = numbered(from.map.name, n);
                    map.uuid = from.map.uuid ? numbered(*from.map.uuid, n)
                                             : "mpath-" + wwid(unit.identity.designator);
                    map.unit = static_cast<std::uint32_t>(units.size());
                    unit.map = static_cast<std::uint32_t>(maps.size());
                    maps.push_back(std::move(map));
                }
                units.push_back(std::move(unit));
            }
        }
}

// In the order in which hosts are scanned: host, array, port, LUN.
void Fabric::number_disks() {
    std::vector<std::uint32_t> order;
    order.reserve(paths.size());
    for (std::uint32_t i = 0; i < paths.size(); ++i)
        if (initiators[paths[i].initiator].host) order.push_back(i);
    const auto rank = [this](std::uint32_t i) {
        const Path& path = paths[i];
        return std::tuple(*initiators[path.initiator].host, units[path.unit].array, path.port,
                          units[path.unit].lun);
    };
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return rank(a) < rank(b); });
    first_disk = order.size();
    disks = order;
    for (std::uint32_t disk = 0; disk < order.size(); ++disk)
        paths[order[disk]].disk = disk;
}

void Fabric::add_disk(std::uint32_t index) {
    Path& path = paths[index];
    if (has_disk(path)) return;
    while (first_disk < disks.size() && disks[first_disk] != none)
        ++first_disk;
    if (first_disk == disks.size()) disks.push_back(none);
    disks[first_disk] = index;
    path.disk = static_cast<std::uint32_t>(first_disk);
    path.stale = false;
    path.offline = false;
}

void Fabric::remove_disk(std::uint32_t index) {
    Path& path = paths[index];
    if (!has_disk(path)) return;
    disks[path.disk] = none;
    first_disk = std::min<std::size_t>(first_disk, path.disk);
    path.disk = none;
    ++path.life;
    path.news = false; // what comes after is about another disk
}

std::uint32_t Fabric::shared_access(Array& array, const Access& access) {
    const auto found = std::find(array.access.begin(), array.access.end(), access);
    if (found != array.access.end())
        return static_cast<std::uint32_t>(found - array.access.begin());
    array.access.push_back(access);
    return static_cast<std::uint32_t>(array.access.size() - 1);
}

void Fabric::hangs_changed(bool over) {
    {
        const std::lock_guard lock(hangs.mutex);
        ++hangs.epoch;
        hangs.over = hangs.over || over;
    }
    hangs.changed.notify_all();
}

model::DeviceState state_of_disk(const Path& path) {
    if (path.disk == none) return model::DeviceState::Unknown;
    if (path.offline) return model::DeviceState::Offline;
    return path.lost ? model::DeviceState::TransportOffline : model::DeviceState::Running;
}

void tell_disk(Fabric& fabric, std::uint32_t index) {
    Path& path = fabric.paths[index];
    if (path.news) return;
    path.news = true;
    fabric.news.post({Notice::Kind::DiskPresent, index});
}

void scan(Fabric& fabric, std::uint32_t index) {
    const Path& path = fabric.paths[index];
    const Initiator& initiator = fabric.initiators[path.initiator];
    if (fabric.has_disk(path) || !initiator.host || !initiator.present || path.lost ||
        !fabric.units[path.unit].exists)
        return;
    fabric.add_disk(index);
    tell_disk(fabric, index);
}

void take_disk_away(Fabric& fabric, std::uint32_t index) {
    fabric.news.post({Notice::Kind::DiskGone, fabric.paths[index].disk});
    const auto lock = fabric.stripes.all();
    fabric.remove_disk(index);
}

} // namespace mpapi::san
