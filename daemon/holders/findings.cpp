// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/findings.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace mpapi::holders {

namespace {

// "vg0-data--old" is volume "data-old" of group "vg0": a hyphen inside of a name is doubled. What
// follows a third single hyphen is a layer of LVM's own.
std::string volume_name(std::string_view map_name) {
    std::string name;
    for (std::size_t at = 0; at < map_name.size(); ++at) {
        if (map_name[at] != '-') {
            name += map_name[at];
        } else if (at + 1 < map_name.size() && map_name[at + 1] == '-') {
            name += '-';
            ++at;
        } else {
            name += name.find('/') == std::string::npos ? '/' : '-';
        }
    }
    return name;
}

std::string file_of(const BlockDevice& device) {
    return device.map_name.empty() ? "/dev/" + device.kernel_name
                                   : "/dev/mapper/" + device.map_name;
}

Holder device_holder(const BlockDevice& device) {
    const std::string file = file_of(device);
    if (device.map_uuid.starts_with("LVM-")) {
        const auto name = volume_name(device.map_name);
        return {Kind::Device, name, "logical volume", "deactivate it: lvchange -an " + name};
    }
    if (device.map_uuid.starts_with("CRYPT-"))
        return {Kind::Device, file, "encrypted device",
                "close it: cryptsetup close " + device.map_name};
    if (device.is_partition())
        return {Kind::Device, file, "partition", "remove it: dmsetup remove " + device.map_name};
    if (device.kernel_name.starts_with("md"))
        return {Kind::Device, file, "RAID array", "stop it: mdadm --stop " + file};
    if (device.kernel_name.starts_with("loop"))
        return {Kind::Device, file, "loop device", "detach it: losetup -d " + file};
    if (!device.map_name.empty())
        return {Kind::Device, file, "device-mapper map",
                "remove it: dmsetup remove " + device.map_name};
    return {Kind::Device, file, "block device", ""};
}

class Collection {
  public:
    Collection(const std::vector<BlockDevice>& stack, Findings& into)
      : stack_(stack)
      , into_(into) {}

    void add(const std::vector<Mount>& mounts) {
        for (const auto& mount : mounts)
            for (const auto& device : stack_)
                if (is_on(mount, device) && points_.emplace(device.number, mount.point).second)
                    use(device.number,
                        {Kind::Mount, mount.point, mount.type + " on " + file_of(device),
                         "unmount " + mount.point});
    }

    void add(const std::vector<MountUse>& mounts) {
        for (const auto& mount : mounts)
            if (points_.emplace(mount.device, mount.point).second)
                use(mount.device,
                    {Kind::Mount, mount.point,
                     "in the mount namespace of process " + std::to_string(mount.pid),
                     "unmount " + mount.point +
                         (mount.pid == 1
                              ? ""
                              : " as process " + std::to_string(mount.pid) + " sees it")});
    }

    void add(const std::vector<Swap>& swaps) {
        for (const auto& swap : swaps)
            for (const auto& device : stack_)
                if (is_on(swap, device))
                    use(device.number,
                        {Kind::Swap, file_of(device), "swap", "swapoff " + file_of(device)});
    }

    void add(const std::vector<ProcessUse>& processes) {
        for (const auto& process : processes) {
            const std::string pid = std::to_string(process.pid);
            use(process.device,
                {Kind::Process, pid, process.name + ", user " + std::to_string(process.uid),
                 "end process " + pid + " (" + process.name + ")"});
        }
    }

    void add_devices() {
        for (auto device = stack_.rbegin(); device + 1 < stack_.rend(); ++device) {
            const bool idle = !device->held && used_.count(device->number) == 0;
            (device->is_partition() && idle ? into_.partitions : into_.holders)
                .push_back(device_holder(*device));
        }
    }

  private:
    void use(dm::DeviceNumber number, Holder holder) {
        used_.insert(number);
        into_.holders.push_back(std::move(holder));
    }

    const std::vector<BlockDevice>& stack_;
    Findings& into_;
    std::set<dm::DeviceNumber> used_;
    std::set<std::pair<dm::DeviceNumber, std::string>> points_;
};

} // namespace

Findings findings(const std::vector<BlockDevice>& stack, const std::vector<Mount>& mounts,
                  const std::vector<Swap>& swaps, const Result<ProcessReport>& processes) {
    Findings found;
    Collection collection(stack, found);
    collection.add(mounts);
    if (processes) collection.add(processes->mounts);
    collection.add(swaps);
    if (processes) collection.add(processes->processes);
    collection.add_devices();
    if (!processes)
        found.trouble = "processes could not be looked at: " + processes.error().message();
    return found;
}

} // namespace mpapi::holders
