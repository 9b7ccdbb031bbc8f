// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/system_blocks.hpp"

#include "common/dm/device_number.hpp"
#include "common/system/read_file.hpp"
#include "daemon/disks/other_disks.hpp"
#include "daemon/holders/block_stack.hpp"
#include "daemon/holders/proc_tables.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <set>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr std::size_t kLargestTable = 16u << 20; // of /proc

Result<Fd> open_node(const std::string& node, model::DeviceNumber number, int flags) {
    Fd file(::open(node.c_str(), flags | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        const int error = errno;
        const bool read_only = (flags & O_ACCMODE) == O_RDWR && (error == EACCES || error == EPERM);
        return Error{"open", node, read_only ? "it is read-only" : "", read_only ? EROFS : error};
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return Error{"stat", node, "", errno};
    if (!S_ISBLK(status.st_mode) || major(status.st_rdev) != number.major ||
        minor(status.st_rdev) != number.minor)
        return Error{"open", node, "another device has this name now", ENODEV};
    return file;
}

class SystemBlock final : public daemon::BlockDevice {
  public:
    SystemBlock(Fd file, std::shared_ptr<std::vector<Fd>> claim, std::string node)
      : file_(std::move(file))
      , claim_(std::move(claim))
      , node_(std::move(node)) {}

    Status measure() {
        std::uint64_t size = 0;
        int sector = 0;
        int read_only = 0;
        if (::ioctl(file_.get(), BLKGETSIZE64, &size) < 0 ||
            ::ioctl(file_.get(), BLKSSZGET, &sector) < 0 ||
            ::ioctl(file_.get(), BLKROGET, &read_only) < 0)
            return Error{"measure", node_, "", errno};
        if (sector < 512) return Error{"measure", node_, "it has no sector size", EIO};
        geometry_.size = size;
        geometry_.sector_size = static_cast<std::uint32_t>(sector);
        geometry_.read_only = read_only != 0;
        return Done{};
    }

    const daemon::BlockGeometry& geometry() const override { return geometry_; }

    Status read(std::uint64_t offset, std::span<std::uint8_t> into) override {
        while (!into.empty()) {
            const auto got =
                ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return Error{"read", node_, "", errno};
            if (got == 0) return Error{"read", node_, "it ends before", EIO};
            offset += static_cast<std::uint64_t>(got);
            into = into.subspan(static_cast<std::size_t>(got));
        }
        return Done{};
    }

    Status write(std::uint64_t offset, std::span<const std::uint8_t> from) override {
        while (!from.empty()) {
            const auto put =
                ::pwrite(file_.get(), from.data(), from.size(), static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return Error{"write", node_, "", errno};
            if (put == 0) return Error{"write", node_, "it took nothing", EIO};
            offset += static_cast<std::uint64_t>(put);
            from = from.subspan(static_cast<std::size_t>(put));
        }
        return Done{};
    }

  private:
    Fd file_;
    std::shared_ptr<std::vector<Fd>> claim_;
    std::string node_;
    daemon::BlockGeometry geometry_;
};

bool is_boot(const std::string& point) {
    return point == "/boot" || point == "/efi" || point == "/boot/efi";
}

// The disk with its partitions, and all that stands on each.
std::vector<holders::BlockDevice> all_on(const kernel::Sysfs& sysfs, const daemon::BlockRef& ref) {
    auto all = holders::stack_on(sysfs, {ref.number.major, ref.number.minor});
    const std::string parts = "class/block/" + ref.device + "/";
    for (const auto& name : sysfs.entries(parts)) {
        const std::string folder = parts + name;
        if (!name.starts_with(ref.device) || !sysfs.exists(folder + "/partition")) continue;
        const auto number = dm::parse_device_number(sysfs.text(folder + "/dev").value_or(""));
        if (!number) continue;
        for (auto& device : holders::stack_on(sysfs, *number))
            all.push_back(std::move(device));
    }
    return all;
}

// What a file of this path would lie on, the later of two on the same point.
const holders::Mount* mount_of(const std::vector<holders::Mount>& mounts, const std::string& path) {
    const holders::Mount* found = nullptr;
    for (const auto& mount : mounts) {
        const std::string& point = mount.point;
        const bool above = point == "/" || path == point || path.starts_with(point + "/");
        if (above && (!found || found->point.size() <= point.size())) found = &mount;
    }
    return found;
}

bool is_on(const holders::Mount* mount, const std::vector<holders::BlockDevice>& all) {
    return mount && std::any_of(all.begin(), all.end(),
                                [&](const auto& device) { return holders::is_on(*mount, device); });
}

bool overlap(const std::set<std::string>& a, const std::set<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&](const auto& each) { return b.count(each) != 0; });
}

std::string name_of(const holders::BlockDevice& device) {
    return device.map_name.empty() ? device.kernel_name : device.map_name;
}

} // namespace

