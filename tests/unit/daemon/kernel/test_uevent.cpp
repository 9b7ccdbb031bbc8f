// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/heard_events.hpp"
#include "daemon/kernel/uevent.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::kernel;

namespace {

Uevent disk_event(const std::string& action, const std::string& name = "sdc") {
    Uevent event;
    event.action = action;
    event.subsystem = "block";
    event.device_type = "disk";
    event.name = name;
    event.major = "8";
    event.minor = "32";
    return event;
}

Uevent map_event(const std::string& action) {
    auto event = disk_event(action, "dm-3");
    event.major = "254";
    event.minor = "3";
    return event;
}

Uevent unit_attention(const std::string& word) {
    Uevent event;
    event.action = "change";
    event.subsystem = "scsi";
    event.device_type = "scsi_device";
    event.name = "2:0:1:5";
    event.unit_attention = word;
    return event;
}

void a_disk_that_comes_or_changes_is_looked_at(void**) {
    for (const auto* action : {"add", "change", "online", "bind"}) {
        const auto reading = read_uevent(disk_event(action));
        assert_true(reading.meaning == Meaning::DiskChanged);
        assert_text_equal(reading.name, "sdc");
        assert_true(reading.number == (model::DeviceNumber{8, 32}));
        assert_false(reading.member.has_value());
    }
    auto event = disk_event("change");
    event.multipath_path = "1";
    assert_true(read_uevent(event).member == true);
    event.multipath_path = "0";
    assert_true(read_uevent(event).member == false);
    event.multipath_path = "yes";
    assert_false(read_uevent(event).member.has_value());
}

void a_disk_that_goes_is_gone(void**) {
    assert_true(read_uevent(disk_event("remove")).meaning == Meaning::DiskGone);
}

void a_renamed_disk_leaves_its_old_name(void**) {
    auto event = disk_event("move", "sdq");
    event.old_path = "/devices/pci0000:00/host2/target2:0:1/2:0:1:5/block/sdc";
    const auto reading = read_uevent(event);
    assert_true(reading.meaning == Meaning::DiskRenamed);
    assert_text_equal(reading.old_name, "sdc");
    assert_text_equal(reading.name, "sdq");
    // A parent moved, not the disk: look again, nothing is gone.
    event.old_path = "/devices/pci0000:01/host2/target2:0:1/2:0:1:5/block/sdq";
    assert_true(read_uevent(event).meaning == Meaning::DiskChanged);
}

void partitions_and_other_disks_mean_nothing(void**) {
    for (const auto* name : {"sdc1", "sd", "nvme0n1", "loop0", "sr0", "sdC", ""})
        assert_true(read_uevent(disk_event("change", name)).meaning == Meaning::Nothing);
}

void events_of_maps_carry_their_number(void**) {
    const auto reading = read_uevent(map_event("change"));
    assert_true(reading.meaning == Meaning::MapChanged);
    assert_true(reading.number == (model::DeviceNumber{254, 3}));
    assert_text_equal(reading.name, "dm-3");
    assert_true(read_uevent(map_event("remove")).meaning == Meaning::MapGone);
    auto path = map_event("change");
    path.dm_action = "PATH_FAILED";
    assert_true(read_uevent(path).meaning == Meaning::MapPathChanged);
    path.dm_action = "PATH_REINSTATED";
    assert_true(read_uevent(path).meaning == Meaning::MapPathChanged);
}

void an_event_of_a_map_without_a_number_means_nothing(void**) {
    auto event = map_event("change");
    event.minor = "";
    assert_true(read_uevent(event).meaning == Meaning::Nothing);
    event.minor = "99999999999";
    assert_true(read_uevent(event).meaning == Meaning::Nothing);
}

// The words are those of scsi_evt_emit() in drivers/scsi/scsi_lib.c.
void unit_attentions_are_told_apart(void**) {
    const auto meaning = [](const char* word) { return read_uevent(unit_attention(word)).meaning; };
    assert_true(meaning("ASYMMETRIC_ACCESS_STATE_CHANGED") == Meaning::AccessStateChanged);
    assert_true(meaning("INQUIRY_DATA_HAS_CHANGED") == Meaning::InquiryDataChanged);
    assert_true(meaning("CAPACITY_DATA_HAS_CHANGED") == Meaning::InquiryDataChanged);
    assert_true(meaning("POWER_ON_RESET_OCCURRED") == Meaning::InquiryDataChanged);
    assert_true(meaning("REPORTED_LUNS_DATA_HAS_CHANGED") == Meaning::TargetUnitsChanged);
    assert_true(meaning("MODE_PARAMETERS_CHANGED") == Meaning::Nothing);
    assert_true(meaning("THIN_PROVISIONING_SOFT_THRESHOLD_REACHED") == Meaning::Nothing);
    assert_true(meaning("") == Meaning::Nothing);
    const auto reading = read_uevent(unit_attention("ASYMMETRIC_ACCESS_STATE_CHANGED"));
    assert_true(reading.address == (model::ScsiAddress{2, 0, 1, 5}));
}

void a_scsi_event_of_something_else_means_nothing(void**) {
    auto event = unit_attention("INQUIRY_DATA_HAS_CHANGED");
    event.name = "target2:0:1";
    assert_true(read_uevent(event).meaning == Meaning::Nothing);
    event.name = "2:0:1:5";
    event.device_type = "scsi_target";
    assert_true(read_uevent(event).meaning == Meaning::Nothing);
}

void device_mapper_that_appears_is_noticed(void**) {
    Uevent event;
    event.action = "add";
    event.subsystem = "misc";
    event.name = "device-mapper";
    assert_true(read_uevent(event).meaning == Meaning::DeviceMapperAppeared);
    event.name = "fuse";
    assert_true(read_uevent(event).meaning == Meaning::Nothing);
}

void what_the_kernel_said_is_known_once_when_udev_says_it_again(void**) {
    HeardEvents events;
    events.heard(41);
    events.heard(43);
    assert_false(events.again(42)); // the kernel's socket had lost it
    assert_true(events.again(43));
    assert_true(events.again(41));
    assert_false(events.again(41));
}

void what_udev_never_says_is_forgotten(void**) {
    HeardEvents events;
    for (std::uint64_t number = 1; number <= HeardEvents::most + 10; ++number)
        events.heard(number);
    assert_false(events.again(10));
    assert_true(events.again(11));
    assert_true(events.again(HeardEvents::most + 10));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_comes_or_changes_is_looked_at),
        cmocka_unit_test(a_disk_that_goes_is_gone),
        cmocka_unit_test(a_renamed_disk_leaves_its_old_name),
        cmocka_unit_test(partitions_and_other_disks_mean_nothing),
        cmocka_unit_test(events_of_maps_carry_their_number),
        cmocka_unit_test(an_event_of_a_map_without_a_number_means_nothing),
        cmocka_unit_test(unit_attentions_are_told_apart),
        cmocka_unit_test(a_scsi_event_of_something_else_means_nothing),
        cmocka_unit_test(device_mapper_that_appears_is_noticed),
        cmocka_unit_test(what_the_kernel_said_is_known_once_when_udev_says_it_again),
        cmocka_unit_test(what_udev_never_says_is_forgotten),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
