// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/files.hpp"
#include "tests/unit/daemon/multipathd/temporary_root.hpp"

#include <sys/stat.h>

using namespace mpapi;
using namespace mpapi::multipathd;

namespace {

void files_are_read_in_multipathds_order(void**) {
    const TemporaryRoot root;
    root.write("etc/multipath/conf.d/b.conf", "b");
    root.write("etc/multipath/conf.d/a.conf", "a");
    root.write("etc/multipath/conf.d/a.conf.dpkg-old", "old");
    root.write("etc/multipath/conf.d/.hidden.conf", "hidden");
    root.write("etc/multipath.conf", "main");
    const auto files = read_configuration(root.path());
    assert_int_equal(files.size(), 3);
    assert_true(files[0] == (TextFile{"/etc/multipath.conf", "main"}));
    assert_true(files[1] == (TextFile{"/etc/multipath/conf.d/a.conf", "a"}));
    assert_true(files[2] == (TextFile{"/etc/multipath/conf.d/b.conf", "b"}));
}

void what_is_no_file_or_too_large_is_left_out(void**) {
    const TemporaryRoot root;
    assert_int_equal(read_configuration(root.path()).size(), 0);
    assert_int_equal(::mkfifo((root.path() + "/etc/multipath.conf").c_str(), 0600), 0);
    root.write("etc/multipath/conf.d/large.conf", std::string((std::size_t{8} << 20U) + 1, '#'));
    root.write("etc/multipath/conf.d/small.conf", "small");
    const auto files = read_configuration(root.path());
    assert_int_equal(files.size(), 1);
    assert_text_equal(files[0].name, "/etc/multipath/conf.d/small.conf");
}

void the_sum_of_files_is_bounded(void**) {
    const TemporaryRoot root;
    for (char name = 'a'; name <= 'f'; ++name)
        root.write(std::string("etc/multipath/conf.d/") + name + ".conf",
                   std::string(std::size_t{7} << 20U, '#'));
    assert_int_equal(read_configuration(root.path()).size(), 4);
}

void the_wwids_file_is_read_without_its_comments(void**) {
    const TemporaryRoot root;
    assert_false(read_known_wwids(root.path()).has_value());
    root.write("etc/multipath/wwids", "# Multipath wwids, Version : 1.0\n#/36000/\n/36001405aa/\n"
                                      "//\n/no-end\nword\n\n/3600/more/\n");
    const auto wwids = read_known_wwids(root.path());
    assert_true(wwids.has_value());
    assert_int_equal(wwids->size(), 2);
    assert_int_equal(wwids->count("36001405aa"), 1);
    assert_int_equal(wwids->count("3600"), 1);
}

void failed_wwids_are_the_names_of_files(void**) {
    const TemporaryRoot root;
    assert_int_equal(read_failed_wwids(root.path()).size(), 0);
    root.write("run/multipath/failed_wwids/36001405aa", "");
    root.write("run/multipath/failed_wwids/.lock", "");
    assert_true(read_failed_wwids(root.path()) ==
                (std::set<std::string, std::less<>>{"36001405aa"}));
}

void the_command_line_can_switch_multipath_off(void**) {
    const TemporaryRoot root;
    assert_false(disabled_on_command_line(root.path()));
    for (const char* line : {"root=/dev/sda nompath quiet\n", "multipath=off\n"}) {
        root.write("proc/cmdline", line);
        assert_true(disabled_on_command_line(root.path()));
    }
    for (const char* line : {"multipath=offline\n", "xnompath nompath=1\n", ""}) {
        root.write("proc/cmdline", line);
        assert_false(disabled_on_command_line(root.path()));
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_in_multipathds_order),
        cmocka_unit_test(what_is_no_file_or_too_large_is_left_out),
        cmocka_unit_test(the_sum_of_files_is_bounded),
        cmocka_unit_test(the_wwids_file_is_read_without_its_comments),
        cmocka_unit_test(failed_wwids_are_the_names_of_files),
        cmocka_unit_test(the_command_line_can_switch_multipath_off),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
