// SPDX-License-Identifier: LGPL-2.1-or-later
// What the system does with a disk, from a sysfs and tables of files.
#include "daemon/disks/system_blocks.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/disks/attached_disks.hpp"

#include <fstream>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

// vda holds the system, vdb on the same adapter nothing, nvme0n1 a file system.
class Machine : public AttachedDisks {
  public:
    Machine() {
        attach("vda", "252:0", "devices/pci0000:00/0000:00:07.0/virtio2/block");
        attach("vdb", "252:16", "devices/pci0000:00/0000:00:07.0/virtio3/block");
        nvme_on_a_controller();
        write("mountinfo", "21 1 252:0 / / rw - ext4 /dev/vda rw\n"
                           "22 21 259:0 / /var/crash rw - ext4 /dev/nvme0n1 rw\n");
        write("swaps", "Filename Type Size Used Priority\n");
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(root() + "/" + name) << text;
    }
    void link(const std::string& name, const std::string& target) const {
        const auto path = std::filesystem::path(root()) / name;
        std::filesystem::create_directories(path.parent_path());
        std::filesystem::create_symlink(target, path);
    }
    daemon::BlockUse use(const std::string& device, model::DeviceNumber number) const {
        SystemBlocks blocks({root(), root() + "/nodes", root() + "/mountinfo", root() + "/swaps",
                             root() + "/kdump-tools", root() + "/kdump.conf"});
        auto found = blocks.use({device, number});
        assert_ok(found);
        return std::move(*found);
    }
    daemon::BlockUse vda() const { return use("vda", {252, 0}); }
    daemon::BlockUse vdb() const { return use("vdb", {252, 16}); }
    daemon::BlockUse nvme() const { return use("nvme0n1", {259, 0}); }
};

void the_bus_of_the_system_is_that_of_the_root_file_system(void**) {
    const Machine machine;
    assert_true(machine.vda().root && machine.vda().system_bus);
    assert_true(machine.vdb().system_bus && machine.vdb().users.empty());
    assert_false(machine.nvme().system_bus);
    // btrfs has a number of its own, and is known by its source.
    machine.write("mountinfo", "21 1 0:30 / / rw - btrfs /dev/vda rw\n");
    assert_true(machine.vdb().system_bus);
    machine.link("nodes/mapper/root", "../vda");
    machine.write("mountinfo", "21 1 0:30 / / rw - btrfs /dev/mapper/root rw\n");
    assert_true(machine.vdb().system_bus);
    machine.write("mountinfo", "21 1 0:30 / / rw - tmpfs none rw\n");
    assert_false(machine.vdb().system_bus);
}

void a_file_that_is_swap_is_on_its_file_system(void**) {
    const Machine machine;
    machine.write("swaps", "Filename Type Size Used Priority\n/swap.img file 1 0 -2\n");
    assert_true(machine.vda().swap && !machine.nvme().swap && !machine.vdb().swap);
    machine.write("swaps", "Filename Type Size Used Priority\n/var/crash/s file 1 0 -2\n"
                           "/dev/vdb partition 1 0 -3\n");
    assert_true(machine.nvme().swap && !machine.vda().swap);
    assert_true(machine.vdb().swap);
    assert_text_equal(machine.vdb().users.at(0), "swap on /dev/vdb");
}

void the_device_to_resume_from(void**) {
    Machine machine;
    machine.attribute("power/resume", "252:16\n");
    assert_true(machine.vdb().hibernate && !machine.vda().hibernate);
    assert_text_equal(machine.vdb().users.at(0), "hibernation image on vdb");
}

void what_is_mounted_to_boot_from(void**) {
    const Machine machine;
    for (const char* point : {"/boot", "/efi", "/boot/efi"}) {
        machine.write("mountinfo", "21 1 252:0 / / rw - ext4 /dev/vda rw\n"
                                   "22 21 252:16 / " +
                                       std::string(point) + " rw - vfat /dev/vdb rw\n");
        assert_true(machine.vdb().boot && !machine.vdb().root);
        assert_false(machine.vda().boot);
    }
    machine.write("mountinfo", "21 1 252:0 / / rw - ext4 /dev/vda rw\n"
                               "22 21 252:16 / /bootable rw - vfat /dev/vdb rw\n");
    assert_false(machine.vdb().boot);
}