Result<std::vector<Fd>> SystemBlocks::claim_whole(const std::string& node,
                                                  model::DeviceNumber number) const {
    std::vector<Fd> files;
    auto disk = open_node(node, number, O_RDONLY | O_EXCL);
    if (disk) {
        files.push_back(std::move(*disk));
        return files;
    }
    if (disk.error().errnum != EBUSY) return disk.error();
    const Error busy{"open", node, "this system or a program has claimed it", EBUSY};
    const auto stack = holders::stack_on(sysfs_, {number.major, number.minor});
    if (stack.size() < 2) return busy;
    for (auto device = stack.begin() + 1; device != stack.end(); ++device) {
        if (!device->is_partition()) return busy;
        const std::string partition = places_.dev + "/" + device->kernel_name;
        auto file =
            open_node(partition, {device->number.major, device->number.minor}, O_RDONLY | O_EXCL);
        if (!file && file.error().errnum == EBUSY)
            return Error{"open", partition, busy.reason, EBUSY};
        if (!file) return file.error();
        files.push_back(std::move(*file));
    }
    return files;
}

Result<std::shared_ptr<std::vector<Fd>>> SystemBlocks::claim(const std::string& node,
                                                             model::DeviceNumber number) {
    std::shared_ptr<Claim> claim;
    {
        const std::lock_guard lock(mutex_);
        auto& known = claims_[number];
        if (!known) known = std::make_shared<Claim>();
        claim = known;
    }
    const std::lock_guard lock(claim->mutex);
    if (auto files = claim->files.lock()) return files;
    auto opened = claim_whole(node, number);
    if (!opened) return std::move(opened).error();
    auto files = std::make_shared<std::vector<Fd>>(std::move(*opened));
    claim->files = files;
    return files;
}

Result<std::unique_ptr<daemon::BlockDevice>>
SystemBlocks::open(const daemon::BlockRef& ref, const std::vector<daemon::BlockRef>&,
                   daemon::BlockAccess access) {
    const std::string node = places_.dev + "/" + ref.device;
    std::shared_ptr<std::vector<Fd>> claimed;
    if (access.exclusive) {
        auto files = claim(node, ref.number);
        if (!files) return files.error();
        claimed = std::move(*files);
    }
    auto file =
        open_node(node, ref.number, O_DIRECT | (access.writing ? O_RDWR | O_DSYNC : O_RDONLY));
    if (!file) return file.error();
    auto block = std::make_unique<SystemBlock>(std::move(*file), std::move(claimed), node);
    if (auto measured = block->measure(); !measured) return std::move(measured).error();
    return std::unique_ptr<daemon::BlockDevice>(std::move(block));
}

