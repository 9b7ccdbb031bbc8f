// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/mounting.hpp"

#include "daemon/holders/block_stack.hpp"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace mpapi::disks {

namespace {

struct Known {
    std::string_view content; // as libblkid calls it
    std::string_view kernel;
    std::string_view untouched; // the option that leaves a journal alone
};

constexpr std::array<Known, 7> kList{{
    {"ntfs", "ntfs3", ""},
    {"vfat", "vfat", ""},
    {"exfat", "exfat", ""},
    {"ext2", "ext4", "noload"},
    {"ext3", "ext4", "noload"},
    {"ext4", "ext4", "noload"},
    {"xfs", "xfs", "norecovery"},
}};

const Known* find(std::string_view content) {
    for (const auto& known : kList)
        if (known.content == content) return &known;
    return nullptr;
}

// The kernel's own words stand in the context; the last of them is the reason.
Error failed(int context, const char* action, const std::string& object) {
    const int errnum = errno;
    std::array<char, 512> text{};
    std::string reason;
    for (;;) {
        const ssize_t got = ::read(context, text.data(), text.size());
        if (got <= 0) break;
        reason.assign(text.data(), static_cast<std::size_t>(got));
    }
    while (!reason.empty() && reason.back() == '\n')
        reason.pop_back();
    return Error{action, object, std::move(reason), errnum};
}

} // namespace

std::string kernel_file_system(const std::string& content) {
    const auto* known = find(content);
    return known ? std::string(known->kernel) : "";
}

Result<dm::DeviceNumber> partition_device(dm::DeviceNumber disk, std::uint32_t partition) {
    if (partition == 0) return disk;
    const kernel::Sysfs sysfs;
    const auto stack = holders::stack_on(sysfs, disk);
    const std::string& name = stack.front().kernel_name;
    const std::string map = "part" + std::to_string(partition) + "-";
    for (const auto& device : stack)
        if (device.is_partition() && device.map_uuid.starts_with(map)) return device.number;
    const std::string parts = "class/block/" + name + "/";
    for (const auto& entry : sysfs.entries(parts)) {
        const std::string folder = parts + entry;
        if (sysfs.number(folder + "/partition") != partition) continue;
        const auto number = dm::parse_device_number(sysfs.text(folder + "/dev").value_or(""));
        if (number) return *number;
    }
    return Error{"find", "partition " + std::to_string(partition) + " of " + to_string(disk),
                 "the system has no device for it", ENXIO};
}

Result<Fd> mount_detached(dm::DeviceNumber device, const std::string& content, Access access) {
    const std::string object = to_string(device);
    const auto* known = find(content);
    if (!known)
        return Error{"mount", object,
                     "its file system (" + (content.empty() ? "none" : content) +
                         ") is not on the list of those that are mounted",
                     EPERM};
    const std::string node = "/dev/block/" + object;
    const Fd context(::fsopen(std::string(known->kernel).c_str(), FSOPEN_CLOEXEC));
    if (!context) return Error{"open", std::string(known->kernel), "", errno};
    const auto set = [&](unsigned command, const char* key, const char* value) {
        return ::fsconfig(context.get(), command, key, value, 0) == 0;
    };
    bool configured = set(FSCONFIG_SET_STRING, "source", node.c_str());
    if (access != Access::Write) configured = configured && set(FSCONFIG_SET_FLAG, "ro", nullptr);
    if (access == Access::ReadUnowned && !known->untouched.empty())
        configured =
            configured && set(FSCONFIG_SET_FLAG, std::string(known->untouched).c_str(), nullptr);
    if (!configured || !set(FSCONFIG_CMD_CREATE, nullptr, nullptr))
        return failed(context.get(), "mount", object);
    unsigned attributes =
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
    if (access != Access::Write) attributes |= MOUNT_ATTR_RDONLY;
    Fd root(::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes));
    if (!root) return failed(context.get(), "mount", object);
    return root;
}

} // namespace mpapi::disks