void volumes_and_arrays_make_their_disks_dynamic(void**) {
    Machine machine;
    machine.attach("dm-0", "253:0", "devices/virtual/block");
    machine.attribute("class/block/dm-0/dm/name", "vg0-data\n");
    machine.attribute("class/block/dm-0/dm/uuid", "LVM-abcd\n");
    machine.stack("dm-0", "vdb");
    machine.attach("md127", "9:127", "devices/virtual/block");
    machine.stack("md127", "nvme0n1");
    assert_true(machine.vdb().dynamic);
    assert_text_equal(machine.vdb().users.at(0), "logical volume vg0-data");
    assert_true(machine.nvme().dynamic);
    assert_text_equal(machine.nvme().users.at(1), "RAID array md127");
    assert_false(machine.vda().dynamic);
}

void a_medium_that_can_be_removed(void**) {
    Machine machine;
    machine.attribute("class/block/vdb/removable", "1\n");
    assert_true(machine.vdb().removable);
    machine.attribute("class/block/vda/removable", "0\n");
    assert_false(machine.vda().removable || machine.nvme().removable);
}

void a_disk_on_ata_or_usb(void**) {
    using daemon::Attachment;
    Machine machine;
    const std::string pci = "devices/pci0000:00/0000:00:1f.2/";
    machine.attach("sda", "8:0", pci + "ata3/host2/target2:0:0/2:0:0:0/block");
    machine.attach("sdb", "8:16", pci + "usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block");
    machine.attach("sdc", "8:32", pci + "host3/port-3:0/end_device-3:0/target3:0:0/3:0:0:0/block");
    machine.attach("sdd", "8:48", pci + "ata4/host4/target4:0:0/4:0:0:0/block");
    assert_true(machine.use("sda", {8, 0}).attachment == Attachment::Ata);
    assert_true(machine.use("sdb", {8, 16}).attachment == Attachment::Usb);
    assert_true(machine.use("sdc", {8, 32}).attachment == Attachment::Unknown);
    assert_true(machine.vda().attachment == Attachment::Unknown);
    // A map is where its paths are.
    machine.attach("dm-1", "253:1", "devices/virtual/block");
    machine.stack("dm-1", "sda");
    machine.stack("dm-1", "sdd");
    assert_true(machine.use("dm-1", {253, 1}).attachment == Attachment::Ata);
    machine.stack("dm-1", "sdb");
    assert_true(machine.use("dm-1", {253, 1}).attachment == Attachment::Unknown);
}

void crash_dumps_go_where_the_configuration_says(void**) {
    Machine machine;
    assert_false(machine.nvme().crash_dump); // no kernel waits for a crash
    machine.attribute("kernel/kexec_crash_loaded", "1\n");
    assert_false(machine.nvme().crash_dump); // nothing would write it
    machine.write("kdump-tools", "USE_KDUMP=1\n");
    assert_true(machine.nvme().crash_dump && !machine.vda().crash_dump);
    machine.write("kdump-tools", "KDUMP_COREDIR=/srv\n");
    assert_true(machine.vda().crash_dump && !machine.nvme().crash_dump);
    machine.write("kdump.conf", "raw /dev/vdb\n");
    assert_true(machine.vdb().crash_dump && !machine.vda().crash_dump);
    assert_text_equal(machine.vdb().users.at(0), "crash dumps to /dev/vdb");
    machine.link("nodes/disk/by-uuid/1234-abcd", "../../nvme0n1");
    machine.write("kdump.conf", "ext4 UUID=1234-abcd\n");
    assert_true(machine.nvme().crash_dump && !machine.vdb().crash_dump);
    machine.write("kdump.conf", "nfs server:/dumps\n");
    assert_false(machine.nvme().crash_dump || machine.vda().crash_dump);
}

void the_disks_that_are_not_scsi_are_listed(void**) {
    const Machine machine;
    SystemBlocks blocks({machine.root(), "/nonexistent", "", "", "", ""});
    const auto found = blocks.other_disks();
    assert_int_equal(found.size(), 3);
    assert_text_equal(found[0].ref.device, "nvme0n1");
    assert_text_equal(found[2].ref.device, "vdb");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_bus_of_the_system_is_that_of_the_root_file_system),
        cmocka_unit_test(a_file_that_is_swap_is_on_its_file_system),
        cmocka_unit_test(the_device_to_resume_from),
        cmocka_unit_test(what_is_mounted_to_boot_from),
        cmocka_unit_test(volumes_and_arrays_make_their_disks_dynamic),
        cmocka_unit_test(a_medium_that_can_be_removed),
        cmocka_unit_test(a_disk_on_ata_or_usb),
        cmocka_unit_test(crash_dumps_go_where_the_configuration_says),
        cmocka_unit_test(the_disks_that_are_not_scsi_are_listed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
