// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/exclusion.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::multipath_conf;

namespace {

ConfFile read(std::string name, std::string_view text) {
    auto file = parse(std::move(name), text);
    assert_ok(file);
    return std::move(*file);
}

std::shared_ptr<const std::vector<std::string>> names(std::vector<std::string> list) {
    return std::make_shared<const std::vector<std::string>>(std::move(list));
}

// A path that multipathd would take: an iSCSI disk of LIO, two of them.
DiskFacts good_disk() {
    DiskFacts disk;
    disk.name = "sdb";
    disk.device_type = 0;
    disk.vendor = "LIO-ORG";
    disk.product = "disk0";
    disk.wwid = "36001405";
    disk.protocol = "scsi:iscsi";
    disk.property_names = names({"DEVTYPE", "ID_SERIAL", "SCSI_IDENT_SERIAL"});
    disk.paths = 2;
    return disk;
}

ManagerFacts running(std::string_view more = "") {
    ManagerFacts manager;
    manager.state = ManagerState::Running;
    manager.shown = read("show config", "defaults {\n"
                                        "find_multipaths \"on\"\nallow_usb_devices \"no\"\n"
                                        "uid_attribute \"ID_SERIAL\"\n"
                                        "}\n"
                                        "blacklist {\n"
                                        "devnode \"!^(sd[a-z]|dasd[a-z]|nvme[0-9])\"\n"
                                        "}\n"
                                        "blacklist_exceptions {\n"
                                        "property \"(SCSI_IDENT_|ID_WWN)\"\n"
                                        "}\n" +
                                            std::string(more));
    manager.files = {read("/etc/multipath.conf", more)};
    return manager;
}

void expect(const DiskFacts& disk, const ManagerFacts& manager, ExclusionReason reason,
            std::string_view part) {
    const Exclusion exclusion = why_in_no_map(disk, manager);
    if (exclusion.reason != reason || exclusion.sentence.find(part) == std::string::npos)
        fail_msg("got %s: \"%s\", expected %s: \"...%s...\"",
                 std::string(to_string(exclusion.reason)).c_str(), exclusion.sentence.c_str(),
                 std::string(to_string(reason)).c_str(), std::string(part).c_str());
}

using Reason = ExclusionReason;

void a_disk_that_nothing_excludes_is_unknown(void**) {
    expect(good_disk(), running(), Reason::Unknown, "No rule");
    ManagerFacts manager = running();
    manager.devices = parse_show_devices("available block devices:\n"
                                         "    sdb  devnode whitelisted, monitored\n");
    expect(good_disk(), manager, Reason::Unknown, "watches sdb");
}

void what_can_be_no_path_is_told_before_anything_else(void**) {
    ManagerFacts stopped;
    stopped.state = ManagerState::Stopped;
    DiskFacts disk = good_disk();
    disk.device_type = 5;
    expect(disk, stopped, Reason::NotADisk, "peripheral device type 5");
    disk = good_disk();
    disk.partition = true;
    expect(disk, stopped, Reason::NotADisk, "partition");
    disk = good_disk();
    disk.name = "vda";
    disk.device_type.reset();
    expect(disk, stopped, Reason::NotScsi, "vda");
}

void a_stopped_or_unknown_manager_is_told(void**) {
    ManagerFacts manager;
    expect(good_disk(), manager, Reason::ManagerUnknown, "not known");
    manager.state = ManagerState::Stopped;
    manager.state_reason = "multipathd.service is inactive";
    expect(good_disk(), manager, Reason::NoManager, "(multipathd.service is inactive)");
    manager.disabled_on_command_line = true;
    expect(good_disk(), manager, Reason::DisabledOnCommandLine, "command line");
}

void rules_are_named_with_their_place(void**) {
    expect(good_disk(), running("blacklist {\n devnode \"^sdb$\"\n}\n"), Reason::DevnodeBlacklisted,
           "devnode rule \"^sdb$\" (/etc/multipath.conf:2)");
    expect(good_disk(), running("blacklist {\n wwid 3600\n}\n"), Reason::WwidBlacklisted,
           "wwid rule \"3600\" (/etc/multipath.conf:2)");
    expect(good_disk(), running("blacklist {\n protocol \"scsi:iscsi\"\n}\n"),
           Reason::ProtocolBlacklisted, "protocol rule");
    expect(good_disk(), running("blacklist {\n property ID_SERIAL\n}\n"),
           Reason::PropertyBlacklisted, "udev property ID_SERIAL");
    expect(good_disk(), running("blacklist {\n device {\n vendor \"^LIO\"\n product disk\n }\n}\n"),
           Reason::DeviceBlacklisted, "vendor \"^LIO\", product \"disk\" (/etc/multipath.conf:2)");
    ManagerFacts manager = running("blacklist {\n devnode \"^sdb$\"\n}\n");
    manager.files.clear();
    expect(good_disk(), manager, Reason::DevnodeBlacklisted, "(built-in)");
}

void the_first_kind_of_rule_decides(void**) {
    expect(good_disk(), running("blacklist {\n wwid .*\n devnode .*\n}\n"),
           Reason::DevnodeBlacklisted, "devnode");
}

void an_exception_beats_a_rule_of_its_kind_only(void**) {
    expect(good_disk(),
           running("blacklist {\n wwid .*\n}\nblacklist_exceptions {\n wwid 36001405\n}\n"),
           Reason::Unknown, "No rule");
    expect(good_disk(),
           running("blacklist {\n devnode .*\n}\nblacklist_exceptions {\n wwid 36001405\n}\n"),
           Reason::DevnodeBlacklisted, "devnode");
    DiskFacts virtio = good_disk();
    virtio.name = "vda";
    expect(virtio, running("blacklist_exceptions {\n devnode \"^vda$\"\n}\n"), Reason::Unknown,
           "No rule");
}

void the_first_property_on_a_list_decides(void**) {
    DiskFacts disk = good_disk();
    const auto manager = running("blacklist {\n property ID_ATA\n}\n");
    disk.property_names = names({"ID_ATA", "ID_SERIAL", "ID_WWN"});
    expect(disk, manager, Reason::PropertyBlacklisted, "ID_ATA");
    disk.property_names = names({"ID_WWN", "ID_SERIAL", "ID_ATA"});
    expect(disk, manager, Reason::Unknown, "No rule");
}

void a_disk_without_a_listed_property_is_excluded_if_udev_has_read_it(void**) {
    DiskFacts disk = good_disk();
    disk.property_names = names({"ID_SERIAL"});
    expect(disk, running(), Reason::PropertyMissing, "SCSI_IDENT_");
    disk.property_names = nullptr;
    expect(disk, running(), Reason::Unknown, "No rule");
    disk.wwid.clear();
    expect(disk, running(), Reason::NoWwid, "no WWID");
}

void a_usb_disk_needs_to_be_allowed(void**) {
    DiskFacts disk = good_disk();
    disk.usb = true;
    expect(disk, running(), Reason::UsbNotAllowed, "allow_usb_devices");
}

ManagerFacts finding(std::string_view mode) {
    ManagerFacts manager = running();
    manager.shown->sections[0].attributes[0].value = mode;
    return manager;
}

void find_multipaths_decides_by_number_of_paths(void**) {
    DiskFacts disk = good_disk();
    disk.paths = 1;
    expect(disk, finding("on"), Reason::OnlyOnePath, "only one path to 36001405");
    expect(disk, finding("yes"), Reason::OnlyOnePath, "");
    expect(disk, finding("smart"), Reason::OnlyOnePath, "smart");
    expect(disk, finding("greedy"), Reason::Unknown, "");
    expect(disk, finding("off"), Reason::Unknown, "");
    disk.in_wwids_file = true;
    expect(disk, finding("on"), Reason::Unknown, "");
    disk.in_wwids_file.reset();
    disk.waiting = true;
    expect(disk, finding("smart"), Reason::WaitingForPaths, "waits");
}

void find_multipaths_strict_asks_for_the_wwids_file(void**) {
    DiskFacts disk = good_disk();
    expect(disk, finding("strict"), Reason::Unknown, "");
    disk.in_wwids_file = false;
    expect(disk, finding("strict"), Reason::NotInWwidsFile, "wwids file");
    disk.in_wwids_file = true;
    expect(disk, finding("strict"), Reason::Unknown, "");
}

void a_disk_in_use_names_its_users(void**) {
    DiskFacts disk = good_disk();
    disk.users = {"the file system on /boot", "dm-3 (vg0-root)"};
    expect(disk, running(), Reason::InUse, "the file system on /boot, dm-3 (vg0-root)");
    disk.map_failed = true;
    expect(disk, running(), Reason::MapFailed, "in use by the file system");
}

void the_words_of_show_devices_help_without_a_configuration(void**) {
    ManagerFacts manager;
    manager.state = ManagerState::Running;
    const auto say = [&](std::string_view status) {
        manager.devices = parse_show_devices("available block devices:\n    sdb " +
                                             std::string(status) + "\n    sr0 x y\n");
    };
    say("devnode blacklisted, unmonitored");
    expect(good_disk(), manager, Reason::DevnodeBlacklisted, "devnode rule");
    say("hidden, unmonitored");
    expect(good_disk(), manager, Reason::NotADisk, "hidden");
    say("foreign, monitored");
    expect(good_disk(), manager, Reason::NativeMultipath, "NVMe");
    say("something new");
    expect(good_disk(), manager, Reason::Unknown, "");
}

void hostile_replies_to_show_devices_are_skipped(void**) {
    assert_true(parse_show_devices("").empty());
    assert_true(parse_show_devices("\n\n   \n    sda\n").empty());
    assert_int_equal(parse_show_devices(" sda x").size(), 1);
    std::string many;
    for (int i = 0; i < 70000; ++i)
        many += " d" + std::to_string(i) + " x\n";
    assert_int_equal(parse_show_devices(many).size(), 65536);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_nothing_excludes_is_unknown),
        cmocka_unit_test(what_can_be_no_path_is_told_before_anything_else),
        cmocka_unit_test(a_stopped_or_unknown_manager_is_told),
        cmocka_unit_test(rules_are_named_with_their_place),
        cmocka_unit_test(the_first_kind_of_rule_decides),
        cmocka_unit_test(an_exception_beats_a_rule_of_its_kind_only),
        cmocka_unit_test(the_first_property_on_a_list_decides),
        cmocka_unit_test(a_disk_without_a_listed_property_is_excluded_if_udev_has_read_it),
        cmocka_unit_test(a_usb_disk_needs_to_be_allowed),
        cmocka_unit_test(find_multipaths_decides_by_number_of_paths),
        cmocka_unit_test(find_multipaths_strict_asks_for_the_wwids_file),
        cmocka_unit_test(a_disk_in_use_names_its_users),
        cmocka_unit_test(the_words_of_show_devices_help_without_a_configuration),
        cmocka_unit_test(hostile_replies_to_show_devices_are_skipped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
