// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/device.hpp"

#include "common/scsi/designator.hpp"
#include "daemon/san/command.hpp"
#include "daemon/san/replies.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace mpapi::san {

using daemon::ScsiReply;
using scsi::Bytes;

namespace {

// Whether the path leads to the device at all.
std::optional<ScsiReply> not_connected(const Path& path, std::optional<std::uint16_t> life) {
    if (life && (*life != path.life || path.disk == none))
        return not_carried("the device was removed", ENODEV);
    if (path.offline) return not_carried("the device is offline", ENODEV);
    if (path.lost) return not_carried("the transport does not connect (DID_NO_CONNECT)", EIO);
    return std::nullopt;
}

bool hangs(const Fabric& fabric, std::uint32_t path, std::uint8_t operation) {
    if (!fabric.paths[path].odd) return false;
    return fabric.oddities.find(path)->second.hanging.test(operation);
}

} // namespace

ScsiReply execute(Fabric& fabric, std::uint32_t index, std::optional<std::uint16_t> life, Bytes cdb,
                  Bytes out, std::span<std::uint8_t> in) {
    fabric.commands.fetch_add(1, std::memory_order_relaxed);
    if (cdb.size() < 6) return not_carried("expected a CDB of six bytes or more", EINVAL);
    const auto unit = fabric.paths[index].unit;
    for (;;) {
        std::uint64_t epoch = 0;
        {
            const auto lock = fabric.stripes.one(unit);
            if (auto reply = not_connected(fabric.paths[index], life)) return *reply;
            if (!hangs(fabric, index, cdb[0])) {
                Command command(fabric, index, cdb, out, in);
                if (auto reply = command.carry_out()) return std::move(*reply);
                break;
            }
            const std::lock_guard hang(fabric.hangs.mutex);
            epoch = fabric.hangs.epoch;
        }
        ++fabric.hangs.waiting;
        bool over = false;
        {
            std::unique_lock hang(fabric.hangs.mutex);
            fabric.hangs.changed.wait(
                hang, [&] { return fabric.hangs.over || fabric.hangs.epoch != epoch; });
            over = fabric.hangs.over;
        }
        --fabric.hangs.waiting;
        if (over) return not_carried("the SAN has been switched off", ECANCELED);
    }
    const auto lock = fabric.stripes.all();
    if (auto reply = not_connected(fabric.paths[index], life)) return *reply;
    return Command(fabric, index, cdb, out, in).set_target_port_groups();
}

std::vector<std::uint8_t> device_identification(const Fabric& fabric, const Path& path,
                                                const Identity& identity) {
    const auto& array = fabric.array_of(fabric.units[path.unit]);
    const auto& port = array.ports[path.port];
    const auto relative = scsi::numbered_designator(port.relative_id);
    const auto group = scsi::numbered_designator(
        array.groups.empty() ? std::uint16_t{0} : array.groups[port.group].id);
    scsi::DeviceIdentification page;
    page.designators.reserve(4);
    scsi::Designator name;
    switch (identity.designator.kind) {
    case DesignatorKind::Naa:
        name.type = scsi::DesignatorType::Naa;
        break;
    case DesignatorKind::Eui64:
        name.type = scsi::DesignatorType::Eui64;
        break;
    case DesignatorKind::T10:
        name.type = scsi::DesignatorType::T10VendorId;
        name.code_set = scsi::CodeSet::Ascii;
        break;
    case DesignatorKind::ScsiName:
        name.type = scsi::DesignatorType::ScsiNameString;
        name.code_set = scsi::CodeSet::Utf8;
        break;
    }
    // SPC-4 7.8.5.11: a SCSI name string ends with a NUL and fills a multiple of four bytes.
    std::string value = identity.designator.value;
    if (identity.designator.kind == DesignatorKind::ScsiName)
        value.resize((value.size() / 4 + 1) * 4, '\0');
    name.value = Bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
    page.designators.push_back(name);
    const auto unit_group = scsi::numbered_designator(identity.logical_unit_group.value_or(0));
    if (identity.logical_unit_group)
        page.designators.push_back({scsi::DesignatorType::LogicalUnitGroup,
                                    scsi::CodeSet::Binary,
                                    scsi::Association::LogicalUnit,
                                    {},
                                    unit_group});

    scsi::Designator number;
    number.association = scsi::Association::TargetPort;
    switch (array.transport) {
    case model::Transport::Iscsi:
        number.protocol = scsi::Protocol::Iscsi;
        break;
    case model::Transport::Sas:
        number.protocol = scsi::Protocol::Sas;
        break;
    default:
        number.protocol = scsi::Protocol::FibreChannel;
    }
    number.type = scsi::DesignatorType::RelativeTargetPort;
    number.value = relative;
    page.designators.push_back(number);
    if (!array.groups.empty()) {
        number.type = scsi::DesignatorType::TargetPortGroup;
        number.value = group;
        page.designators.push_back(number);
    }
    return scsi::build_device_identification(page).value_or({});
}

void establish(Fabric& fabric, std::uint32_t index, Condition condition, std::uint32_t except) {
    const Unit& unit = fabric.units[index];
    for (std::uint32_t i = 0; i < unit.path_count; ++i) {
        Path& path = fabric.paths[unit.first_path + i];
        if (unit.first_path + i != except)
            path.attentions =
                static_cast<std::uint16_t>(path.attentions | static_cast<unsigned>(condition));
    }
}

} // namespace mpapi::san