Result<daemon::BlockUse> SystemBlocks::use(const daemon::BlockRef& ref) {
    const auto all = all_on(sysfs_, ref);
    if (all.front().kernel_name != ref.device)
        return Error{"look at", ref.device, "another device has this number now", ENODEV};
    const auto mounts = read_file(places_.mountinfo, kLargestTable);
    if (!mounts) return mounts.error();
    daemon::BlockUse use;
    use.removable = sysfs_.number("class/block/" + ref.device + "/removable").value_or(0) != 0;
    use.attachment = attachment_of(sysfs_, ref.device);
    const auto table = holders::parse_mountinfo(*mounts);
    for (const auto& mount : table)
        for (const auto& device : all) {
            if (!holders::is_on(mount, device)) continue;
            use.root |= mount.point == "/";
            use.boot |= is_boot(mount.point);
            const std::string user = "mounted on " + mount.point;
            if (std::find(use.users.begin(), use.users.end(), user) == use.users.end())
                use.users.push_back(user);
        }
    // A kernel without swap has no such table.
    const auto swaps = read_file(places_.swaps, kLargestTable);
    if (!swaps && swaps.error().errnum != ENOENT) return swaps.error();
    for (const auto& swap : holders::parse_swaps(swaps ? *swaps : "")) {
        bool here = !swap.device && is_on(mount_of(table, swap.file), all);
        for (const auto& device : all)
            here |= holders::is_on(swap, device);
        if (!here) continue;
        use.swap = true;
        use.users.push_back("swap on " + swap.file);
    }
    // The one to resume from (kernel/power/hibernate.c); 0:0 is none.
    const auto resume = dm::parse_device_number(sysfs_.text("power/resume").value_or(""));
    for (const auto& device : all) {
        if (resume && resume->major != 0 && *resume == device.number) {
            use.hibernate = true;
            use.users.push_back("hibernation image on " + name_of(device));
        }
    }
    if (const auto* root = mount_of(table, "/"))
        use.system_bus =
            overlap(adapters_under(sysfs_, ref.device), adapters_under(sysfs_, kernel_name(*root)));
    const CrashDumpTarget dump = crash_dump_target();
    // Who has mounted that directory is among the users already.
    if (!dump.directory.empty()) use.crash_dump = is_on(mount_of(table, dump.directory), all);
    if (const std::string name = kernel_name(dump.device); !name.empty())
        for (const auto& device : all)
            if (device.kernel_name == name) {
                use.crash_dump = true;
                use.users.push_back("crash dumps to " + dump.device);
            }
    for (const auto& device : all) {
        const bool volume = device.map_uuid.starts_with("LVM-");
        const bool raid = device.kernel_name.starts_with("md");
        use.dynamic |= volume || raid;
        const bool ours = device.kernel_name == ref.device || device.is_partition() ||
                          sysfs_.exists("class/block/" + device.kernel_name + "/partition");
        if (!ours)
            use.users.push_back((volume ? "logical volume "
                                 : raid ? "RAID array "
                                        : "device ") +
                                name_of(device));
    }
    return use;
}

// Nothing where no kernel waits for a crash (Documentation/admin-guide/kdump).
CrashDumpTarget SystemBlocks::crash_dump_target() const {
    if (sysfs_.number("kernel/kexec_crash_loaded").value_or(0) == 0) return {};
    if (const auto text = read_file(places_.kdump_conf, kLargestTable))
        return parse_kdump_conf(*text);
    const auto text = read_file(places_.kdump_tools, kLargestTable);
    return text ? parse_kdump_tools(*text) : CrashDumpTarget();
}

// Of a device as people write it: "/dev/sdb1", "/dev/mapper/mpatha", "UUID=…"; "" where it is none.
std::string SystemBlocks::kernel_name(std::string named) const {
    constexpr std::pair<std::string_view, const char*> kTags[] = {
        {"UUID=", "/dev/disk/by-uuid/"},
        {"LABEL=", "/dev/disk/by-label/"},
        {"PARTUUID=", "/dev/disk/by-partuuid/"},
    };
    for (const auto& [tag, folder] : kTags)
        if (named.starts_with(tag)) named = folder + named.substr(tag.size());
    constexpr std::string_view dev = "/dev";
    if (!named.starts_with("/dev/")) return "";
    std::array<char, PATH_MAX> target{};
    const auto size = ::readlink((places_.dev + named.substr(dev.size())).c_str(), target.data(),
                                 target.size() - 1);
    if (size > 0) named.assign(target.data(), static_cast<std::size_t>(size));
    return named.substr(named.find_last_of('/') + 1);
}

std::string SystemBlocks::kernel_name(const holders::Mount& mount) const {
    if (mount.number.major == 0) return kernel_name(mount.source);
    const auto place = sysfs_.link("dev/block/" + dm::to_string(mount.number));
    return place ? place->substr(place->find_last_of('/') + 1) : "";
}

std::vector<daemon::OtherDisk> SystemBlocks::other_disks() {
    return read_other_disks(sysfs_);
}

Status SystemBlocks::watch_other_disks(sd_event* loop, std::function<void()> changed) {
    auto events = DiskEvents::open(loop, std::move(changed));
    if (!events) return std::move(events).error();
    events_ = std::move(*events);
    return Done{};
}

} // namespace mpapi::disks
