// SPDX-License-Identifier: LGPL-2.1-or-later
// What is read around disks and maps: places, modules, udev's queue.
#include "daemon/kernel/dm_control.hpp"
#include "daemon/kernel/multipath_driver.hpp"
#include "daemon/kernel/scsi_place.hpp"
#include "daemon/kernel/udev_queue.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/kernel/fake_sysfs.hpp"

#include <poll.h>

#include <cerrno>

using namespace mpapi;
using namespace mpapi::kernel;
using mpapi::kernel::test::FakeSysfs;

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += word + " ";
    return text;
}

void scsi_addresses_are_four_numbers(void**) {
    assert_true(parse_scsi_address("3:0:1:5") == (model::ScsiAddress{3, 0, 1, 5}));
    // LUNs are 64 bits (SAM-5 4.7), well-known ones start at C100h.
    assert_true(parse_scsi_address("3:0:1:18446744073709551615") ==
                (model::ScsiAddress{3, 0, 1, 18446744073709551615u}));
    for (const auto* text : {"", "3", "3:0:1", "3:0:1:", "3:0:1:5:6", "3:0:1:-5", "a:0:1:5",
                             "3:0:1:18446744073709551616", "4294967296:0:1:5", "3:0:1:5 "})
        if (parse_scsi_address(text)) fail_msg("'%s' was taken for an address", text);
    assert_text_equal(to_string(model::ScsiAddress{3, 0, 1, 5}), "3:0:1:5");
}

void a_place_needs_a_host_above_the_device(void**) {
    assert_false(parse_scsi_place("devices/0:0:0:0/block/sda").has_value());
    assert_false(parse_scsi_place("devices/virtual/block/loop0").has_value());
    assert_false(parse_scsi_place("").has_value());
    // PCI addresses have colons too.
    const auto place = parse_scsi_place(
        "devices/pci0000:00/0000:00:05.0/host7/rport-7:0-3/target7:0:2/7:0:2:1/block/sdq");
    assert_true(place.has_value());
    assert_text_equal(place->remote_port, "rport-7:0-3");
    assert_true(place->address == (model::ScsiAddress{7, 0, 2, 1}));
}

void a_link_is_followed_relative_to_where_it_stands(void**) {
    FakeSysfs fake;
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    assert_text_equal(fake.sysfs().link("class/block/sdc").value_or(""),
                      "devices/pci0000:00/0000:00:05.0/host2/target2:0:1/2:0:1:5/block/sdc");
    assert_false(fake.sysfs().link("class/block/sdd").has_value());
    assert_false(fake.sysfs().link("class/block").has_value());
}

void attributes_that_are_no_numbers_are_none(void**) {
    FakeSysfs fake;
    fake.attribute("n", "42\n");
    fake.attribute("hex", "0x2a\n");
    fake.attribute("empty", "\n");
    fake.attribute("big", "18446744073709551616\n");
    const auto sysfs = fake.sysfs();
    assert_true(sysfs.number("n") == 42u);
    assert_false(sysfs.number("hex").has_value());
    assert_false(sysfs.number("empty").has_value());
    assert_false(sysfs.number("big").has_value());
    assert_false(sysfs.number("missing").has_value());
    assert_text_equal(sysfs.text("empty").value_or("?"), "");
}

void selectors_are_those_loaded_built_in_or_loadable(void**) {
    FakeSysfs fake;
    fake.folder("module/dm_round_robin");
    fake.attribute(
        "lib/modules.dep",
        "kernel/drivers/md/dm-multipath.ko.xz: kernel/drivers/md/dm-mod.ko.xz\n"
        "kernel/drivers/md/dm-service-time.ko.xz: kernel/drivers/md/dm-multipath.ko.xz\n");
    fake.attribute("lib/modules.builtin", "kernel/drivers/md/dm-queue-length.ko\n");
    const auto lib = fake.root() + "/lib";
    assert_text_equal(joined(find_selectors(fake.sysfs(), lib)),
                      "round-robin queue-length service-time ");
    assert_text_equal(joined(find_selectors(fake.sysfs(), "/nowhere")), "round-robin ");
}

void a_module_is_named_by_its_own_line_only(void**) {
    const auto* content = "kernel/a/dm-x.ko: kernel/a/dm-y.ko.zst\n";
    assert_true(names_module(content, "dm_x"));
    assert_true(names_module(content, "dm-x"));
    assert_false(names_module(content, "dm_y"));
    assert_false(names_module(content, "x"));
    assert_false(names_module("", "dm_x"));
    assert_true(names_module("dm-x.ko", "dm_x"));
}

void udevs_queue_is_its_file(void**) {
    FakeSysfs fake;
    fake.folder("run");
    UdevQueue queue(fake.root() + "/run");
    assert_true(queue.empty());
    fake.attribute("run/queue", "");
    assert_false(queue.empty());
    assert_ok(queue.watch());
    pollfd waiting{queue.descriptor(), POLLIN, 0};
    assert_int_equal(poll(&waiting, 1, 0), 0);
    fake.vanishes("run/queue");
    assert_int_equal(poll(&waiting, 1, 5000), 1);
    assert_true(queue.empty());
    queue.drain();
    assert_int_equal(poll(&waiting, 1, 0), 0);
}

void without_udev_there_is_no_queue(void**) {
    FakeSysfs fake;
    UdevQueue queue(fake.root() + "/run");
    assert_true(queue.empty());
    assert_ok(queue.watch());
}

void a_kernel_without_device_mapper_says_so(void**) {
    FakeSysfs fake;
    const auto control = DmControl::open(fake.root() + "/mapper/control");
    assert_false(control.has_value());
    assert_text_equal(control.error().message(), "no device-mapper in this kernel: open " +
                                                     fake.root() +
                                                     "/mapper/control: No such file or directory");
}

void what_is_no_control_node_cannot_be_armed(void**) {
    FakeSysfs fake;
    fake.attribute("control", "");
    auto control = DmControl::open(fake.root() + "/control");
    assert_ok(control);
    const auto armed = control->arm();
    assert_false(armed.has_value());
    assert_int_equal(armed.error().errnum, ENOTTY);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(scsi_addresses_are_four_numbers),
        cmocka_unit_test(a_place_needs_a_host_above_the_device),
        cmocka_unit_test(a_link_is_followed_relative_to_where_it_stands),
        cmocka_unit_test(attributes_that_are_no_numbers_are_none),
        cmocka_unit_test(selectors_are_those_loaded_built_in_or_loadable),
        cmocka_unit_test(a_module_is_named_by_its_own_line_only),
        cmocka_unit_test(udevs_queue_is_its_file),
        cmocka_unit_test(without_udev_there_is_no_queue),
        cmocka_unit_test(a_kernel_without_device_mapper_says_so),
        cmocka_unit_test(what_is_no_control_node_cannot_be_armed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
