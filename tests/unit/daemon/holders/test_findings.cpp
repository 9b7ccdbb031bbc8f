// SPDX-License-Identifier: LGPL-2.1-or-later
// From sysfs and the tables of /proc to who holds a map.
#include "daemon/holders/findings.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/holders/block_devices.hpp"

using namespace mpapi;
using namespace mpapi::holders;
using mpapi::holders::test::BlockDevices;

namespace {

Findings find(const BlockDevices& world, const std::string& mountinfo = "",
              const std::string& swaps = "", const ProcessReport& processes = {}) {
    return findings(stack_on(world.sysfs(), {253, 0}), parse_mountinfo(mountinfo),
                    parse_swaps(swaps), processes);
}

std::string told(const std::vector<Holder>& holders) {
    std::string text;
    for (const auto& holder : holders)
        text += holder.name + " (" + holder.detail + "): " + holder.remedy + "\n";
    return text;
}

void a_map_that_nobody_uses_has_no_holders(void**) {
    BlockDevices world;
    world.unit();
    world.map("dm-1", "253:1", "mpathb", "mpath-36001405abd");
    assert_true(find(world, "36 35 253:1 / /srv rw - xfs /dev/mapper/mpathb rw\n",
                     "/dev/dm-1 partition 1 0 -2\n") == Findings());
    BlockDevices nothing;
    assert_true(find(nothing) == Findings());
}

void what_is_mounted_goes_before_what_it_is_on(void**) {
    BlockDevices world;
    world.unit();
    world.map("dm-3", "253:3", "vg0-data--old", "LVM-abc");
    world.stands_on("dm-3", "dm-0");
    const auto found = find(world, "36 35 253:3 / /srv/my\\040db rw - xfs /dev/mapper/x rw\n");
    assert_text_equal(told(found.holders),
                      "/srv/my db (xfs on /dev/mapper/vg0-data--old): unmount /srv/my db\n"
                      "vg0/data-old (logical volume): deactivate it: lvchange -an vg0/data-old\n");
    assert_true(found.partitions.empty());
}

void the_top_of_a_stack_goes_before_its_bottom(void**) {
    BlockDevices world;
    world.unit();
    world.map("dm-1", "253:1", "mpatha-part1", "part1-mpath-36001405abc");
    world.device("md127", "9:127");
    world.map("dm-2", "253:2", "secret", "CRYPT-LUKS2-abc-secret");
    world.device("loop0", "7:0");
    world.stands_on("dm-1", "dm-0");
    world.stands_on("md127", "dm-1");
    world.stands_on("dm-2", "md127");
    world.attribute("devices/virtual/block/loop0/loop/backing_file", "/dev/mapper/secret\n");
    assert_text_equal(told(find(world).holders),
                      "/dev/loop0 (loop device): detach it: losetup -d /dev/loop0\n"
                      "/dev/mapper/secret (encrypted device): close it: cryptsetup close secret\n"
                      "/dev/md127 (RAID array): stop it: mdadm --stop /dev/md127\n"
                      "/dev/mapper/mpatha-part1 (partition): remove it: dmsetup remove "
                      "mpatha-part1\n");
}

void a_device_on_two_others_is_one_holder_and_a_circle_ends(void**) {
    BlockDevices world;
    world.unit();
    world.map("dm-1", "253:1", "a", "LVM-a");
    world.map("dm-2", "253:2", "b", "LVM-b");
    world.stands_on("dm-1", "dm-0");
    world.stands_on("dm-2", "dm-0");
    world.stands_on("dm-2", "dm-1");
    world.stands_on("dm-0", "dm-2");
    world.stands_on("gone", "dm-2");
    assert_int_equal(find(world).holders.size(), 2);
}

void partitions_that_nobody_uses_are_told_apart(void**) {
    BlockDevices world;
    world.unit();
    for (const char* number : {"1", "2", "3"}) {
        world.map(std::string("dm-") + number, std::string("253:") + number,
                  std::string("mpatha-part") + number,
                  std::string("part") + number + "-mpath-36001405abc");
        world.stands_on(std::string("dm-") + number, "dm-0");
    }
    const auto found = find(world, "36 35 253:1 / /boot rw - ext4 /dev/mapper/mpatha-part1 rw\n",
                            "/dev/dm-2 partition 1 0 -2\n");
    assert_text_equal(told(found.holders),
                      "/boot (ext4 on /dev/mapper/mpatha-part1): unmount /boot\n"
                      "/dev/mapper/mpatha-part2 (swap): swapoff /dev/mapper/mpatha-part2\n"
                      "/dev/mapper/mpatha-part2 (partition): remove it: dmsetup remove "
                      "mpatha-part2\n"
                      "/dev/mapper/mpatha-part1 (partition): remove it: dmsetup remove "
                      "mpatha-part1\n");
    assert_text_equal(told(found.partitions), "/dev/mapper/mpatha-part3 (partition): remove it: "
                                              "dmsetup remove mpatha-part3\n");
}

// btrfs has a number of its own; other file systems do not become holders by their source alone.
void a_file_system_with_its_own_number_is_known_by_its_source(void**) {
    BlockDevices world;
    world.unit();
    assert_int_equal(
        find(world, "36 35 0:44 / /a rw - btrfs /dev/mapper/mpatha rw\n").holders.size(), 1);
    assert_int_equal(find(world, "36 35 0:44 / /a rw - btrfs /dev/dm-0 rw\n").holders.size(), 1);
    for (const char* source : {"/dev/mapper/mpath", "/dev/mapper/mpatha2", "mpatha", "/dev/dm-01",
                               "/dev/", "/dev/mapper/", "none"})
        assert_true(find(world, std::string("36 35 0:44 / /a rw - nfs ") + source + " rw\n")
                        .holders.empty());
    assert_true(find(world, "36 35 8:1 / /a rw - ext4 /dev/mapper/mpatha rw\n").holders.empty());
}

void swap_in_a_file_is_not_swap_on_a_device(void**) {
    BlockDevices world;
    world.unit();
    assert_true(find(world, "", "/dev/dm-0 file 1 0 -2\n").holders.empty());
    assert_int_equal(find(world, "", "/dev/dm-0 partition 1 0 -2\n").holders.size(), 1);
}

void processes_and_mounts_elsewhere_are_told_with_where_they_are(void**) {
    BlockDevices world;
    world.unit();
    ProcessReport report;
    report.processes = {{4711, 1000, {253, 0}, "dd"}};
    report.mounts = {{1, {253, 0}, "/srv/db"}, {812, {253, 0}, "/data"}, {1, {253, 0}, "/home"}};
    const auto found =
        find(world, "36 35 253:0 / /srv/db rw - xfs /dev/mapper/mpatha rw\n", "", report);
    assert_text_equal(told(found.holders),
                      "/srv/db (xfs on /dev/mapper/mpatha): unmount /srv/db\n"
                      "/data (in the mount namespace of process 812): unmount /data as process 812 "
                      "sees it\n"
                      "/home (in the mount namespace of process 1): unmount /home\n"
                      "4711 (dd, user 1000): end process 4711 (dd)\n");
    assert_text_equal(found.trouble, "");
}

void without_the_processes_the_rest_is_told_and_why(void**) {
    BlockDevices world;
    world.unit();
    const auto found = findings(stack_on(world.sysfs(), {253, 0}),
                                parse_mountinfo("36 35 253:0 / /srv rw - xfs x rw\n"), {},
                                Error{"ask", "mpapi-holders", "no answer in time", 0});
    assert_int_equal(found.holders.size(), 1);
    assert_text_equal(found.trouble,
                      "processes could not be looked at: ask mpapi-holders: no answer in time");
}

void a_large_stack_is_looked_at_up_to_a_limit(void**) {
    BlockDevices world;
    world.unit();
    for (std::size_t at = 1; at <= kLargestStack + 10; ++at) {
        const std::string name = "dm-" + std::to_string(at);
        world.map(name, "253:" + std::to_string(at), "vg-" + std::to_string(at), "LVM-x");
        world.stands_on(name, "dm-0");
    }
    assert_int_equal(stack_on(world.sysfs(), {253, 0}).size(), kLargestStack);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_map_that_nobody_uses_has_no_holders),
        cmocka_unit_test(what_is_mounted_goes_before_what_it_is_on),
        cmocka_unit_test(the_top_of_a_stack_goes_before_its_bottom),
        cmocka_unit_test(a_device_on_two_others_is_one_holder_and_a_circle_ends),
        cmocka_unit_test(partitions_that_nobody_uses_are_told_apart),
        cmocka_unit_test(a_file_system_with_its_own_number_is_known_by_its_source),
        cmocka_unit_test(swap_in_a_file_is_not_swap_on_a_device),
        cmocka_unit_test(processes_and_mounts_elsewhere_are_told_with_where_they_are),
        cmocka_unit_test(without_the_processes_the_rest_is_told_and_why),
        cmocka_unit_test(a_large_stack_is_looked_at_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
