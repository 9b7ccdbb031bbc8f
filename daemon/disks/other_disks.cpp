// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/other_disks.hpp"

#include "common/dm/device_number.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace mpapi::disks {

namespace {

using daemon::OtherDisk;
using kernel::Sysfs;

constexpr std::uint64_t kSysfsSector = 512; // whatever the disk's own are
constexpr std::size_t kMostBelow = 256;     // devices that one stands on

constexpr std::array<std::string_view, 5> kNames{"nvme", "vd", "xvd", "mmcblk", "dasd"};

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// "nvme0" of "nvme0n1".
bool is_controller(std::string_view name) {
    return name.starts_with("nvme") && all_digits(name.substr(4));
}

bool is_pci_function(std::string_view part) {
    // 0000:00:05.0
    if (part.size() < 12 || part[part.size() - 2] != '.' || part[part.size() - 5] != ':')
        return false;
    return part.find_first_not_of("0123456789abcdef:.") == part.npos;
}

std::string text(const Sysfs& sysfs, const std::string& path) {
    return sysfs.text(path).value_or("");
}

void describe_nvme(const Sysfs& sysfs, const std::string& folder, OtherDisk& disk) {
    const std::string device = folder + "/device/"; // the controller, or the subsystem
    disk.product = text(sysfs, device + "model");
    disk.revision = text(sysfs, device + "firmware_rev");
    disk.serial_number = text(sysfs, device + "serial");
    disk.wwid = text(sysfs, folder + "/wwid");
    const auto below = sysfs.entries(device);
    const auto controllers = std::count_if(below.begin(), below.end(),
                                           [](const auto& name) { return is_controller(name); });
    if (controllers > 0) disk.paths = static_cast<std::uint32_t>(controllers);
}

std::optional<OtherDisk> read_disk(const Sysfs& sysfs, const std::string& name) {
    const std::string folder = "class/block/" + name;
    const auto place = sysfs.link(folder);
    const auto number = dm::parse_device_number(text(sysfs, folder + "/dev"));
    const auto sectors = sysfs.number(folder + "/size");
    if (!place || !number || !sectors || sysfs.number(folder + "/hidden").value_or(0) != 0 ||
        sysfs.exists(folder + "/partition"))
        return std::nullopt;
    OtherDisk disk;
    disk.ref = {name, {number->major, number->minor}};
    disk.place = *place;
    if (*sectors > UINT64_MAX / kSysfsSector) return std::nullopt;
    disk.size = *sectors * kSysfsSector;
    disk.read_only = sysfs.number(folder + "/ro").value_or(0) != 0;
    // "…/virtio2/block/vda", "…/nvme/nvme0/nvme0n1"
    std::string above = place->substr(0, place->find_last_of('/'));
    if (above.ends_with("/block")) above.resize(above.size() - 6);
    disk.adapter = above.substr(above.find_last_of('/') + 1);
    if (name.starts_with("nvme")) {
        describe_nvme(sysfs, folder, disk);
    } else if (name.starts_with("vd")) {
        disk.product = "virtio";
        disk.serial_number = text(sysfs, folder + "/serial");
        if (!disk.serial_number.empty()) disk.wwid = "virtio-" + disk.serial_number;
    } else if (name.starts_with("mmcblk")) {
        disk.product = text(sysfs, folder + "/device/name");
        disk.serial_number = text(sysfs, folder + "/device/serial");
        const std::string cid = text(sysfs, folder + "/device/cid");
        if (!cid.empty()) disk.wwid = "mmc-" + cid;
    } else if (name.starts_with("dasd")) {
        disk.wwid = text(sysfs, folder + "/device/uid");
    }
    return disk;
}

// Calls with each part of a path.
template <typename Look>
void for_each_part(std::string_view place, Look look) {
    for (std::size_t at = 0; at < place.size();) {
        const auto end = std::min(place.find('/', at), place.size());
        look(place.substr(at, end - at));
        at = end + 1;
    }
}

// What a bridge from USB to ATA shows is USB's.
daemon::Attachment attachment_at(std::string_view place) {
    auto found = daemon::Attachment::Unknown;
    for_each_part(place, [&](std::string_view part) {
        if (part.starts_with("usb") && all_digits(part.substr(3)))
            found = daemon::Attachment::Usb;
        else if (found == daemon::Attachment::Unknown && part.starts_with("ata") &&
                 all_digits(part.substr(3)))
            found = daemon::Attachment::Ata;
    });
    return found;
}

// The device and what it stands on, down to disks.
std::vector<std::string> stack_under(const Sysfs& sysfs, const std::string& kernel_name) {
    std::vector<std::string> below{kernel_name};
    for (std::size_t at = 0; at < below.size(); ++at)
        for (auto& name : sysfs.entries("class/block/" + below[at] + "/slaves"))
            if (below.size() < kMostBelow &&
                std::find(below.begin(), below.end(), name) == below.end())
                below.push_back(std::move(name));
    return below;
}

std::string adapter_of(std::string_view place) {
    std::string_view adapter;
    for (std::size_t at = 0; at < place.size();) {
        const auto end = std::min(place.find('/', at), place.size());
        const auto part = place.substr(at, end - at);
        if (is_pci_function(part)) adapter = place.substr(0, end);
        if (adapter.empty() && part.starts_with("host") && all_digits(part.substr(4)))
            return std::string(place.substr(0, end));
        at = end + 1;
    }
    return std::string(adapter);
}

} // namespace

