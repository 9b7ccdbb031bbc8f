// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/disk_reader.hpp"

#include "common/dm/device_number.hpp"

#include <algorithm>

namespace mpapi::kernel {
namespace {

// The kernel keeps a page of at most 64 KiB; 4 KiB of designators is more than any device has.
constexpr std::size_t page_limit = 4096;
// The unit of `size`, whatever the device's logical block size (block/genhd.c).
constexpr std::uint64_t sector = 512;

std::vector<std::string> read_holders(const Sysfs& sysfs, const std::string& block,
                                      const std::string& device) {
    auto holders = sysfs.entries(block + "/holders");
    // What sits on a partition sits on the disk.
    for (const auto& entry : sysfs.entries(block)) {
        if (entry.compare(0, device.size(), device) != 0) continue;
        std::string partition = block;
        partition.append("/").append(entry).append("/holders");
        for (auto& holder : sysfs.entries(partition))
            holders.push_back(std::move(holder));
    }
    std::sort(holders.begin(), holders.end());
    holders.erase(std::unique(holders.begin(), holders.end()), holders.end());
    return holders;
}

} // namespace

bool is_scsi_disk_name(std::string_view name) noexcept {
    return name.size() > 2 && name.substr(0, 2) == "sd" &&
           std::all_of(name.begin() + 2, name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

model::DeviceState parse_device_state(std::string_view text) noexcept {
    using model::DeviceState;
    if (text == "running") return DeviceState::Running;
    if (text == "offline") return DeviceState::Offline;
    if (text == "transport-offline") return DeviceState::TransportOffline;
    if (text == "blocked" || text == "created-blocked") return DeviceState::Blocked;
    if (text == "quiesce") return DeviceState::Quiesced;
    if (text == "cancel" || text == "deleted") return DeviceState::Removing;
    return DeviceState::Unknown;
}

model::DeviceState read_device_state(const Sysfs& sysfs, const std::string& device) {
    const auto state = sysfs.text("class/block/" + device + "/device/state");
    return state ? parse_device_state(*state) : model::DeviceState::Unknown;
}

std::optional<daemon::DiskFacts> read_disk(const Sysfs& sysfs, PortBook& ports,
                                           const std::string& device) {
    const auto block = sysfs.link("class/block/" + device);
    if (!block) return std::nullopt;
    const auto place = parse_scsi_place(*block);
    if (!place) return std::nullopt;
    // block/sdc stands in the SCSI device's own folder: two levels up, without the symlink.
    const auto folder = block->rfind("/block/");
    if (folder == std::string::npos) return std::nullopt;
    const auto scsi = block->substr(0, folder + 1);

    const auto number = dm::parse_device_number(sysfs.text(*block + "/dev").value_or(""));
    if (!number) return std::nullopt;

    daemon::DiskFacts disk;
    disk.device = device;
    disk.number = {number->major, number->minor};
    disk.address = place->address;
    disk.initiator_port = ports.initiator_port(*place);
    disk.target_port = ports.target_port(*place);
    const auto state = sysfs.text(scsi + "state");
    if (state) disk.state = parse_device_state(*state);
    disk.device_type = static_cast<std::uint8_t>(sysfs.number(scsi + "type").value_or(0));
    disk.size = sysfs.number(*block + "/size").value_or(0) * sector;
    disk.vendor = sysfs.text(scsi + "vendor").value_or("");
    disk.product = sysfs.text(scsi + "model").value_or("");
    disk.revision = sysfs.text(scsi + "rev").value_or("");
    if (auto page = sysfs.bytes(scsi + "vpd_pg83", page_limit))
        disk.device_identification = std::move(*page);
    disk.holders = read_holders(sysfs, *block, device);
    return disk;
}

} // namespace mpapi::kernel
