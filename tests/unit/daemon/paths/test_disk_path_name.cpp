// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/disk_reader.hpp"
#include "daemon/paths/disk_path_name.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/kernel/fake_sysfs.hpp"

using namespace mpapi;
using namespace mpapi::paths;
using mpapi::kernel::test::FakeSysfs;

namespace {

// One designator: NAA 6h of the logical unit.
const std::string kPage("\x00\x83\x00\x14\x01\x03\x00\x10"
                        "\x60\x01\x40\x50\x12\x34\x56\x78\x9a\xbc\xde\xf0\x00\x00\x00\x01",
                        24);
const std::string kName = "60014050123456789abcdef000000001";

Result<PathName> name_of(const FakeSysfs& fake, const std::string& device) {
    const auto sysfs = fake.sysfs();
    kernel::PortBook ports(sysfs);
    const auto disk = kernel::read_disk(sysfs, ports, device);
    if (!disk) fail_msg("%s cannot be read", device.c_str());
    return path_name_of(*disk);
}

void a_path_is_named_by_unit_ports_and_lun(void**) {
    FakeSysfs fake;
    fake.fc_host("host3", "0x2100000E1E09A4C0");
    fake.remote_port("rport-3:0-1", "0x500a098200016e01");
    fake.disk_appears("sdd", "8:48", "3:0:1:5", "rport-3:0-1");
    fake.page_83h(kPage);
    const auto name = name_of(fake, "sdd");
    assert_ok(name);
    assert_text_equal(name->unit_name, kName);
    assert_text_equal(name->initiator_port, "2100000e1e09a4c0");
    assert_text_equal(name->target_port, "500a098200016e01");
    assert_int_equal(name->lun, 5);
}

void a_disk_without_the_page_has_no_name(void**) {
    FakeSysfs fake;
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    const auto name = name_of(fake, "sdc");
    assert_false(name.has_value());
    assert_contains(name.error().message(), "sdc");
    assert_contains(name.error().message(), "no VPD page 83h");
}

void a_page_that_names_no_unit_gives_no_name(void**) {
    FakeSysfs fake;
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    for (const auto& page :
         {std::string("\0\x83\0\0", 4), kPage.substr(0, 20), std::string("\0", 1)}) {
        fake.page_83h(page);
        const auto name = name_of(fake, "sdc");
        assert_false(name.has_value());
        assert_contains(name.error().message(), "sdc");
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_named_by_unit_ports_and_lun),
        cmocka_unit_test(a_disk_without_the_page_has_no_name),
        cmocka_unit_test(a_page_that_names_no_unit_gives_no_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