bool is_other_disk(std::string_view kernel_name) {
    const auto* const known =
        std::find_if(kNames.begin(), kNames.end(),
                     [&](std::string_view prefix) { return kernel_name.starts_with(prefix); });
    if (known == kNames.end()) return false;
    // Letters for some, numbers for others; a part of MMC has a name of its own ("mmcblk0boot0").
    const auto rest = kernel_name.substr(known->size());
    if (*known == "mmcblk") return all_digits(rest);
    if (*known == "nvme") {
        const auto at = rest.find('n');
        return at != rest.npos && all_digits(rest.substr(0, at)) && all_digits(rest.substr(at + 1));
    }
    return !rest.empty() && rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == rest.npos;
}

std::vector<OtherDisk> read_other_disks(const Sysfs& sysfs) {
    std::vector<OtherDisk> found;
    for (const auto& name : sysfs.entries("class/block"))
        if (is_other_disk(name))
            if (auto disk = read_disk(sysfs, name)) found.push_back(*std::move(disk));
    return found;
}

std::set<std::string> adapters_under(const Sysfs& sysfs, const std::string& kernel_name) {
    std::set<std::string> adapters;
    for (const auto& each : stack_under(sysfs, kernel_name)) {
        const std::string folder = "class/block/" + each;
        if (auto adapter = adapter_of(sysfs.link(folder).value_or("")); !adapter.empty())
            adapters.insert(std::move(adapter));
        // The kernel's multipath of NVMe stands on controllers, each of which has its place.
        for (const auto& name : sysfs.entries(folder + "/device"))
            if (is_controller(name))
                if (auto adapter = adapter_of(sysfs.link("class/nvme/" + name).value_or(""));
                    !adapter.empty())
                    adapters.insert(std::move(adapter));
    }
    return adapters;
}

daemon::Attachment attachment_of(const Sysfs& sysfs, const std::string& kernel_name) {
    std::optional<daemon::Attachment> found;
    for (const auto& each : stack_under(sysfs, kernel_name)) {
        const std::string folder = "class/block/" + each;
        if (!sysfs.entries(folder + "/slaves").empty()) continue; // what it stands on tells
        const auto here = attachment_at(sysfs.link(folder).value_or(""));
        if (found && *found != here) return daemon::Attachment::Unknown;
        found = here;
    }
    return found.value_or(daemon::Attachment::Unknown);
}

} // namespace mpapi::disks
