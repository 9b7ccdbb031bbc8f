// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/policy.hpp"
#include "tests/unit/cmocka.hpp"

#include <memory>

using namespace mpapi;
using namespace mpapi::multipathd;
using multipath_conf::ConfFile;
using multipath_conf::ManagerState;

namespace {

ConfFile read(std::string name, std::string_view text) {
    auto file = multipath_conf::parse(std::move(name), text);
    assert_ok(file);
    return *std::move(file);
}

constexpr const char* shown = "defaults {\n"
                              "polling_interval 5\nfind_multipaths \"strict\"\n"
                              "path_checker \"tur\"\nuid_attribute \"ID_SERIAL\"\n"
                              "}\n"
                              "blacklist {\n"
                              "devnode \"!^(sd[a-z]|dasd[a-z]|nvme[0-9])\"\n"
                              "wwid \"36001405bad\"\nprotocol \"scsi:ata\"\n"
                              "}\n"
                              "blacklist_exceptions {\n"
                              "property \"(SCSI_IDENT_|ID_WWN)\"\n"
                              "}\n"
                              "devices {\ndevice {\nvendor \"LIO-ORG\"\nproduct \".*\"\n"
                              "no_path_retry 12\nhardware_handler \"1 alua\"\n}\n}\n"
                              "multipaths {\nmultipath {\nwwid \"36001405own\"\nalias \"mine\"\n"
                              "}\n}\n";

constexpr const char* written = "blacklist {\n  wwid 36001405bad\n}\n"
                                "devices {\n  device {\n    vendor \"LIO-ORG\"\n"
                                "    product \".*\"\n    no_path_retry 12\n  }\n}\n"
                                "multipaths {\n  multipath {\n    wwid 36001405own\n"
                                "    alias mine\n  }\n}\n";

MultipathdPolicy running() {
    MultipathdPolicy policy;
    policy.set_configuration({read("/etc/multipath.conf", written)}, read("show config", shown));
    return policy;
}

model::LogicalUnit unit(const std::string& wwid, const std::string& vendor = "LIO-ORG ") {
    model::LogicalUnit unit;
    unit.uuid = "mpath-" + wwid;
    unit.vendor = vendor;
    unit.product = "disk0           ";
    unit.revision = "4.0 ";
    unit.selector = "service-time";
    return unit;
}

const model::Setting& setting(const model::Shared<std::vector<model::Setting>>& settings,
                              std::string_view name) {
    assert_true(static_cast<bool>(settings));
    for (const auto& one : *settings)
        if (one.name == name) return one;
    fail_msg("there is no %s", std::string(name).c_str());
    std::abort();
}

void settings_say_value_section_file_and_line(void**) {
    auto policy = running();
    const auto settings = policy.settings(unit("36001405a"), model::Transport::Iscsi);
    const auto& retry = setting(settings, "no_path_retry");
    assert_text_equal(retry.value, "12");
    assert_text_equal(retry.section, "devices/device \"LIO-ORG\" \".*\"");
    assert_text_equal(retry.file, "/etc/multipath.conf");
    assert_int_equal(retry.line, 8);
    assert_text_equal(setting(settings, "path_checker").section, "built-in");
    assert_text_equal(setting(settings, "path_checker").file, "");
    assert_text_equal(setting(settings, "hardware_handler").section,
                      "built-in devices/device \"LIO-ORG\" \".*\"");
}

void maps_of_one_kind_share_one_list(void**) {
    auto policy = running();
    const auto a = policy.settings(unit("36001405a"), model::Transport::Iscsi);
    const auto b = policy.settings(unit("36001405b"), model::Transport::Iscsi);
    assert_ptr_equal(a.get(), b.get());
    const auto other = policy.settings(unit("36001405c", "ACME"), model::Transport::Iscsi);
    assert_ptr_not_equal(a.get(), other.get());
    for (int i = 0; i < 1000; ++i) // what devices say is not remembered without end
        policy.settings(unit("x", "V" + std::to_string(i)), model::Transport::Iscsi);
    assert_true(policy.settings(unit("36001405a"), model::Transport::Iscsi) == a);
}

void a_map_that_a_section_names_has_its_own(void**) {
    auto policy = running();
    const auto own = policy.settings(unit("36001405own"), model::Transport::Iscsi);
    const auto& alias = setting(own, "alias");
    assert_text_equal(alias.value, "mine");
    assert_text_equal(alias.section, "multipaths/multipath 36001405own");
    assert_int_equal(alias.line, 14);
    assert_ptr_equal(policy.settings(unit("36001405own"), model::Transport::Iscsi).get(),
                     own.get());
    const auto other = policy.settings(unit("36001405a"), model::Transport::Iscsi);
    for (const auto& one : *other)
        assert_true(one.name != "alias");
}

void a_map_of_others_has_the_settings_of_its_table(void**) {
    auto policy = running();
    auto by_hand = unit("36001405a");
    by_hand.uuid = "hand-made";
    const auto settings = policy.settings(by_hand, model::Transport::Iscsi);
    assert_text_equal(setting(settings, "path_selector").section, "table");
}

void without_multipathd_the_table_speaks(void**) {
    auto policy = running();
    policy.set_not_running(ManagerState::Stopped, "multipathd.service is inactive");
    const auto settings = policy.settings(unit("36001405own"), model::Transport::Iscsi);
    assert_text_equal(setting(settings, "path_selector").section, "table");
}

struct Disk {
    Disk() {
        disk.device = "sdb";
        disk.vendor = "LIO-ORG ";
        disk.product = "disk0           ";
        disk.transport = model::Transport::Iscsi;
        udev.serial = "36001405a";
        udev.bus = "scsi";
        udev.property_names = std::make_shared<const std::vector<std::string>>(
            std::vector<std::string>{"DEVTYPE", "ID_SERIAL", "ID_WWN"});
    }
    MultipathdPolicy::Exclusion of(MultipathdPolicy& policy) const {
        return policy.exclusion({disk, {}, holders, others_of_unit, device_type, &udev});
    }
    model::Disk disk;
    daemon::UdevFacts udev;
    std::vector<std::string> holders;
    bool others_of_unit = false;
    std::uint8_t device_type = 0;
};

void expect(const MultipathdPolicy::Exclusion& exclusion, const char* reason,
            std::string_view part) {
    if (exclusion.reason != reason || exclusion.detail.find(part) == std::string::npos)
        fail_msg("got %s: \"%s\", expected %s: \"...%s...\"", exclusion.reason.c_str(),
                 exclusion.detail.c_str(), reason, std::string(part).c_str());
}

void exclusion_names_the_rule_and_its_place(void**) {
    auto policy = running();
    Disk disk;
    disk.udev.serial = "36001405bad";
    expect(disk.of(policy), "wwid-blacklisted", "\"36001405bad\" (/etc/multipath.conf:2)");
    disk = Disk();
    disk.disk.transport = model::Transport::Unknown;
    disk.udev.bus = "ata";
    expect(disk.of(policy), "protocol-blacklisted", "\"scsi:ata\" (built-in)");
}

void exclusion_uses_the_facts_of_udev_and_multipathd(void**) {
    auto policy = running();
    Disk disk;
    policy.set_wwids(MultipathdPolicy::Wwids{}, {});
    expect(disk.of(policy), "not-in-wwids-file", "36001405a");
    policy.set_wwids(MultipathdPolicy::Wwids{"36001405a"}, {"36001405a"});
    expect(disk.of(policy), "map-failed", "36001405a");
    policy.set_wwids(MultipathdPolicy::Wwids{"36001405a"}, {});
    disk.holders = {"dm-3"};
    expect(disk.of(policy), "in-use", "dm-3");
    disk.holders.clear();
    policy.set_devices({{"sdb", multipath_conf::WatchState::Monitored}});
    expect(disk.of(policy), "unknown", "watches sdb");
    disk.udev.serial.clear();
    expect(disk.of(policy), "no-wwid", "udev has read none");
    disk.device_type = 5;
    expect(disk.of(policy), "not-a-disk", "5");
}

void a_manager_that_does_not_run_is_the_reason(void**) {
    auto policy = running();
    const Disk disk;
    policy.set_not_running(ManagerState::Stopped, "multipathd.service is inactive");
    expect(disk.of(policy), "no-manager", "multipathd.service is inactive");
    policy.set_not_running(ManagerState::Unknown, "there is no system bus");
    expect(disk.of(policy), "manager-unknown", "there is no system bus");
    policy.set_disabled_on_command_line(true);
    expect(disk.of(policy), "disabled-on-command-line", "command line");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(settings_say_value_section_file_and_line),
        cmocka_unit_test(maps_of_one_kind_share_one_list),
        cmocka_unit_test(a_map_that_a_section_names_has_its_own),
        cmocka_unit_test(a_map_of_others_has_the_settings_of_its_table),
        cmocka_unit_test(without_multipathd_the_table_speaks),
        cmocka_unit_test(exclusion_names_the_rule_and_its_place),
        cmocka_unit_test(exclusion_uses_the_facts_of_udev_and_multipathd),
        cmocka_unit_test(a_manager_that_does_not_run_is_the_reason),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
