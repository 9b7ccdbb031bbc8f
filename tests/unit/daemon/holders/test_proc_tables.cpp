// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/proc_tables.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::holders;

namespace {

void a_mount_is_read_with_and_without_optional_fields(void**) {
    const auto mounts = parse_mountinfo(
        "36 35 253:0 / /srv/db rw,noatime shared:1 master:2 - xfs /dev/mapper/mpatha rw,attr2\n"
        "37 35 0:44 /@home /home rw - btrfs /dev/mapper/mpathb rw\n");
    assert_int_equal(mounts.size(), 2);
    assert_true(mounts[0] == (Mount{{253, 0}, "/srv/db", "xfs", "/dev/mapper/mpatha"}));
    assert_true(mounts[1] == (Mount{{0, 44}, "/home", "btrfs", "/dev/mapper/mpathb"}));
}

void white_space_in_names_is_unescaped(void**) {
    assert_text_equal(unescape_octal("/mnt/a\\040b\\011c\\012d\\134e"), "/mnt/a b\tc\nd\\e");
    // What is no escape stands for itself.
    for (const char* text : {"\\", "\\0", "\\04", "\\048", "\\400", "\\777", "a\\x40", "\\\\"})
        assert_text_equal(unescape_octal(text), text);
    const auto mounts =
        parse_mountinfo("36 35 8:1 / /mnt/new\\040disk rw - ext4 /dev/sd\\134a rw\n");
    assert_int_equal(mounts.size(), 1);
    assert_text_equal(mounts[0].point, "/mnt/new disk");
    assert_text_equal(mounts[0].source, "/dev/sd\\a");
}

// A name cannot make a second line, nor a field of another.
void a_mount_point_that_imitates_a_line_is_one_name(void**) {
    const auto mounts = parse_mountinfo(
        "36 35 8:1 / /x\\04036\\040253:0\\040-\\040xfs\\0121\\0402\\040253:0 rw - ext4 none rw\n");
    assert_int_equal(mounts.size(), 1);
    assert_true(mounts[0].number == (dm::DeviceNumber{8, 1}));
    assert_text_equal(mounts[0].point, "/x 36 253:0 - xfs\n1 2 253:0");
}

void lines_that_are_no_mounts_are_left_out(void**) {
    for (const char* text :
         {"", "\n\n", "36", "36 35 8:1", "36 35 8 / /x rw - ext4 none rw", "36 35 8:1 / /x rw",
          "36 35 8:1 / /x rw ext4 none rw", "36 35 99999:1 / /x rw - ext4 a rw",
          "36 35 8:1 /  rw - ext4 none rw", "36 35 8:1 / /x rw -"})
        if (!parse_mountinfo(text).empty()) fail_msg("'%s' was taken for a mount", text);
    // And keep none of the others out; the last line needs no end.
    assert_int_equal(parse_mountinfo("nonsense\n36 35 8:1 / /x rw - ext4 none rw").size(), 1);
}

void swaps_are_devices_or_files(void**) {
    const auto swaps = parse_swaps("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
                                   "/dev/dm-3                               partition\t8388604\t\t0"
                                   "\t\t-2\n"
                                   "/srv/swap\\040file\\040(deleted) file\t\t8\t0\t-3\n");
    assert_int_equal(swaps.size(), 2);
    assert_true(swaps[0] == (Swap{"/dev/dm-3", true}));
    assert_true(swaps[1] == (Swap{"/srv/swap file (deleted)", false}));
    for (const char* text :
         {"", "/dev/dm-3", "/dev/dm-3   ", "dm-3 partition 1", " /dev/dm-3 file"})
        if (!parse_swaps(text).empty()) fail_msg("'%s' was taken for swap", text);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_mount_is_read_with_and_without_optional_fields),
        cmocka_unit_test(white_space_in_names_is_unescaped),
        cmocka_unit_test(a_mount_point_that_imitates_a_line_is_one_name),
        cmocka_unit_test(lines_that_are_no_mounts_are_left_out),
        cmocka_unit_test(swaps_are_devices_or_files),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
