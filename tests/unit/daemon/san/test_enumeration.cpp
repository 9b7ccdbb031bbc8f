// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the embedded SAN tells of itself: the examples enumerated, bytes and texts read back by the
// parsers that the daemon uses.
#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/vpd.hpp"
#include "daemon/san/kernel_names.hpp"
#include "tests/unit/daemon/san/recorder.hpp"

#include <array>

using namespace mpapi;
using namespace mpapi::san;
using namespace std::chrono_literals;

namespace {

void kernel_names_and_numbers_belong_together(void**) {
    const std::pair<std::uint32_t, const char*> names[] = {
        {0, "sda"}, {25, "sdz"}, {26, "sdaa"}, {701, "sdzz"}, {702, "sdaaa"}, {79999, nullptr}};
    for (const auto& [index, name] : names) {
        if (name) assert_text_equal(disk_name(index), name);
        assert_int_equal(disk_index(disk_name(index)).value(), index);
    }
    for (std::uint32_t i = 0; i < 1u << 20; i += 7)
        assert_int_equal(disk_index(disk_name(i)).value_or(none), i);
    for (const char* name : {"sd", "sdA", "sd1", "hda", "sdaaaaaa", "sda1", ""})
        assert_false(disk_index(name).has_value());
    assert_true(disk_number(0) == (model::DeviceNumber{8, 0}));
    assert_true(disk_number(1) == (model::DeviceNumber{8, 16}));
    assert_true(disk_number(16) == (model::DeviceNumber{65, 0}));
    assert_true(disk_number(128) == (model::DeviceNumber{128, 0}));
    assert_true(disk_number(255) == (model::DeviceNumber{135, 240}));
    assert_true(disk_number(256) == (model::DeviceNumber{8, 256}));
}

void the_example_is_enumerated_with_every_disk_before_the_maps(void**) {
    auto world = World::from(example("two-arrays"));
    assert_int_equal(world.recorder.disks.size(), 4 * 4 + 1 + 3 * 4);
    assert_int_equal(world.recorder.maps.size(), 7);
    const auto& told = world.recorder.told;
    assert_text_equal(told.back(), "enumerated");
    const auto first_map = std::find_if(told.begin(), told.end(),
                                        [](const auto& line) { return line.starts_with("map "); });
    assert_int_equal(first_map - told.begin(), world.recorder.disks.size());

    const auto& sda = world.recorder.disks.at("sda");
    assert_true(sda.address == (model::ScsiAddress{3, 0, 0, 0}));
    assert_text_equal(sda.initiator_port->port_id, "2100001b329f1c40");
    assert_text_equal(sda.initiator_port->device_file, "/sys/class/fc_host/host3");
    assert_text_equal(sda.initiator_port->friendly_name, "host3 (qla2xxx)");
    assert_text_equal(sda.target_port->port_id, "50060e8012345600");
    assert_int_equal(sda.size, 200ull << 30);
    assert_text_equal(sda.holders.at(0), "dm-0");
    assert_true(sda.multipath_member == true);
    assert_true(sda.state == model::DeviceState::Running);
    // One object for one port.
    assert_ptr_equal(sda.target_port.get(), world.recorder.disks.at("sdb").target_port.get());

    const auto& iscsi = world.recorder.disks.at("sdr");
    assert_text_equal(iscsi.initiator_port->port_id,
                      "iqn.1993-08.org.debian:01:4f2e6a90c1d7,00023d000001");
    assert_text_equal(iscsi.target_port->port_id, "iqn.2002-03.org.mpapi:south.a,t,0x0001");
}

std::vector<std::uint8_t> send(daemon::ScsiDevice& device, std::span<const std::uint8_t> cdb) {
    std::vector<std::uint8_t> data(4096);
    const auto reply = device.read(cdb, data, 1s);
    if (reply.error) fail_msg("%s", reply.error->message().c_str());
    if (reply.status != 0) {
        const auto sense = scsi::parse_sense(reply.sense);
        fail_msg("status %u: %s", reply.status, sense ? scsi::sense_text(*sense).c_str() : "?");
    }
    data.resize(reply.received);
    return data;
}

void pages_say_what_the_description_says(void**) {
    auto world = World::from(example("two-arrays"));
    const auto device = world.open("sda");
    const auto inquiry = scsi::parse_inquiry(send(*device, scsi::inquiry_cdb(96)));
    assert_ok(inquiry);
    assert_text_equal(inquiry->vendor.text, "MPAPI");
    assert_text_equal(inquiry->product.text, "ALUA ARRAY");
    assert_text_equal(inquiry->revision.text, "0400");
    assert_true(inquiry->tpgs == scsi::Tpgs::Both);

    const auto pages =
        scsi::parse_supported_pages(send(*device, scsi::vpd_cdb(0x00, scsi::vpd_allocation)));
    assert_ok(pages);
    assert_true(pages->pages == (std::vector<std::uint8_t>{0x00, 0x80, 0x83}));

    const auto serial =
        scsi::parse_unit_serial_number(send(*device, scsi::vpd_cdb(0x80, scsi::vpd_allocation)));
    assert_ok(serial);
    assert_text_equal(serial->serial.text, "N0001");

    const auto bytes = send(*device, scsi::vpd_cdb(0x83, scsi::vpd_allocation));
    const auto page = scsi::parse_device_identification(bytes);
    assert_ok(page);
    const auto name = scsi::lu_name(*page);
    assert_ok(name);
    assert_text_equal(name->text, "60060e80123456000000000000000001");
    assert_int_equal(scsi::relative_target_port(*page).value_or(0), 1);
    assert_int_equal(scsi::target_port_group(*page).value_or(0), 1);
    // What the kernel read at the scan are the same bytes.
    assert_true(world.recorder.disks.at("sda").device_identification == bytes);
}

void every_disk_of_a_unit_names_it_and_its_own_port(void**) {
    auto world = World::from(example("two-arrays"));
    for (const auto& [name, disk] : world.recorder.disks) {
        const auto page = scsi::parse_device_identification(disk.device_identification);
        assert_ok(page);
        assert_ok(scsi::lu_name(*page));
        if (disk.holders.empty()) continue;
        const auto& map = world.recorder.maps.at(
            static_cast<std::uint32_t>(std::stoul(disk.holders[0].substr(3))));
        const auto lu = scsi::lu_name(*page);
        const auto kind = lu->type == scsi::DesignatorType::Naa ? "3" : "2";
        assert_text_equal(map.uuid, "mpath-" + std::string(kind) + lu->text);
        const auto number =
            std::to_string(disk.number.major) + ":" + std::to_string(disk.number.minor);
        if (map.table.find(" " + number + " ") == std::string::npos)
            fail_msg("%s (%s) is not in %s", name.c_str(), number.c_str(), map.table.c_str());
    }
}

void target_port_groups_are_the_description_in_both_header_forms(void**) {
    auto world = World::from(example("two-arrays"));
    const auto device = world.open("sda");
    for (const auto format : {scsi::GroupsFormat::LengthOnly, scsi::GroupsFormat::Extended}) {
        const auto bytes =
            send(*device,
                 scsi::report_target_port_groups_cdb(format, scsi::target_port_groups_allocation));
        const auto reply = scsi::parse_target_port_groups(bytes);
        assert_ok(reply);
        assert_true(reply->format == format);
        assert_int_equal(reply->implicit_transition_time,
                         format == scsi::GroupsFormat::Extended ? 20 : 0);
        assert_int_equal(reply->groups.size(), 2);
        assert_int_equal(reply->groups[0].number, 1);
        assert_true(reply->groups[0].state == scsi::AccessState::ActiveOptimized);
        assert_true(reply->groups[0].preferred);
        assert_true(reply->groups[0].relative_ports == (std::vector<std::uint16_t>{1, 2}));
        assert_int_equal(reply->groups[1].number, 2);
        assert_true(reply->groups[1].state == scsi::AccessState::ActiveNonOptimized);
        assert_true(reply->groups[1].relative_ports == (std::vector<std::uint16_t>{3, 4}));
    }
    // Its owner is group 2.
    const auto other = scsi::parse_target_port_groups(
        send(*world.open("sdb"),
             scsi::report_target_port_groups_cdb(scsi::GroupsFormat::LengthOnly,
                                                 scsi::target_port_groups_allocation)));
    assert_ok(other);
    assert_true(other->groups[1].state == scsi::AccessState::ActiveOptimized);
    assert_true(other->groups[1].preferred);
}

void an_allocation_length_cuts_the_reply_and_not_its_length_field(void**) {
    auto world = World::from(example("two-arrays"));
    const auto device = world.open("sda");
    const auto bytes =
        send(*device, scsi::report_target_port_groups_cdb(scsi::GroupsFormat::LengthOnly, 4));
    assert_int_equal(bytes.size(), 4);
    assert_int_equal(scsi::target_port_groups_length(bytes), 4 + 2 * (8 + 2 * 4));
}

void tables_and_status_read_back_as_the_description(void**) {
    auto world = World::from(example("two-arrays"));
    const auto& map = world.recorder.map("mpatha");
    const auto table = dm::parse_multipath_table(map.table);
    assert_ok(table);
    assert_text_equal(table->features.text(), "queue_if_no_path");
    assert_text_equal(table->hardware_handler, "alua");
    assert_int_equal(table->groups.size(), 2);
    assert_text_equal(table->groups[0].selector, "service-time");
    assert_int_equal(table->groups[0].paths.size(), 2);
    assert_text_equal(table->groups[0].paths[0].device, "8:0");
    assert_text_equal(table->groups[0].paths[0].selector_args.text(), "1");
    const auto status = dm::parse_multipath_status(map.status);
    assert_ok(status);
    assert_int_equal(status->current_group, 1);
    assert_true(status->groups[0].state == dm::GroupState::Active);
    assert_true(status->groups[1].state == dm::GroupState::Enabled);
    for (const auto& group : status->groups)
        for (const auto& path : group.paths)
            assert_true(path.state == dm::PathState::Active);

    // No arguments for queue-length's paths.
    const auto plain = dm::parse_multipath_table(world.recorder.map("mpathb").table);
    assert_ok(plain);
    assert_true(plain->groups[0].paths[0].selector_args.empty());
}

void the_passive_controller_is_not_ready(void**) {
    auto world = World::from(example("two-arrays"));
    int ready = 0;
    int standby = 0;
    for (const auto& [name, disk] : world.recorder.disks) {
        if (disk.product != "PAIR") continue;
        const std::array<std::uint8_t, 6> test_unit_ready{};
        const auto reply = world.open(name)->read(test_unit_ready, {}, 1s);
        assert_false(reply.error.has_value());
        if (reply.status == 0) {
            ++ready;
            continue;
        }
        const auto sense = scsi::parse_sense(reply.sense);
        assert_ok(sense);
        assert_true(scsi::is_standby(*sense));
        ++standby;
    }
    assert_int_equal(ready, 6);
    assert_int_equal(standby, 6);
}

void a_disk_opens_under_its_own_number_only(void**) {
    auto world = World::from(example("two-arrays"));
    assert_int_equal(world.san->open("sda", {8, 16}).error().errnum, ENODEV);
    assert_int_equal(world.san->open("sdzz", {8, 16}).error().errnum, ENODEV);
    assert_int_equal(world.san->open("nonsense", {8, 16}).error().errnum, ENODEV);
}

void the_scale_example_has_eighty_thousand_disks(void**) {
    auto world = World::from(example("scale"));
    assert_int_equal(world.recorder.disks.size(), 80'000);
    assert_int_equal(world.recorder.maps.size(), 10'000);
    assert_int_equal(world.recorder.map("left-4999").size, 100ull << 30);
    // One path in a hundred, so that the test stays short.
    int count = 0;
    for (const auto& [name, disk] : world.recorder.disks) {
        if (++count % 100 != 0) continue;
        const auto page = scsi::parse_device_identification(disk.device_identification);
        assert_ok(page);
        assert_true(send(*world.open(name), scsi::vpd_cdb(0x83, scsi::vpd_allocation)) ==
                    disk.device_identification);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(kernel_names_and_numbers_belong_together),
        cmocka_unit_test(the_example_is_enumerated_with_every_disk_before_the_maps),
        cmocka_unit_test(pages_say_what_the_description_says),
        cmocka_unit_test(every_disk_of_a_unit_names_it_and_its_own_port),
        cmocka_unit_test(target_port_groups_are_the_description_in_both_header_forms),
        cmocka_unit_test(an_allocation_length_cuts_the_reply_and_not_its_length_field),
        cmocka_unit_test(tables_and_status_read_back_as_the_description),
        cmocka_unit_test(the_passive_controller_is_not_ready),
        cmocka_unit_test(a_disk_opens_under_its_own_number_only),
        cmocka_unit_test(the_scale_example_has_eighty_thousand_disks),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
