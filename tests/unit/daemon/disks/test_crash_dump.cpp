// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/crash_dump.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::disks;

namespace {

void assert_target(const CrashDumpTarget& target, const char* directory, const char* device) {
    assert_text_equal(target.directory, directory);
    assert_text_equal(target.device, device);
}

void the_usual_directory_where_nothing_is_said(void**) {
    assert_target(parse_kdump_tools(""), "/var/crash", "");
    assert_target(parse_kdump_conf(""), "/var/crash", "");
}

void the_directory_of_kdump_tools(void**) {
    assert_target(parse_kdump_tools("# a comment\nUSE_KDUMP=1\n"
                                    "#KDUMP_COREDIR=\"/no\"\n  KDUMP_COREDIR=\"/srv/my dumps\"\n"),
                  "/srv/my dumps", "");
    assert_target(parse_kdump_tools("KDUMP_COREDIR=/a\nKDUMP_COREDIR='/b' # last one"), "/b", "");
    assert_target(parse_kdump_tools("KDUMP_COREDIR=/a # why"), "/a", "");
}

void a_dump_over_the_network_goes_nowhere_here(void**) {
    assert_target(parse_kdump_tools("SSH=\"user@host\"\n"), "", "");
    assert_target(parse_kdump_tools("NFS=host:/export"), "", "");
    assert_target(parse_kdump_tools("NFS=\"\""), "/var/crash", "");
    assert_target(parse_kdump_conf("path /var/crash\nnfs my.server.com:/export/tmp\n"), "", "");
    assert_target(parse_kdump_conf("ssh user@host"), "", "");
}

void the_device_of_kdump_conf(void**) {
    assert_target(parse_kdump_conf("#raw /dev/sdz\nraw /dev/vg/lv_kdump\n"), "",
                  "/dev/vg/lv_kdump");
    assert_target(parse_kdump_conf("ext4\tUUID=03138356-5e61-4ab3-b58e-27507ac41937\npath /dumps"),
                  "", "UUID=03138356-5e61-4ab3-b58e-27507ac41937");
    assert_target(parse_kdump_conf("path /dumps\ncore_collector makedumpfile -l\n"), "/dumps", "");
}

void what_is_no_assignment_is_nothing(void**) {
    for (const char* text : {"KDUMP_COREDIR", "=", "\n\n\n", "KDUMP_COREDIR\n=/a"})
        assert_target(parse_kdump_tools(text), "/var/crash", "");
    assert_target(parse_kdump_tools("KDUMP_COREDIR=\"/open"), "/open", "");
    assert_target(parse_kdump_tools("KDUMP_COREDIR="), "", "");
    assert_target(parse_kdump_conf("raw"), "/var/crash", "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_directory_where_nothing_is_said),
        cmocka_unit_test(the_directory_of_kdump_tools),
        cmocka_unit_test(a_dump_over_the_network_goes_nowhere_here),
        cmocka_unit_test(the_device_of_kdump_conf),
        cmocka_unit_test(what_is_no_assignment_is_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
