// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/other_disks.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/disks/attached_disks.hpp"

using namespace mpapi;
using namespace mpapi::disks;

namespace {

void names_tell_them_from_partitions_maps_and_scsi(void**) {
    for (const char* name : {"nvme0n1", "nvme12n34", "vda", "vdaa", "xvdb", "mmcblk0", "dasda"})
        if (!is_other_disk(name)) fail_msg("%s is one", name);
    for (const char* name :
         {"", "sda", "dm-0", "md127", "loop0", "sr0", "nvme0n1p1", "nvme0c0n1", "nvme0", "nvme",
          "vda1", "vd", "mmcblk0p1", "mmcblk0boot0", "mmcblk0rpmb", "nbd0", "zram0"})
        if (is_other_disk(name)) fail_msg("%s is none", name);
}

void a_namespace_of_nvme(void**) {
    AttachedDisks machine;
    machine.nvme_on_a_controller();
    const auto found = read_other_disks(machine.sysfs());
    assert_int_equal(found.size(), 1);
    const auto& disk = found[0];
    assert_true(disk.ref == (daemon::BlockRef{"nvme0n1", {259, 0}}));
    assert_text_equal(disk.place, "devices/pci0000:00/0000:00:04.0/nvme/nvme0/nvme0n1");
    assert_text_equal(disk.wwid, "eui.0025385b21404321");
    assert_text_equal(disk.product, "SAMSUNG MZVLB512");
    assert_text_equal(disk.serial_number, "S3X4NX0K");
    assert_text_equal(disk.revision, "EXF7201Q");
    assert_text_equal(disk.adapter, "nvme0");
    assert_int_equal(disk.size, 32768 * 512);
    assert_int_equal(disk.paths, 1);
    assert_false(disk.read_only);
}

void the_kernels_multipath_of_nvme_is_one_disk(void**) {
    AttachedDisks machine;
    machine.nvme_on_two_controllers();
    const auto found = read_other_disks(machine.sysfs());
    assert_int_equal(found.size(), 1);
    assert_text_equal(found[0].ref.device, "nvme1n1");
    assert_int_equal(found[0].paths, 2);
    assert_text_equal(found[0].adapter, "nvme-subsys1");
    assert_true(adapters_under(machine.sysfs(), "nvme1n1") ==
                (std::set<std::string>{"devices/pci0000:00/0000:00:05.0",
                                       "devices/pci0000:00/0000:00:06.0"}));
}

void a_disk_of_virtio_is_what_its_serial_number_says(void**) {
    AttachedDisks machine;
    machine.virtio("vda", "252:0", "07.0", "DATA1");
    machine.virtio("vdb", "252:16", "08.0", "");
    machine.has("ro", "1");
    const auto found = read_other_disks(machine.sysfs());
    assert_int_equal(found.size(), 2);
    assert_text_equal(found[0].wwid, "virtio-DATA1");
    assert_text_equal(found[0].adapter, "virtio2");
    assert_text_equal(found[1].wwid, "");
    assert_true(found[1].read_only);
}

void what_vanishes_meanwhile_is_not_there(void**) {
    AttachedDisks machine;
    machine.virtio("vda", "252:0", "07.0", "DATA1");
    machine.vanishes("devices/pci0000:00/0000:00:07.0/virtio2/block/vda/size");
    assert_true(read_other_disks(machine.sysfs()).empty());
    machine.vanishes("devices");
    assert_true(read_other_disks(machine.sysfs()).empty());
    assert_true(read_other_disks(kernel::Sysfs("/nonexistent")).empty());
}

void the_adapters_of_all_that_one_stands_on(void**) {
    AttachedDisks machine;
    machine.attach("sda", "8:0",
                   "devices/pci0000:00/0000:00:01.0/0000:02:00.1/host2/rport-2:0-1/target2:0:1/"
                   "2:0:1:0/block");
    machine.attach("sda1", "8:1",
                   "devices/pci0000:00/0000:00:01.0/0000:02:00.1/host2/rport-2:0-1/target2:0:1/"
                   "2:0:1:0/block/sda");
    machine.attach("sdb", "8:16", "devices/platform/host3/session1/target3:0:0/3:0:0:0/block");
    machine.attach("dm-0", "253:0", "devices/virtual/block");
    machine.attach("dm-1", "253:1", "devices/virtual/block");
    machine.stack("dm-0", "sda");
    machine.stack("dm-0", "sdb");
    machine.stack("dm-1", "dm-0");
    machine.stack("dm-0", "dm-1"); // nothing goes round in circles
    const auto sysfs = machine.sysfs();
    const std::string hba = "devices/pci0000:00/0000:00:01.0/0000:02:00.1";
    const std::string session = "devices/platform/host3";
    for (const char* name : {"sda", "sda1"})
        assert_true(adapters_under(sysfs, name) == std::set<std::string>{hba});
    assert_true(adapters_under(sysfs, "sdb") == std::set<std::string>{session});
    assert_true(adapters_under(sysfs, "dm-1") == (std::set<std::string>{hba, session}));
    assert_true(adapters_under(sysfs, "sdz").empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_them_from_partitions_maps_and_scsi),
        cmocka_unit_test(a_namespace_of_nvme),
        cmocka_unit_test(the_kernels_multipath_of_nvme_is_one_disk),
        cmocka_unit_test(a_disk_of_virtio_is_what_its_serial_number_says),
        cmocka_unit_test(what_vanishes_meanwhile_is_not_there),
        cmocka_unit_test(the_adapters_of_all_that_one_stands_on),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
