// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/disk_book.hpp"
#include "daemon/kernel/disk_reader.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/kernel/fake_sysfs.hpp"

#include <sstream>

using namespace mpapi;
using namespace mpapi::kernel;
using mpapi::kernel::test::FakeSysfs;

namespace {

// Writes down what it is told, a line each.
class Recorder final : public daemon::HardwareObserver {
  public:
    void disk_present(const daemon::DiskFacts& disk) override {
        last = disk;
        lines << "present " << disk.device << " " << to_string(disk.address) << "\n";
    }
    void disk_gone(const std::string& device) override { lines << "gone " << device << "\n"; }
    void map_present(const daemon::MapFacts&) override {}
    void map_gone(model::DeviceNumber) override {}
    void access_state_changed(const std::string&, std::chrono::steady_clock::time_point) override {}
    void inquiry_data_changed(const std::string&) override {}
    void enumerated() override {}
    void device_mapper_state(const std::string&) override {}
    void udev_state(const std::string&) override {}

    std::string told() {
        auto text = lines.str();
        lines.str("");
        return text;
    }

    daemon::DiskFacts last;

  private:
    std::ostringstream lines;
};

daemon::DiskFacts read_one(const FakeSysfs& fake, const std::string& name) {
    const auto sysfs = fake.sysfs();
    PortBook ports(sysfs);
    const auto disk = read_disk(sysfs, ports, name);
    if (!disk) fail_msg("%s cannot be read", name.c_str());
    return *disk;
}

void a_disk_without_a_transport_is_named_by_its_scsi_host(void**) {
    FakeSysfs fake;
    fake.host("host2", "tcm_loopback");
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    fake.page_83h(std::string("\0\x83\0\0", 4));
    fake.holder("dm-0");

    const auto disk = read_one(fake, "sdc");
    assert_text_equal(disk.device, "sdc");
    assert_int_equal(disk.number.major, 8);
    assert_int_equal(disk.number.minor, 32);
    assert_text_equal(to_string(disk.address), "2:0:1:5");
    assert_int_equal(disk.size, 32768 * 512);
    assert_text_equal(disk.vendor, "LIO-ORG");
    assert_text_equal(disk.product, "RAMDISK-MCP");
    assert_text_equal(disk.revision, "4.0");
    assert_true(disk.state == model::DeviceState::Running);
    assert_int_equal(disk.device_identification.size(), 4);
    assert_int_equal(disk.device_identification[1], 0x83);
    assert_int_equal(disk.holders.size(), 1);
    assert_text_equal(disk.holders[0], "dm-0");
    assert_text_equal(disk.initiator_port->port_id, "host2");
    assert_text_equal(disk.initiator_port->device_file, "/sys/class/scsi_host/host2");
    assert_text_equal(disk.initiator_port->friendly_name, "host2 (tcm_loopback)");
    assert_text_equal(disk.target_port->port_id, "2:0:1");
    assert_true(disk.target_port->transport == model::Transport::Unknown);
}

void fibre_channel_ports_are_their_port_names(void**) {
    FakeSysfs fake;
    fake.fc_host("host3", "0x2100000E1E09A4C0");
    fake.remote_port("rport-3:0-1", "0x500a098200016e01");
    fake.disk_appears("sdd", "8:48", "3:0:1:0", "rport-3:0-1");

    const auto disk = read_one(fake, "sdd");
    assert_text_equal(disk.initiator_port->port_id, "2100000e1e09a4c0");
    assert_text_equal(disk.initiator_port->device_file, "/sys/class/fc_host/host3");
    assert_text_equal(disk.initiator_port->friendly_name, "host3 (qla2xxx)");
    assert_true(disk.initiator_port->transport == model::Transport::FibreChannel);
    assert_text_equal(disk.target_port->port_id, "500a098200016e01");
    assert_true(disk.target_port->transport == model::Transport::FibreChannel);
}

void a_port_name_that_is_none_falls_back_to_the_address(void**) {
    FakeSysfs fake;
    fake.fc_host("host3", "0x0000000000000000");
    fake.remote_port("rport-3:0-1", "unknown");
    fake.disk_appears("sdd", "8:48", "3:0:1:0", "rport-3:0-1");

    const auto disk = read_one(fake, "sdd");
    assert_text_equal(disk.initiator_port->port_id, "host3");
    assert_text_equal(disk.target_port->port_id, "3:0:1");
    assert_true(disk.target_port->transport == model::Transport::FibreChannel);
}

void iscsi_ports_are_names_with_isid_and_portal_group_tag(void**) {
    FakeSysfs fake;
    fake.host("host4", "iscsi_tcp");
    fake.session("session18", "iqn.2026-01.org.example:a", "iqn.2026-01.org.example:array", "258");
    fake.disk_appears("sde", "8:64", "4:0:0:1", "session18");

    const auto disk = read_one(fake, "sde");
    assert_text_equal(disk.initiator_port->port_id, "iqn.2026-01.org.example:a,00023d000012");
    assert_true(disk.initiator_port->transport == model::Transport::Iscsi);
    assert_text_equal(disk.target_port->port_id, "iqn.2026-01.org.example:array,t,0x0102");
}

void an_isid_that_the_driver_tells_is_taken(void**) {
    FakeSysfs fake;
    fake.host("host4", "qla4xxx");
    fake.session("session18", "(null)", "iqn.2026-01.org.example:array", "1");
    fake.attribute("class/iscsi_session/session18/isid", "00c0dd180001\n");
    fake.attribute("class/iscsi_host/host4/initiatorname", "iqn.2026-01.org.example:hba\n");
    fake.disk_appears("sde", "8:64", "4:0:0:1", "session18");

    assert_text_equal(read_one(fake, "sde").initiator_port->port_id,
                      "iqn.2026-01.org.example:hba,00c0dd180001");
}

void sas_ports_are_addresses_also_behind_an_expander(void**) {
    FakeSysfs fake;
    fake.host("host0", "mpt3sas");
    fake.folder("class/sas_port/port-0:0/device/phy-0:0");
    fake.attribute("class/sas_phy/phy-0:0/sas_address", "0x500605b00aaaaaaa\n");
    fake.attribute("class/sas_device/end_device-0:0:3/sas_address", "0x5000c500bbbbbbbb\n");
    fake.disk_appears("sdb", "8:16", "0:0:3:0",
                      "port-0:0/expander-0:0/port-0:0:3/end_device-0:0:3");

    const auto disk = read_one(fake, "sdb");
    assert_text_equal(disk.initiator_port->port_id, "500605b00aaaaaaa");
    assert_true(disk.initiator_port->transport == model::Transport::Sas);
    assert_text_equal(disk.target_port->port_id, "5000c500bbbbbbbb");
    assert_true(disk.target_port->transport == model::Transport::Sas);
}

void disks_behind_one_port_share_its_object(void**) {
    FakeSysfs fake;
    fake.fc_host("host3", "0x2100000e1e09a4c0");
    fake.remote_port("rport-3:0-1", "0x500a098200016e01");
    fake.disk_appears("sdd", "8:48", "3:0:1:0", "rport-3:0-1");
    fake.disk_appears("sde", "8:64", "3:0:1:1", "rport-3:0-1");
    const auto sysfs = fake.sysfs();
    PortBook ports(sysfs);
    const auto first = read_disk(sysfs, ports, "sdd");
    // Not read again: what is there now is not seen.
    fake.vanishes("class/fc_host/host3");
    fake.vanishes("class/fc_remote_ports/rport-3:0-1");
    const auto second = read_disk(sysfs, ports, "sde");
    assert_true(first && second);
    assert_ptr_equal(first->initiator_port.get(), second->initiator_port.get());
    assert_ptr_equal(first->target_port.get(), second->target_port.get());
}

void distrusted_ports_are_read_again_and_stay_the_same_object_if_unchanged(void**) {
    FakeSysfs fake;
    fake.session("session1", "iqn.2026-01.org.example:a", "iqn.2026-01.org.example:array", "1");
    fake.disk_appears("sdd", "8:48", "4:0:0:0", "session1");
    const auto sysfs = fake.sysfs();
    PortBook ports(sysfs);
    const auto before = read_disk(sysfs, ports, "sdd");
    ports.distrust();
    const auto same = read_disk(sysfs, ports, "sdd");
    assert_ptr_equal(before->target_port.get(), same->target_port.get());

    fake.session("session1", "iqn.2026-01.org.example:a", "iqn.2026-01.org.example:array", "2");
    ports.distrust();
    const auto moved = read_disk(sysfs, ports, "sdd");
    assert_text_equal(moved->target_port->port_id, "iqn.2026-01.org.example:array,t,0x0002");
    assert_text_equal(before->target_port->port_id, "iqn.2026-01.org.example:array,t,0x0001");
}

void what_sits_on_a_partition_sits_on_the_disk(void**) {
    FakeSysfs fake;
    fake.disk_appears("sda", "8:0", "0:0:0:0");
    fake.holder_of_partition("sda1", "dm-4");
    fake.holder_of_partition("sda2", "md0");
    fake.holder("dm-4");
    const auto disk = read_one(fake, "sda");
    assert_int_equal(disk.holders.size(), 2);
    assert_text_equal(disk.holders[0], "dm-4");
    assert_text_equal(disk.holders[1], "md0");
}

void a_disk_that_is_no_scsi_device_is_not_one_of_ours(void**) {
    FakeSysfs fake;
    fake.attribute("devices/virtual/block/sdx/dev", "8:0\n");
    const auto sysfs = fake.sysfs();
    PortBook ports(sysfs);
    assert_false(read_disk(sysfs, ports, "sdx").has_value());
    assert_false(read_disk(sysfs, ports, "nothing").has_value());
}

void a_disk_that_vanishes_while_it_is_read_is_gone(void**) {
    FakeSysfs fake;
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    fake.vanishes("devices/pci0000:00/0000:00:05.0/host2"); // the link in the class remains
    const auto sysfs = fake.sysfs();
    PortBook ports(sysfs);
    assert_false(read_disk(sysfs, ports, "sdc").has_value());
    assert_true(read_device_state(sysfs, "sdc") == model::DeviceState::Unknown);
}

void every_state_of_the_kernel_has_a_meaning(void**) {
    using model::DeviceState;
    assert_true(parse_device_state("running") == DeviceState::Running);
    assert_true(parse_device_state("offline") == DeviceState::Offline);
    assert_true(parse_device_state("transport-offline") == DeviceState::TransportOffline);
    assert_true(parse_device_state("blocked") == DeviceState::Blocked);
    assert_true(parse_device_state("created-blocked") == DeviceState::Blocked);
    assert_true(parse_device_state("quiesce") == DeviceState::Quiesced);
    assert_true(parse_device_state("cancel") == DeviceState::Removing);
    assert_true(parse_device_state("deleted") == DeviceState::Removing);
    assert_true(parse_device_state("created") == DeviceState::Unknown);
}

void the_observer_hears_of_a_disk_only_when_something_is_new(void**) {
    FakeSysfs fake;
    Recorder observer;
    const auto sysfs = fake.sysfs();
    DiskBook book(sysfs, observer);
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    book.look_at("sdc", std::nullopt);
    assert_text_equal(observer.told(), "present sdc 2:0:1:5\n");
    book.look_at("sdc", std::nullopt);
    assert_text_equal(observer.told(), "");

    book.look_at("sdc", true);
    assert_text_equal(observer.told(), "present sdc 2:0:1:5\n");
    assert_true(observer.last.multipath_member == true);

    fake.holder("dm-1");
    book.look_again("sdc"); // udev's word is kept
    assert_text_equal(observer.told(), "present sdc 2:0:1:5\n");
    assert_true(observer.last.multipath_member == true);
    assert_int_equal(book.devices_under("dm-1").size(), 1);

    fake.state("offline");
    book.look_at_states();
    assert_text_equal(observer.told(), "present sdc 2:0:1:5\n");
    assert_true(observer.last.state == model::DeviceState::Offline);
    book.look_at_states();
    assert_text_equal(observer.told(), "");
}

void a_name_given_to_another_device_is_told_as_gone_and_present(void**) {
    FakeSysfs fake;
    Recorder observer;
    const auto sysfs = fake.sysfs();
    DiskBook book(sysfs, observer);
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    book.look_at("sdc", std::nullopt);
    fake.disk_vanishes("sdc");
    fake.disk_appears("sdc", "8:32", "3:0:0:0");
    observer.told();
    book.look_at("sdc", std::nullopt);
    assert_text_equal(observer.told(), "gone sdc\npresent sdc 3:0:0:0\n");
    assert_text_equal(book.device_at({3, 0, 0, 0}), "sdc");
    assert_text_equal(book.device_at({2, 0, 1, 5}), "");
    assert_text_equal(book.device_with({8, 32}), "sdc");
}

void a_disk_that_goes_is_told_once_and_leaves_no_trace(void**) {
    FakeSysfs fake;
    Recorder observer;
    const auto sysfs = fake.sysfs();
    DiskBook book(sysfs, observer);
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    book.look_at("sdc", std::nullopt);
    fake.disk_vanishes("sdc");
    observer.told();
    book.look_at("sdc", std::nullopt); // an event that is late
    book.gone("sdc");
    book.look_again("sdc");
    book.look_at_state("sdc");
    assert_text_equal(observer.told(), "gone sdc\n");
    assert_text_equal(book.device_at({2, 0, 1, 5}), "");
    assert_text_equal(book.device_with({8, 32}), "");
    assert_true(book.devices().empty());
}

void an_address_taken_over_before_the_old_disk_is_told_gone_stays_with_the_new_one(void**) {
    FakeSysfs fake;
    Recorder observer;
    const auto sysfs = fake.sysfs();
    DiskBook book(sysfs, observer);
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    book.look_at("sdc", std::nullopt);
    fake.disk_vanishes("sdc");
    fake.disk_appears("sdd", "8:48", "2:0:1:5");
    book.look_at("sdd", std::nullopt);
    book.gone("sdc");
    assert_text_equal(book.device_at({2, 0, 1, 5}), "sdd");
}

void a_recount_finds_the_disks_that_went_unseen(void**) {
    FakeSysfs fake;
    Recorder observer;
    const auto sysfs = fake.sysfs();
    DiskBook book(sysfs, observer);
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    fake.disk_appears("sdd", "8:48", "2:0:1:6");
    book.look_at("sdc", std::nullopt);
    book.look_at("sdd", std::nullopt);
    observer.told();
    book.recount({"sdd", "sde"});
    assert_text_equal(observer.told(), "gone sdc\n");
}

void units_of_a_target_are_found_together(void**) {
    FakeSysfs fake;
    Recorder observer;
    const auto sysfs = fake.sysfs();
    DiskBook book(sysfs, observer);
    fake.disk_appears("sdc", "8:32", "2:0:1:5");
    fake.disk_appears("sdd", "8:48", "2:0:1:6");
    fake.disk_appears("sde", "8:64", "2:0:2:5");
    for (const auto* name : {"sdc", "sdd", "sde"})
        book.look_at(name, std::nullopt);
    const auto devices = book.devices_of_target({2, 0, 1, 99});
    assert_int_equal(devices.size(), 2);
    assert_text_equal(devices[0], "sdc");
    assert_text_equal(devices[1], "sdd");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_without_a_transport_is_named_by_its_scsi_host),
        cmocka_unit_test(fibre_channel_ports_are_their_port_names),
        cmocka_unit_test(a_port_name_that_is_none_falls_back_to_the_address),
        cmocka_unit_test(iscsi_ports_are_names_with_isid_and_portal_group_tag),
        cmocka_unit_test(an_isid_that_the_driver_tells_is_taken),
        cmocka_unit_test(sas_ports_are_addresses_also_behind_an_expander),
        cmocka_unit_test(disks_behind_one_port_share_its_object),
        cmocka_unit_test(distrusted_ports_are_read_again_and_stay_the_same_object_if_unchanged),
        cmocka_unit_test(what_sits_on_a_partition_sits_on_the_disk),
        cmocka_unit_test(a_disk_that_is_no_scsi_device_is_not_one_of_ours),
        cmocka_unit_test(a_disk_that_vanishes_while_it_is_read_is_gone),
        cmocka_unit_test(every_state_of_the_kernel_has_a_meaning),
        cmocka_unit_test(the_observer_hears_of_a_disk_only_when_something_is_new),
        cmocka_unit_test(a_name_given_to_another_device_is_told_as_gone_and_present),
        cmocka_unit_test(a_disk_that_goes_is_told_once_and_leaves_no_trace),
        cmocka_unit_test(
            an_address_taken_over_before_the_old_disk_is_told_gone_stays_with_the_new_one),
        cmocka_unit_test(a_recount_finds_the_disks_that_went_unseen),
        cmocka_unit_test(units_of_a_target_are_found_together),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
