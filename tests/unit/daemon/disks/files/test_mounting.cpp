// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel says of a mount (/proc/self/mountinfo), of a loop device, in a mount namespace
// where nobody else sees it. Needs root, a loop device and e2fsprogs.
#include "common/system/handle.hpp"
#include "daemon/disks/files/file_work.hpp"
#include "daemon/disks/files/mounting.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

constexpr std::uintmax_t kSize = 16u << 20;

int without(const char* why) {
    std::printf("skipped: %s\n", why);
    return 77;
}

std::set<std::string> words(const std::string& text) {
    std::set<std::string> all;
    std::istringstream stream(text);
    for (std::string word; std::getline(stream, word, ',');)
        all.insert(word);
    return all;
}

// A file system in a file, on a loop device.
class Disk {
  public:
    explicit Disk(const std::string& type) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "mpapi-mounting-XXXXXX").string();
        assert_non_null(::mkdtemp(pattern.data()));
        top = pattern;
        const auto image = top / "image";
        std::ofstream(image).close();
        std::filesystem::resize_file(image, kSize);
        const std::string make =
            "PATH=$PATH:/usr/sbin:/sbin mkfs." + type + " -q " + image.string();
        if (std::system(make.c_str()) != 0) fail_msg("%s failed", make.c_str());
        const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        assert_in_range(number, 0, 1'000'000);
        const std::string node = "/dev/block/7:" + std::to_string(number);
        (void)::mknod(node.c_str(), S_IFBLK | 0600, ::makedev(7, static_cast<unsigned>(number)));
        loop = Fd(::open(node.c_str(), O_RDWR | O_CLOEXEC));
        const Fd file(::open(image.c_str(), O_RDWR | O_CLOEXEC));
        loop_config config{};
        config.fd = static_cast<std::uint32_t>(file.get());
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
        if (::ioctl(loop.get(), LOOP_CONFIGURE, &config) != 0)
            fail_msg("%s: errno %d", node.c_str(), errno);
        struct stat found {};
        assert_int_equal(::fstat(loop.get(), &found), 0);
        device = {::gnu_dev_major(found.st_rdev), ::gnu_dev_minor(found.st_rdev)};
        std::filesystem::create_directory(top / "seen");
    }
    ~Disk() {
        ::umount2((top / "seen").c_str(), MNT_DETACH);
        loop.reset();
        std::filesystem::remove_all(top);
    }
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    struct Seen {
        std::set<std::string> mount; // options of the mount
        std::set<std::string> super; // and of the file system
        std::string type;
    };
    // What mountinfo tells of it once it is attached; it goes with this object.
    Seen seen(const Fd& root) const {
        const auto place = top / "seen";
        if (::move_mount(root.get(), "", AT_FDCWD, place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
            fail_msg("move_mount: errno %d", errno);
        std::ifstream mounts("/proc/self/mountinfo");
        for (std::string line; std::getline(mounts, line);) {
            std::istringstream fields(line);
            std::string field[7], type, source, super;
            for (std::size_t i = 0; i < 6; ++i)
                fields >> field[i];
            if (field[4] != place.string()) continue;
            while (fields >> field[6] && field[6] != "-") {
            }
            fields >> type >> source >> super;
            return {words(field[5]), words(super), type};
        }
        fail_msg("it is not mounted");
        std::abort();
    }

    std::filesystem::path top;
    Fd loop;
    dm::DeviceNumber device;
};

// A /dev of nobody else's, with what is needed and what udev would make.
bool own_devices() {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", "/dev", "tmpfs", 0, nullptr) == 0 && ::mkdir("/dev/block", 0755) == 0 &&
           ::mknod("/dev/null", S_IFCHR | 0666, ::makedev(1, 3)) == 0 &&
           ::mknod("/dev/loop-control", S_IFCHR | 0600, ::makedev(10, 237)) == 0;
}

void assert_has(const std::set<std::string>& options, const char* wanted) {
    std::string all;
    for (const auto& each : options)
        all += each + " ";
    if (!options.contains(wanted)) fail_msg("no %s among: %s", wanted, all.c_str());
}

const std::string file_systems[] = {"ext4", "ext3", "ext2"};

void nothing_on_it_is_a_program_a_device_or_a_link(void**) {
    for (const auto& type : file_systems)
        for (const auto access : {Access::Write, Access::Read, Access::ReadUnowned}) {
            const Disk disk(type);
            const auto root = mount_detached(disk.device, type, access);
            assert_ok(root);
            const auto seen = disk.seen(*root);
            assert_text_equal(seen.type, "ext4");
            for (const char* option : {"nosuid", "nodev", "noexec", "nosymfollow"})
                assert_has(seen.mount, option);
            assert_has(seen.mount, access == Access::Write ? "rw" : "ro");
            assert_has(seen.super, access == Access::Write ? "rw" : "ro");
        }
}

// The kernel would write when it replays a journal, also for a mount that is read-only.
void a_journal_of_a_unit_that_is_not_owned_is_left_alone(void**) {
    for (const std::string type : {"ext4", "ext3"}) {
        {
            const Disk disk(type);
            const auto root = mount_detached(disk.device, type, Access::ReadUnowned);
            assert_ok(root);
            assert_has(disk.seen(*root).super, "norecovery"); // "noload" by its other name
        }
        const Disk disk(type);
        const auto root = mount_detached(disk.device, type, Access::Read);
        assert_ok(root);
        assert_false(disk.seen(*root).super.contains("norecovery"));
    }
}

void it_is_attached_nowhere_and_goes_with_its_descriptor(void**) {
    const Disk disk("ext4");
    const std::string before = [] {
        std::ifstream mounts("/proc/self/mountinfo");
        return std::string(std::istreambuf_iterator<char>(mounts), {});
    }();
    {
        const auto root = mount_detached(disk.device, "ext4", Access::Write);
        assert_ok(root);
        assert_ok(write_file(root->get(), {"a"}, "kept"));
        std::ifstream mounts("/proc/self/mountinfo");
        assert_text_equal(std::string(std::istreambuf_iterator<char>(mounts), {}), before);
    }
    // An exclusive open succeeds again, and what was written is there.
    const std::string node = "/dev/block/" + to_string(disk.device);
    const Fd alone(::open(node.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
    assert_true(bool(alone));
    const auto root = mount_detached(disk.device, "ext4", Access::ReadUnowned);
    assert_false(bool(root)); // it is ours alone
}

void what_was_written_is_read_by_the_next_mount(void**) {
    const Disk disk("ext4");
    {
        const auto root = mount_detached(disk.device, "ext4", Access::Write);
        assert_ok(root);
        assert_ok(write_file(root->get(), {"a"}, "kept"));
    }
    const auto root = mount_detached(disk.device, "ext4", Access::ReadUnowned);
    assert_ok(root);
    assert_true(file_holds(root->get(), {"a"}, "kept").value_or(false));
    assert_int_equal(write_file(root->get(), {"a"}, "other").error().errnum, EROFS);
}

void links_of_a_disk_lead_nowhere(void**) {
    const Disk disk("ext4");
    const auto root = mount_detached(disk.device, "ext4", Access::Write);
    assert_ok(root);
    assert_int_equal(::symlinkat("/etc/passwd", root->get(), "link"), 0);
    const Fd followed(::openat(root->get(), "link", O_RDONLY | O_CLOEXEC));
    assert_false(bool(followed));
    assert_int_equal(errno, ELOOP); // the mount's own refusal: these flags would follow it
}

void only_file_systems_of_the_list_are_mounted(void**) {
    const Disk disk("ext4");
    for (const char* type : {"", "btrfs", "squashfs", "ext5", "ext4,x", "swap", "LVM2_member"}) {
        const auto root = mount_detached(disk.device, type, Access::Write);
        assert_false(bool(root));
        assert_int_equal(root.error().errnum, EPERM);
    }
}

} // namespace

int main() {
    if (::geteuid() != 0) return without("mounting needs root");
    if (::access("/dev/loop-control", R_OK | W_OK) != 0) return without("no loop devices");
    if (std::system("PATH=$PATH:/usr/sbin:/sbin; command -v mkfs.ext4 >/dev/null") != 0)
        return without("no mkfs.ext4 (Debian: e2fsprogs)");
    if (!own_devices()) return without("no mount namespace of its own");
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_on_it_is_a_program_a_device_or_a_link),
        cmocka_unit_test(a_journal_of_a_unit_that_is_not_owned_is_left_alone),
        cmocka_unit_test(it_is_attached_nowhere_and_goes_with_its_descriptor),
        cmocka_unit_test(what_was_written_is_read_by_the_next_mount),
        cmocka_unit_test(links_of_a_disk_lead_nowhere),
        cmocka_unit_test(only_file_systems_of_the_list_are_mounted),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
