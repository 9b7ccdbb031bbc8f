// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/process_search.hpp"

#include "common/system/read_file.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpapi::holders {

namespace {

constexpr std::size_t kLargestMountinfo = std::size_t{16} << 20U;

std::string target_of(const std::string& link) {
    std::array<char, PATH_MAX> text{};
    const auto size = ::readlink(link.c_str(), text.data(), text.size());
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

std::vector<std::int32_t> processes_of(const kernel::Sysfs& proc) {
    std::vector<std::int32_t> pids;
    for (const auto& name : proc.entries("")) {
        std::int32_t pid = 0;
        const char* const end = name.data() + name.size();
        const auto parsed = std::from_chars(name.data(), end, pid);
        if (parsed.ec == std::errc() && parsed.ptr == end && pid > 0) pids.push_back(pid);
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

// The real user, from "Uid:\t1000\t1000\t1000\t1000".
std::uint32_t user_of(std::string_view status) {
    constexpr std::string_view key = "\nUid:\t";
    std::uint32_t uid = 0;
    const auto at = status.find(key);
    if (at == std::string_view::npos) return uid;
    status.remove_prefix(at + key.size());
    std::from_chars(status.data(), status.data() + status.size(), uid);
    return uid;
}

class Search {
  public:
    Search(const std::string& proc, const std::vector<BlockDevice>& devices,
           const DeviceBehind& device_behind)
      : root_(proc)
      , proc_(proc)
      , devices_(devices)
      , device_behind_(device_behind) {}

    ProcessReport run() {
        for (const std::int32_t pid : processes_of(proc_)) {
            look_at_mounts(pid);
            look_at_descriptors(pid);
        }
        return std::move(report_);
    }

  private:
    void look_at_mounts(std::int32_t pid) {
        const std::string folder = root_ + "/" + std::to_string(pid);
        const auto space = target_of(folder + "/ns/mnt");
        if (space.empty() || !spaces_.insert(space).second) return;
        const auto text = read_file(folder + "/mountinfo", kLargestMountinfo);
        if (!text) return;
        for (const auto& mount : parse_mountinfo(*text)) {
            for (const auto& device : devices_)
                if (is_on(mount, device) && report_.mounts.size() < kMostFound &&
                    points_.emplace(device.number, mount.point).second)
                    report_.mounts.push_back({pid, device.number, mount.point});
        }
    }

    void look_at_descriptors(std::int32_t pid) {
        const std::string folder = std::to_string(pid) + "/fd";
        const std::string absolute = root_ + "/" + folder + "/";
        std::set<dm::DeviceNumber> open;
        for (const auto& name : proc_.entries(folder)) {
            const std::string descriptor = absolute + name;
            if (!target_of(descriptor).starts_with("/dev/")) continue;
            const auto number = device_behind_(descriptor);
            if (number && std::any_of(devices_.begin(), devices_.end(),
                                      [&](const auto& device) { return device.number == *number; }))
                open.insert(*number);
        }
        for (const auto& number : open) {
            if (report_.processes.size() == kMostFound) return;
            const std::string place = std::to_string(pid);
            report_.processes.push_back({pid, user_of(proc_.text(place + "/status").value_or("")),
                                         number, proc_.text(place + "/comm").value_or("")});
        }
    }

    std::string root_;
    kernel::Sysfs proc_; // reads any tree of small files
    const std::vector<BlockDevice>& devices_;
    const DeviceBehind& device_behind_;
    ProcessReport report_;
    std::set<std::string> spaces_;
    std::set<std::pair<dm::DeviceNumber, std::string>> points_;
};

} // namespace

std::optional<dm::DeviceNumber> open_block_device(const std::string& descriptor) {
    struct statx status {};
    if (::statx(AT_FDCWD, descriptor.c_str(), AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE,
                &status) < 0 ||
        !S_ISBLK(status.stx_mode))
        return std::nullopt;
    return dm::DeviceNumber{status.stx_rdev_major, status.stx_rdev_minor};
}

ProcessReport search_processes(const std::string& proc, const std::vector<BlockDevice>& devices,
                               const DeviceBehind& device_behind) {
    return Search(proc, devices, device_behind).run();
}

} // namespace mpapi::holders
