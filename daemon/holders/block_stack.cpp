// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/block_stack.hpp"

#include <algorithm>
#include <optional>

namespace mpapi::holders {

namespace {

std::optional<BlockDevice> read_device(const kernel::Sysfs& sysfs, const std::string& name) {
    const std::string folder = "class/block/" + name;
    const auto number = dm::parse_device_number(sysfs.text(folder + "/dev").value_or(""));
    if (!number) return std::nullopt;
    BlockDevice device;
    device.number = *number;
    device.kernel_name = name;
    device.map_name = sysfs.text(folder + "/dm/name").value_or("");
    device.map_uuid = sysfs.text(folder + "/dm/uuid").value_or("");
    return device;
}

bool has_name(const BlockDevice& device, std::string_view file) {
    constexpr std::string_view dev = "/dev/";
    constexpr std::string_view mapper = "/dev/mapper/";
    if (!device.kernel_name.empty() && file.starts_with(dev) &&
        file.substr(dev.size()) == device.kernel_name)
        return true;
    return !device.map_name.empty() && file.starts_with(mapper) &&
           file.substr(mapper.size()) == device.map_name;
}

struct Loop {
    std::string kernel_name;
    std::string file;
};

// A loop device opens its file as a process would; sysfs does not name it among the holders.
std::vector<Loop> all_loops(const kernel::Sysfs& sysfs) {
    std::vector<Loop> loops;
    // Where no disk is: of these there may be tens of thousands.
    const std::string folder = "devices/virtual/block";
    for (auto& name : sysfs.entries(folder)) {
        if (!name.starts_with("loop")) continue;
        if (auto file = sysfs.text("class/block/" + name + "/loop/backing_file"))
            loops.push_back({std::move(name), *std::move(file)});
    }
    return loops;
}

} // namespace

bool BlockDevice::is_partition() const {
    // As kpartx and the library of multipathd write it: "part1-mpath-36001405…".
    return map_uuid.starts_with("part") &&
           map_uuid.find_first_not_of("0123456789", 4) == map_uuid.find("-mpath-");
}

std::vector<BlockDevice> stack_on(const kernel::Sysfs& sysfs, dm::DeviceNumber number) {
    std::vector<BlockDevice> stack(1);
    stack.front().number = number;
    const auto place = sysfs.link("dev/block/" + dm::to_string(number));
    if (!place) return stack;
    auto first = read_device(sysfs, place->substr(place->find_last_of('/') + 1));
    if (!first || first->number != number) return stack;
    stack.front() = *std::move(first);
    const auto loops = all_loops(sysfs);
    for (std::size_t at = 0; at < stack.size(); ++at) {
        auto names = sysfs.entries("class/block/" + stack[at].kernel_name + "/holders");
        for (const auto& loop : loops)
            if (has_name(stack[at], loop.file)) names.push_back(loop.kernel_name);
        stack[at].held = !names.empty();
        for (const auto& name : names) {
            const bool known = std::any_of(stack.begin(), stack.end(), [&](const auto& each) {
                return each.kernel_name == name;
            });
            if (known || stack.size() == kLargestStack) continue;
            if (auto device = read_device(sysfs, name)) stack.push_back(*std::move(device));
        }
    }
    return stack;
}

bool is_on(const Mount& mount, const BlockDevice& device) {
    return mount.number == device.number ||
           (mount.number.major == 0 && has_name(device, mount.source));
}

// The kernel writes where the file is now, links followed.
bool is_on(const Swap& swap, const BlockDevice& device) {
    return swap.device && has_name(device, swap.file);
}

} // namespace mpapi::holders
