// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/disk_book.hpp"

#include "daemon/kernel/disk_reader.hpp"
#include "daemon/kernel/scsi_place.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::kernel {

void DiskBook::look_at(const std::string& device, std::optional<bool> member,
                       std::shared_ptr<const daemon::UdevFacts> udev) {
    auto now = read_disk(sysfs_, ports_, device);
    if (!now) {
        gone(device);
        return;
    }
    now->multipath_member = member;
    now->udev = std::move(udev);
    store(std::move(*now));
}

void DiskBook::look_again(const std::string& device) {
    const auto found = disks_.find(device);
    if (found != disks_.end()) look_at(device, found->second.multipath_member, found->second.udev);
}

void DiskBook::look_at_state(const std::string& device) {
    const auto found = disks_.find(device);
    if (found == disks_.end()) return;
    const auto state = read_device_state(sysfs_, device);
    // A disk that has just gone is told by its own event.
    if (state == found->second.state || state == model::DeviceState::Unknown) return;
    found->second.state = state;
    const daemon::DiskFacts told = found->second;
    observer_.disk_present(told);
}

void DiskBook::look_at_states() {
    for (const auto& device : devices())
        look_at_state(device);
}

void DiskBook::gone(const std::string& device) {
    auto node = disks_.extract(device);
    if (!node) return;
    const auto& disk = node.mapped();
    // Another disk may have the address or the number already.
    if (const auto at = by_address_.find(to_string(disk.address));
        at != by_address_.end() && at->second == device)
        by_address_.erase(at);
    if (const auto with = by_number_.find(disk.number);
        with != by_number_.end() && with->second == device)
        by_number_.erase(with);
    observer_.disk_gone(device);
}

void DiskBook::recount(const std::set<std::string>& present) {
    ports_.distrust();
    for (const auto& device : devices())
        if (present.count(device) == 0) gone(device);
}

std::set<std::string> DiskBook::devices() const {
    std::set<std::string> names;
    for (const auto& [device, disk] : disks_)
        names.insert(names.end(), device);
    return names;
}

std::string DiskBook::device_at(const model::ScsiAddress& address) const {
    const auto found = by_address_.find(to_string(address));
    return found == by_address_.end() ? std::string() : found->second;
}

std::vector<std::string> DiskBook::devices_of_target(const model::ScsiAddress& address) const {
    std::vector<std::string> devices;
    for (const auto& [device, disk] : disks_)
        if (disk.address.host == address.host && disk.address.channel == address.channel &&
            disk.address.target == address.target)
            devices.push_back(device);
    return devices;
}

std::string DiskBook::device_with(model::DeviceNumber number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? std::string() : found->second;
}

std::vector<std::string> DiskBook::devices_under(const std::string& holder) const {
    std::vector<std::string> devices;
    for (const auto& [device, disk] : disks_)
        if (std::find(disk.holders.begin(), disk.holders.end(), holder) != disk.holders.end())
            devices.push_back(device);
    return devices;
}

void DiskBook::store(daemon::DiskFacts&& now) {
    const auto found = disks_.find(now.device);
    if (found != disks_.end()) {
        if (found->second == now) return;
        // The name was given to another device and we were late: the old one is gone.
        if (found->second.address != now.address || found->second.number != now.number)
            gone(now.device);
    }
    by_address_[to_string(now.address)] = now.device;
    by_number_[now.number] = now.device;
    const std::string device = now.device;
    const auto& told = disks_[device] = std::move(now);
    observer_.disk_present(told);
}

} // namespace mpapi::kernel
