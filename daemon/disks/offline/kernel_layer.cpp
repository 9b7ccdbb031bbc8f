// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/offline/kernel_layer.hpp"

#include "common/system/read_file.hpp"
#include "daemon/holders/findings.hpp"
#include "daemon/holders/process_search.hpp"
#include "daemon/kernel/dm_task.hpp"
#include "daemon/kernel/map_changes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>

#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mpapi::disks {

namespace {

constexpr std::size_t kLargestTable = std::size_t{16} << 20U;

// Mounted there for the first process, the disk is the system's own.
constexpr std::array kSystemPoints{"/", "/boot", "/boot/efi", "/efi", "/etc", "/usr", "/var"};

model::DeviceNumber as_model(dm::DeviceNumber number) {
    return {number.major, number.minor};
}

// By number, and the number is looked at: the node may be another's by now.
Result<Fd> open_device(dm::DeviceNumber device, int flags) {
    const std::string name = "/dev/block/" + to_string(device);
    Fd file(::open(name.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return Error{"open", name, "", errno};
    struct stat found {};
    if (::fstat(file.get(), &found) < 0) return Error{"look at", name, "", errno};
    if (!S_ISBLK(found.st_mode) || found.st_rdev != ::makedev(device.major, device.minor))
        return Error{"open", name, "it leads to another device", ENODEV};
    return file;
}

// The disk, its kernel partitions, and all that stands on any of them.
std::vector<holders::BlockDevice> whole_stack(const kernel::Sysfs& sysfs, dm::DeviceNumber number,
                                              std::vector<dm::DeviceNumber>& partitions) {
    auto stack = holders::stack_on(sysfs, number);
    const std::string disk = stack.front().kernel_name;
    if (disk.empty()) return stack;
    const std::string parts = "class/block/" + disk + "/";
    for (const auto& name : sysfs.entries(parts)) {
        const std::string folder = parts + name;
        if (!name.starts_with(disk) || !sysfs.exists(folder + "/partition")) continue;
        const auto part = dm::parse_device_number(sysfs.text(folder + "/dev").value_or(""));
        if (!part) continue;
        partitions.push_back(*part);
        for (auto& device : holders::stack_on(sysfs, *part))
            stack.push_back(std::move(device));
    }
    return stack;
}

// A process that does it and tells how it ended: what it enters it never leaves.
Status in_child(const char* action, const std::string& object, const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child < 0) return Error{action, object, "", errno};
    if (child == 0) ::_exit(work());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return Error{action, object, "", errno};
    if (!WIFEXITED(status)) return Error{action, object, "its process was ended", EIO};
    if (WEXITSTATUS(status) != 0) return Error{action, object, "", WEXITSTATUS(status)};
    return Done{};
}

} // namespace

Result<BlockState> KernelLayer::state(const BlockDisk& disk) {
    const kernel::Sysfs sysfs;
    BlockState state;
    const auto stack = whole_stack(sysfs, disk.number, state.partitions);
    if (stack.front().kernel_name.empty())
        return Error{"look at", to_string(disk.number), "there is no such device", ENODEV};
    const auto report = holders::search_processes("/proc", stack);
    const auto swaps = read_file("/proc/swaps", kLargestTable);
    if (!swaps) return swaps.error();

    // Mounts go by themselves; a partition map that is mounted will be idle then.
    auto found =
        holders::findings(stack, {}, holders::parse_swaps(*swaps), holders::ProcessReport{});
    std::vector<dm::DeviceNumber> kernel_partitions = state.partitions;
    for (const auto& holder : found.holders) {
        const bool partition = std::any_of(
            kernel_partitions.begin(), kernel_partitions.end(), [&](const auto& number) {
                return std::any_of(stack.begin(), stack.end(), [&](const auto& device) {
                    return device.number == number && holder.name == "/dev/" + device.kernel_name;
                });
            });
        if (partition && holder.kind == holders::Kind::Device) continue;
        state.others.push_back(holder);
    }
    partition_maps_.clear();
    for (const auto& device : stack) {
        if (!device.is_partition() || device.held) continue;
        state.partition_maps.push_back(device.map_name);
        state.partitions.push_back(device.number);
        partition_maps_[device.map_name] = {as_model(device.number), device.map_name,
                                            device.map_uuid};
    }
    for (auto mount = report.mounts.rbegin(); mount != report.mounts.rend(); ++mount) {
        state.mounts.push_back({mount->pid, mount->point});
        if (mount->pid == 1 && std::find(kSystemPoints.begin(), kSystemPoints.end(),
                                         mount->point) != kSystemPoints.end())
            state.system = "the system needs it: it holds " + mount->point;
    }
    for (const auto& process : report.processes)
        if (process.pid != ::getpid())
            state.openers.push_back({holders::Kind::Process, std::to_string(process.pid),
                                     process.name + ", user " + std::to_string(process.uid),
                                     "end process " + std::to_string(process.pid)});
    return state;
}

Status KernelLayer::flush(dm::DeviceNumber device) {
    const auto file = open_device(device, O_RDONLY);
    if (!file) return file.error();
    if (::fsync(file->get()) < 0) return Error{"flush", to_string(device), "", errno};
    return Done{};
}

Status KernelLayer::unmount(const MountedAt& mount) {
    const std::string folder = "/proc/" + std::to_string(mount.pid);
    const Fd space(::open((folder + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
    if (!space) return Error{"open", folder + "/ns/mnt", "", errno};
    // Its root: the point is as this process sees it.
    const Fd root(::open((folder + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return Error{"open", folder + "/root", "", errno};
    auto unmounted = in_child("unmount", mount.point, [&] {
        if (::setns(space.get(), CLONE_NEWNS) < 0 || ::fchdir(root.get()) < 0 ||
            ::chroot(".") < 0 || ::chdir("/") < 0)
            return errno;
        return ::umount2(mount.point.c_str(), UMOUNT_NOFOLLOW) < 0 ? errno : 0;
    });
    // It went with another namespace's, which it got its mounts from.
    const bool gone =
        !unmounted && (unmounted.error().errnum == EINVAL || unmounted.error().errnum == ENOENT);
    return gone ? Status(Done{}) : unmounted;
}

Status KernelLayer::remove_partition_map(const std::string& name) {
    const auto known = partition_maps_.find(name);
    if (known == partition_maps_.end())
        return Error{"remove", name, "there is no such map", ENODEV};
    kernel::prepare_device_mapper_library();
    return kernel::make_change({kernel::MapChange::Kind::Remove, known->second});
}

Result<bool> KernelLayer::read_only(dm::DeviceNumber device) {
    const auto file = open_device(device, O_RDONLY);
    if (!file) return file.error();
    int flag = 0;
    if (::ioctl(file->get(), BLKROGET, &flag) < 0)
        return Error{"BLKROGET", to_string(device), "", errno};
    return flag != 0;
}

Status KernelLayer::set_read_only(dm::DeviceNumber device, bool read_only) {
    const auto file = open_device(device, O_RDONLY);
    if (!file) return file.error();
    const int flag = read_only ? 1 : 0;
    if (::ioctl(file->get(), BLKROSET, &flag) < 0)
        return Error{"BLKROSET", to_string(device), "", errno};
    return Done{};
}

Result<Fd> KernelLayer::claim(dm::DeviceNumber device) {
    return open_device(device, O_RDONLY | O_EXCL);
}

Status KernelLayer::read_partitions(const BlockDisk& disk) {
    if (!disk.map) {
        const auto file = open_device(disk.number, O_RDONLY);
        if (!file) return file.error();
        if (::ioctl(file->get(), BLKRRPART) < 0)
            return Error{"BLKRRPART", to_string(disk.number), "", errno};
        return Done{};
    }
    const auto stack = holders::stack_on(kernel::Sysfs(), disk.number);
    const std::string node = "/dev/mapper/" + stack.front().map_name;
    if (stack.front().map_name.empty())
        return Error{"look at", to_string(disk.number), "there is no such map", ENODEV};
    // As 60-kpartx.rules has it, so that the names are the same.
    return in_child("read the partitions of", node, [&] {
        ::execl("/sbin/kpartx", "kpartx", "-un", "-p", "-part", node.c_str(), nullptr);
        return errno;
    });
}

} // namespace mpapi::disks
