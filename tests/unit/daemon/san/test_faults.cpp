// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Each fault as a story: what is told of it, and what is the case afterwards. In two-arrays.toml
// mpatha is sda (A0) and sdj (A1) in its first group, sdf (B0) and sdn (B1) in its second.
#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/vpd.hpp"
#include "tests/unit/daemon/san/recorder.hpp"

#include <thread>

using namespace mpapi;
using namespace mpapi::san;
using namespace std::chrono_literals;

namespace {

World two_arrays() {
    return World::from(example("two-arrays"));
}

Fault fault(Verb verb) {
    Fault made;
    made.verb = verb;
    return made;
}

Fault unit_fault(Verb verb, const std::string& unit) {
    Fault made = fault(verb);
    made.unit = unit;
    return made;
}

Fault map_fault(Verb verb, const std::string& map) {
    Fault made = fault(verb);
    made.map = map;
    return made;
}

// "1: A 8:0+0 8:144+0 | E 8:80+0 8:208+0": current group, group states, paths with a sign for their
// state (+ active, - failed) and their fail count.
std::string status(const World& world, const std::string& map) {
    const auto parsed = dm::parse_multipath_status(world.recorder.map(map).status);
    assert_ok(parsed);
    std::string text = std::to_string(parsed->current_group) + ":";
    for (std::size_t i = 0; i < parsed->groups.size(); ++i) {
        const auto& group = parsed->groups[i];
        text += i == 0 ? " " : " | ";
        text += group.state == dm::GroupState::Active ? "A" : "E";
        for (const auto& path : group.paths)
            text += " " + path.device + (path.state == dm::PathState::Active ? "+" : "-") +
                    std::to_string(path.fail_count);
    }
    return text;
}

daemon::ScsiReply send(World& world, const std::string& disk, std::span<const std::uint8_t> cdb,
                       std::vector<std::uint8_t>& data) {
    data.assign(4096, 0);
    auto reply = world.open(disk)->read(cdb, data, 1s);
    data.resize(reply.error ? 0 : reply.received);
    return reply;
}

std::string test_unit_ready(World& world, const std::string& disk) {
    std::vector<std::uint8_t> data;
    const std::array<std::uint8_t, 6> cdb{};
    const auto reply = send(world, disk, cdb, data);
    if (reply.error) return reply.error->reason;
    if (reply.status == 0) return "good";
    const auto parsed = scsi::parse_sense(reply.sense);
    assert_ok(parsed);
    return scsi::sense_text(*parsed);
}

std::string sense(scsi::SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
    scsi::Sense made;
    made.key = key;
    made.asc = asc;
    made.ascq = ascq;
    return scsi::sense_text(made);
}

std::string lu_name(World& world, const std::string& disk) {
    std::vector<std::uint8_t> data;
    const auto reply = send(world, disk, scsi::vpd_cdb(0x83, scsi::vpd_allocation), data);
    assert_true(reply.good());
    const auto page = scsi::parse_device_identification(data);
    assert_ok(page);
    const auto name = scsi::lu_name(*page);
    assert_ok(name);
    return name->text;
}

scsi::TargetPortGroups groups(World& world, const std::string& disk) {
    std::vector<std::uint8_t> data;
    const auto reply =
        send(world, disk, scsi::report_target_port_groups_cdb(scsi::GroupsFormat::LengthOnly, 512),
             data);
    assert_true(reply.good());
    auto parsed = scsi::parse_target_port_groups(data);
    assert_ok(parsed);
    return *parsed;
}

void a_lost_path_is_failed_in_its_map_and_returns(void**) {
    auto world = two_arrays();
    assert_text_equal(status(world, "mpatha"), "1: A 8:0+0 8:144+0 | E 8:80+0 8:208+0");
    const auto before = world.recorder.map("mpatha").event_number;

    assert_text_equal(world.apply(disk_fault(Verb::PathLost, "sda")), "map mpatha");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0-1 8:144+0 | E 8:80+0 8:208+0");
    assert_int_equal(world.recorder.map("mpatha").event_number, before + 1);
    assert_text_equal(test_unit_ready(world, "sda"),
                      "the transport does not connect (DID_NO_CONNECT)");

    // The kernel tells nobody; who asks is told.
    assert_true(world.recorder.disks.at("sda").state == model::DeviceState::Running);
    world.san->look_again({"sda", "sdb", "sdzz", "nonsense"}, {});
    assert_text_equal(world.recorder.take(), "disk sda");
    assert_true(world.recorder.disks.at("sda").state == model::DeviceState::TransportOffline);

    assert_text_equal(world.apply(disk_fault(Verb::PathRestored, "sda")), "map mpatha");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0+1 8:144+0 | E 8:80+0 8:208+0");
    assert_text_equal(test_unit_ready(world, "sda"), "good");
}

void a_group_without_paths_hands_over_and_takes_back(void**) {
    auto world = two_arrays();
    world.apply(disk_fault(Verb::PathLost, "sda"));
    world.apply(disk_fault(Verb::PathLost, "sdj"));
    assert_text_equal(status(world, "mpatha"), "2: E 8:0-1 8:144-1 | A 8:80+0 8:208+0");
    world.apply(disk_fault(Verb::PathRestored, "sdj"));
    assert_text_equal(status(world, "mpatha"), "1: A 8:0-1 8:144+1 | E 8:80+0 8:208+0");
}

void the_last_path_lost_leaves_the_map(void**) {
    auto world = two_arrays();
    for (const char* disk : {"sda", "sdj", "sdf", "sdn"})
        world.apply(disk_fault(Verb::PathLost, disk));
    assert_text_equal(status(world, "mpatha"), "1: E 8:0-1 8:144-1 | E 8:80-1 8:208-1");
    assert_int_equal(world.recorder.maps.size(), 7);
}

void a_lost_port_takes_every_path_through_it(void**) {
    auto world = two_arrays();
    Fault lost = fault(Verb::PortLost);
    lost.array = "north";
    lost.port = "A0";
    assert_text_equal(world.apply(lost), "map mpatha, map mpathb, map mpathc, map mpathd");
    lost.verb = Verb::PortRestored;
    assert_text_equal(world.apply(lost), "map mpatha, map mpathb, map mpathc, map mpathd");
}

void an_array_that_fails_over_tells_every_path(void**) {
    auto world = two_arrays();
    Fault over = fault(Verb::ArrayFailsOver);
    over.array = "north";
    assert_text_equal(
        world.apply(over),
        "access sda, access sdb, access sdc, access sdd, access sde, access sdf, access sdg, "
        "access sdh, access sdi, access sdj, access sdk, access sdl, access sdm, access sdn, "
        "access sdo, access sdp, access sdq, map mpatha, map mpathb, map mpathc, map mpathd");
    assert_text_equal(status(world, "mpatha"), "2: E 8:0+0 8:144+0 | A 8:80+0 8:208+0");
    const auto now = groups(world, "sda");
    assert_true(now.groups[0].state == scsi::AccessState::ActiveNonOptimized);
    assert_true(now.groups[0].status == scsi::GroupStatus::Implicit);
    assert_true(now.groups[1].state == scsi::AccessState::ActiveOptimized);
}

void a_failover_may_take_its_time(void**) {
    auto world = two_arrays();
    Fault over = fault(Verb::ArrayFailsOver);
    over.array = "north";
    over.transition = 20ms;
    world.apply(over);
    assert_true(groups(world, "sda").groups[0].state == scsi::AccessState::Transitioning);
    assert_string_not_equal(test_unit_ready(world, "sda").c_str(), "good");
    world.recorder.told.clear();
    while (world.recorder.told.empty())
        assert_true(sd_event_run(world.loop.get(), 5'000'000) > 0);
    world.settle();
    assert_true(groups(world, "sda").groups[0].state == scsi::AccessState::ActiveNonOptimized);
    assert_text_equal(test_unit_ready(world, "sda"), "good");
}

void an_idle_host_meets_the_unit_attention_with_its_next_command(void**) {
    auto world = two_arrays();
    Fault over = fault(Verb::ArrayFailsOver);
    over.array = "south"; // attention = "pending"
    assert_text_equal(world.apply(over), "map south-0, map south-1, map south-2");
    world.recorder.told.clear();
    // INQUIRY does not meet it (SAM-5 5.14), the next command does, and the kernel sees it too.
    std::vector<std::uint8_t> data;
    assert_true(send(world, "sdr", scsi::inquiry_cdb(96), data).good());
    assert_text_equal(test_unit_ready(world, "sdr"),
                      sense(scsi::SenseKey::UnitAttention, 0x2a, 0x06));
    world.settle();
    assert_text_equal(world.recorder.take(), "access sdr");
    assert_text_equal(test_unit_ready(world, "sdr"), sense(scsi::SenseKey::NotReady, 0x04, 0x0b));
}

void a_group_can_be_put_into_each_state(void**) {
    auto world = two_arrays();
    Fault state = fault(Verb::GroupState);
    state.array = "north";
    state.group = 1;
    const std::pair<model::AccessState, std::string> states[] = {
        {model::AccessState::Standby, "2: E 8:0+0 8:144+0 | A 8:80+0 8:208+0"},
        {model::AccessState::Unavailable, "2: E 8:0-1 8:144-1 | A 8:80+0 8:208+0"},
        {model::AccessState::Offline, "2: E 8:0-1 8:144-1 | A 8:80+0 8:208+0"},
        {model::AccessState::Transitioning, "2: E 8:0+1 8:144+1 | A 8:80+0 8:208+0"},
        {model::AccessState::ActiveOptimized, "1: A 8:0+1 8:144+1 | E 8:80+0 8:208+0"},
    };
    for (const auto& [wanted, expected] : states) {
        state.state = wanted;
        world.apply(state);
        assert_int_equal(static_cast<int>(groups(world, "sda").groups[0].state),
                         static_cast<int>(wanted));
        assert_text_equal(status(world, "mpatha"), expected);
    }
    // One unit alone.
    state.unit = "database";
    state.state = model::AccessState::Standby;
    assert_text_equal(world.apply(state),
                      "access sda, access sdf, access sdj, access sdn, map mpatha");
    assert_true(groups(world, "sda").groups[0].state == scsi::AccessState::Standby);
    assert_true(groups(world, "sdc").groups[0].state == scsi::AccessState::ActiveOptimized);
}

// Swaps the groups of "database", seen by sda; returns what the array answers.
std::string swap_groups(World& world) {
    using enum scsi::AccessState;
    const auto now = groups(world, "sda");
    const bool first = now.groups[0].state == ActiveOptimized;
    const std::array wanted{
        scsi::SetTargetPortGroup{1, first ? ActiveNonOptimized : ActiveOptimized},
        scsi::SetTargetPortGroup{2, first ? ActiveOptimized : ActiveNonOptimized}};
    const auto list = scsi::build_set_target_port_groups(wanted);
    const auto cdb = scsi::set_target_port_groups_cdb(static_cast<std::uint32_t>(list.size()));
    const auto reply = world.open("sda")->write(cdb, list, 1s);
    if (reply.error) return reply.error->reason;
    if (reply.status == 0) return "good";
    const auto parsed = scsi::parse_sense(reply.sense);
    assert_ok(parsed);
    return scsi::sense_text(*parsed);
}

Fault set_groups(SetGroupsAnswer answer, std::chrono::milliseconds transition = 0ms) {
    Fault made = fault(Verb::SetGroupsAnswer);
    made.array = "north";
    made.answer = answer;
    made.transition = transition;
    return made;
}

void an_array_need_not_do_what_set_target_port_groups_says(void**) {
    auto world = two_arrays();
    const std::pair<SetGroupsAnswer, std::string> answers[] = {
        {SetGroupsAnswer::Transitioning, sense(scsi::SenseKey::NotReady, 0x04, 0x0a)},
        {SetGroupsAnswer::Refused, sense(scsi::SenseKey::IllegalRequest, 0x26, 0x00)},
        {SetGroupsAnswer::Failed, sense(scsi::SenseKey::HardwareError, 0x67, 0x0a)},
        {SetGroupsAnswer::Ignored, "good"},
    };
    for (const auto& [answer, expected] : answers) {
        world.apply(set_groups(answer));
        assert_text_equal(swap_groups(world), expected);
        assert_true(groups(world, "sda").groups[0].state == scsi::AccessState::ActiveOptimized);
    }
    world.apply(set_groups(SetGroupsAnswer::Obeys));
    assert_text_equal(swap_groups(world), "good");
    assert_true(groups(world, "sda").groups[0].state == scsi::AccessState::ActiveNonOptimized);
}

void an_array_may_be_transitioning_for_a_while(void**) {
    auto world = two_arrays();
    world.apply(set_groups(SetGroupsAnswer::Transitioning, 50ms));
    world.apply(set_groups(SetGroupsAnswer::Transitioning, 100ms)); // the first means nothing now
    const auto began = std::chrono::steady_clock::now();
    while (swap_groups(world) != "good")
        assert_true(sd_event_run(world.loop.get(), 1'000) >= 0);
    assert_true(std::chrono::steady_clock::now() - began > 90ms);
    assert_true(groups(world, "sda").groups[1].state == scsi::AccessState::ActiveOptimized);
}

void an_array_may_obey_slowly(void**) {
    auto world = two_arrays();
    world.apply(set_groups(SetGroupsAnswer::Slow, 50ms));
    assert_text_equal(swap_groups(world), "good");
    for (const auto& group : groups(world, "sda").groups)
        assert_true(group.state == scsi::AccessState::Transitioning);
    assert_text_equal(swap_groups(world), sense(scsi::SenseKey::NotReady, 0x04, 0x0a));
    // Another unit of the array has states of its own.
    assert_true(groups(world, "sdc").groups[0].state == scsi::AccessState::ActiveOptimized);
    while (groups(world, "sda").groups[1].state == scsi::AccessState::Transitioning)
        assert_true(sd_event_run(world.loop.get(), 1'000) >= 0);
    const auto now = groups(world, "sda");
    assert_true(now.groups[0].state == scsi::AccessState::ActiveNonOptimized);
    assert_true(now.groups[1].state == scsi::AccessState::ActiveOptimized);
    assert_true(now.groups[1].status == scsi::GroupStatus::SetByCommand);
    world.settle();
    assert_contains(world.recorder.take(), "access sdf");
}

void a_reused_lun_changes_its_name_and_sysfs_keeps_the_old_one(void**) {
    auto world = two_arrays();
    Fault reused = unit_fault(Verb::LunReused, "database");
    reused.designator = *parse_designator("naa.60060e80ffff00000000000000000009");
    reused.serial = "OTHER";
    assert_text_equal(world.apply(reused), "inquiry sda, inquiry sdf, inquiry sdj, inquiry sdn");
    assert_text_equal(lu_name(world, "sda"), "60060e80ffff00000000000000000009");
    std::vector<std::uint8_t> data;
    assert_true(send(world, "sda", scsi::vpd_cdb(0x80, scsi::vpd_allocation), data).good());
    assert_text_equal(scsi::parse_unit_serial_number(data)->serial.text, "OTHER");

    const auto sysfs_name = [&] {
        const auto page =
            scsi::parse_device_identification(world.recorder.disks.at("sda").device_identification);
        assert_ok(page);
        return scsi::lu_name(*page)->text;
    };
    // Something else about the disk is told: still with the old page.
    world.apply(disk_fault(Verb::PathLost, "sda"));
    world.san->look_again({"sda"}, {});
    assert_text_equal(sysfs_name(), "60060e80123456000000000000000001");
    world.apply(disk_fault(Verb::PathRestored, "sda"));
    assert_text_equal(world.apply(disk_fault(Verb::DiskRescanned, "sda")), "disk sda");
    assert_text_equal(sysfs_name(), "60060e80ffff00000000000000000009");
}

void a_lun_can_be_reused_without_a_word(void**) {
    auto world = two_arrays();
    Fault reused = unit_fault(Verb::LunReused, "database");
    reused.designator = *parse_designator("naa.60060e80ffff00000000000000000009");
    reused.serial = "OTHER";
    reused.announced = false;
    assert_text_equal(world.apply(reused), "");
    assert_text_equal(lu_name(world, "sda"), "60060e80ffff00000000000000000009");
}

void one_path_can_lead_to_another_unit(void**) {
    auto world = two_arrays();
    Fault reused = disk_fault(Verb::PathReused, "sdf");
    reused.designator = *parse_designator("naa.60060e80ffff00000000000000000009");
    reused.serial = "OTHER";
    assert_text_equal(world.apply(reused), "inquiry sdf");
    assert_text_equal(lu_name(world, "sdf"), "60060e80ffff00000000000000000009");
    assert_text_equal(lu_name(world, "sda"), "60060e80123456000000000000000001");
}

void a_size_is_seen_by_the_kernel_after_a_rescan(void**) {
    auto world = two_arrays();
    Fault grown = unit_fault(Verb::SizeChanged, "database");
    grown.size = 300ull << 30;
    assert_text_equal(world.apply(grown), "inquiry sda, inquiry sdf, inquiry sdj, inquiry sdn");
    for (const char* disk : {"sda", "sdf", "sdj"})
        assert_text_equal(world.apply(disk_fault(Verb::DiskRescanned, disk)),
                          std::string("disk ") + disk);
    assert_int_equal(world.recorder.disks.at("sda").size, 300ull << 30);
    assert_int_equal(world.recorder.disks.at("sdn").size, 200ull << 30);
    assert_int_equal(world.recorder.map("mpatha").size, 200ull << 30);
    // The last one: now the map can grow.
    assert_text_equal(world.apply(disk_fault(Verb::DiskRescanned, "sdn")), "disk sdn, map mpatha");
    assert_int_equal(world.recorder.map("mpatha").size, 300ull << 30);
}

void a_removed_unit_answers_that_it_is_not_there(void**) {
    auto world = two_arrays();
    assert_text_equal(world.apply(unit_fault(Verb::UnitRemoved, "database")), "map mpatha");
    assert_text_equal(test_unit_ready(world, "sda"),
                      sense(scsi::SenseKey::IllegalRequest, 0x25, 0x00));
    std::vector<std::uint8_t> data;
    assert_true(send(world, "sda", scsi::inquiry_cdb(96), data).good());
    assert_int_equal(scsi::parse_inquiry(data)->peripheral.qualifier, 3);
    assert_text_equal(world.apply(unit_fault(Verb::UnitAdded, "database")),
                      "inquiry sda, inquiry sdf, inquiry sdj, inquiry sdn, map mpatha");
    assert_text_equal(test_unit_ready(world, "sda"), "good");
}

void a_removed_unit_takes_its_disks_when_the_host_looks(void**) {
    auto world = two_arrays();
    Fault removed = unit_fault(Verb::UnitRemoved, "database");
    removed.rescanned = true;
    assert_text_equal(world.apply(removed),
                      "disk gone sda, disk gone sdf, disk gone sdj, disk gone sdn, map mpatha");
    // Added again, the disks get the free names in the order in which they are found.
    world.apply(unit_fault(Verb::UnitAdded, "database"));
    assert_int_equal(world.recorder.disks.size(), 29);
    assert_text_equal(lu_name(world, "sda"), "60060e80123456000000000000000001");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0+0 8:80+0 | E 8:144+0 8:208+0");
}

void a_removed_disk_leaves_the_table_and_an_open_one_answers_no_more(void**) {
    auto world = two_arrays();
    const auto open = world.open("sda");
    assert_text_equal(world.apply(disk_fault(Verb::DiskRemoved, "sda")),
                      "disk gone sda, map mpatha");
    assert_text_equal(status(world, "mpatha"), "1: A 8:144+0 | E 8:80+0 8:208+0");
    const std::array<std::uint8_t, 6> cdb{};
    assert_int_equal(open->read(cdb, {}, 1s).error->errnum, ENODEV);
    assert_int_equal(world.san->open("sda", {8, 0}).error().errnum, ENODEV);

    Fault added = unit_fault(Verb::DiskAdded, "database");
    added.initiator = "fc-a";
    added.port = "A0";
    assert_text_equal(world.apply(added), "disk sda, map mpatha");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0+0 8:144+0 | E 8:80+0 8:208+0");
    // The same name and number, but not the device that was opened.
    assert_int_equal(open->read(cdb, {}, 1s).error->errnum, ENODEV);
    assert_text_equal(test_unit_ready(world, "sda"), "good");
}

void the_last_disk_removed_stays_in_the_table(void**) {
    auto world = two_arrays();
    for (const char* disk : {"sda", "sdj", "sdf", "sdn"})
        world.apply(disk_fault(Verb::DiskRemoved, disk));
    assert_text_equal(status(world, "mpatha"), "1: E 8:208-1");
    assert_int_equal(world.recorder.maps.size(), 7);
}

void a_removed_host_takes_its_disks_and_brings_them_back(void**) {
    auto world = two_arrays();
    Fault host = fault(Verb::HostRemoved);
    host.initiator = "fc-a";
    world.apply(host);
    assert_int_equal(world.recorder.disks.size(), 29 - 9);
    assert_text_equal(status(world, "mpatha"), "1: A 8:144+0 | E 8:208+0");
    host.verb = Verb::HostAdded;
    world.apply(host);
    assert_int_equal(world.recorder.disks.size(), 29);
}

void maps_are_removed_and_made_and_renamed(void**) {
    auto world = two_arrays();
    const auto number = world.recorder.map("mpatha").number;
    assert_text_equal(world.apply(map_fault(Verb::MapRemoved, "mpatha")),
                      "disk sda, disk sdf, disk sdj, disk sdn, map gone " +
                          std::to_string(number.minor));
    assert_true(world.recorder.disks.at("sda").holders.empty());
    assert_true(world.recorder.disks.at("sda").multipath_member == false);
    assert_text_equal(world.apply(unit_fault(Verb::MapMade, "database")),
                      "disk sda, disk sdf, disk sdj, disk sdn, map mpatha");
    assert_true(world.recorder.map("mpatha").number == number);
    Fault renamed = map_fault(Verb::MapRenamed, "mpatha");
    renamed.name = "accounts";
    assert_text_equal(world.apply(renamed), "map accounts");
    assert_text_equal(world.recorder.map("accounts").uuid,
                      "mpath-360060e80123456000000000000000001");
    // A disk that was in no map.
    Fault made = unit_fault(Verb::MapMade, "scratch");
    made.name = "mpathe";
    assert_text_equal(world.apply(made), "disk sde, map mpathe");
}

void a_suspended_map_is_seen_by_who_looks(void**) {
    auto world = two_arrays();
    assert_text_equal(world.apply(map_fault(Verb::MapSuspended, "mpatha")), "");
    world.san->look_again({}, {world.recorder.map("mpatha").number, {253, 4711}, {1, 0}});
    assert_text_equal(world.recorder.take(), "map mpatha");
    assert_true(world.recorder.map("mpatha").suspended);
    assert_text_equal(world.apply(map_fault(Verb::MapResumed, "mpatha")), "map mpatha");
    assert_false(world.recorder.map("mpatha").suspended);
}

void without_multipathd_only_io_fails_paths_and_nobody_brings_them_back(void**) {
    auto description = load_description(example("two-arrays"));
    assert_ok(description);
    description->machine.multipathd = false;
    World world(std::move(*description));
    assert_false(world.recorder.disks.at("sda").multipath_member.has_value());
    assert_text_equal(world.apply(disk_fault(Verb::PathLost, "sda")), "");
    assert_text_equal(world.apply(map_fault(Verb::MapIo, "mpatha")), "map mpatha");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0-1 8:144+0 | E 8:80+0 8:208+0");
    world.apply(disk_fault(Verb::PathRestored, "sda"));
    assert_text_equal(world.apply(map_fault(Verb::MapIo, "mpatha")), "");
    world.apply(disk_fault(Verb::PathLost, "sdj"));
    world.apply(map_fault(Verb::MapIo, "mpatha"));
    assert_text_equal(status(world, "mpatha"), "2: E 8:0-1 8:144-1 | A 8:80+0 8:208+0");
}

void a_device_can_be_made_to_lie(void**) {
    auto world = two_arrays();
    Fault lie = disk_fault(Verb::Reply, "sda");
    lie.operation = 0xa3;
    lie.page = 0x0a;
    lie.bytes = {0xff, 0xff, 0xff, 0xff, 0x80};
    assert_text_equal(world.apply(lie), "");
    std::vector<std::uint8_t> data;
    const auto cdb = scsi::report_target_port_groups_cdb(scsi::GroupsFormat::LengthOnly, 512);
    assert_true(send(world, "sda", cdb, data).good());
    assert_true(data == lie.bytes);
    assert_true(send(world, "sdf", cdb, data).good());
    assert_true(data != lie.bytes);

    Fault text = disk_fault(Verb::Reply, "sda");
    text.operation = 0x12; // standard INQUIRY data, pages untouched
    text.bytes.assign(36, 0x9c);
    world.apply(text);
    assert_true(send(world, "sda", scsi::inquiry_cdb(96), data).good());
    assert_true(data == text.bytes);
    assert_text_equal(lu_name(world, "sda"), "60060e80123456000000000000000001");

    lie.bytes.clear();
    text.bytes.clear();
    world.apply(lie);
    world.apply(text);
    assert_int_equal(groups(world, "sda").groups.size(), 2);
}

void a_map_can_be_made_to_say_anything(void**) {
    auto world = two_arrays();
    Fault text = map_fault(Verb::MapText, "mpatha");
    text.table = "0 0 99999 1 nonsense";
    assert_text_equal(world.apply(text), "map mpatha");
    assert_text_equal(world.recorder.map("mpatha").table, text.table);
    text.table.clear();
    world.apply(text);
    assert_ok(dm::parse_multipath_table(world.recorder.map("mpatha").table));
}

void a_hanging_command_blocks_its_thread_until_it_is_released(void**) {
    auto world = two_arrays();
    Fault hang = disk_fault(Verb::CommandHangs, "sda");
    hang.operations = {0x00};
    assert_text_equal(world.apply(hang), "");
    std::string answer;
    std::thread worker([&] { answer = test_unit_ready(world, "sda"); });
    while (world.san->counts().hanging == 0)
        std::this_thread::yield();
    // Other commands and other disks answer meanwhile.
    assert_text_equal(lu_name(world, "sda"), "60060e80123456000000000000000001");
    assert_text_equal(test_unit_ready(world, "sdb"), "good");
    world.apply(disk_fault(Verb::CommandReleased, "sda"));
    worker.join();
    assert_text_equal(answer, "good");
    assert_int_equal(world.san->counts().hanging, 0);
}

void a_hanging_command_ends_with_the_san(void**) {
    auto world = two_arrays();
    world.apply(disk_fault(Verb::CommandHangs, "sda"));
    const auto device = world.open("sda");
    int errnum = 0;
    std::thread worker([&] {
        const std::array<std::uint8_t, 6> cdb{};
        errnum = device->read(cdb, {}, 1s).error->errnum;
    });
    while (world.san->counts().hanging == 0)
        std::this_thread::yield();
    world.san.reset();
    worker.join();
    assert_int_equal(errnum, ECANCELED);
}

void a_storm_serves_the_loop_after_each_step(void**) {
    auto world = two_arrays();
    world.recorder.told.clear();
    bool over = false;
    assert_ok(world.san->storm("sda", 20, [&](Status ended) {
        assert_ok(ended);
        over = true;
    }));
    assert_int_equal(world.san->storm("sda", 1, [](Status) {}).error().errnum, EBUSY);
    while (!over)
        assert_true(sd_event_run(world.loop.get(), 5'000'000) > 0);
    world.settle();
    assert_int_equal(world.recorder.told.size(), 20);
    assert_text_equal(status(world, "mpatha"), "1: A 8:0+10 8:144+0 | E 8:80+0 8:208+0");
}

void a_fault_on_what_is_not_there_is_refused(void**) {
    auto world = two_arrays();
    world.recorder.told.clear();
    Fault wrong = disk_fault(Verb::PathLost, "sdzz");
    assert_text_equal(world.san->apply(wrong).error().message(),
                      "path_lost sdzz: there is no such disk: No such file or directory");
    wrong = unit_fault(Verb::UnitRemoved, "nothing");
    assert_int_equal(world.san->apply(wrong).error().errnum, ENOENT);
    wrong = unit_fault(Verb::UnitAdded, "database");
    assert_int_equal(world.san->apply(wrong).error().errnum, EEXIST);
    wrong = unit_fault(Verb::MapMade, "scratch");
    assert_int_equal(world.san->apply(wrong).error().errnum, EINVAL);
    wrong = map_fault(Verb::MapRenamed, "mpatha");
    wrong.name = "mpathb";
    assert_int_equal(world.san->apply(wrong).error().errnum, EEXIST);
    wrong = fault(Verb::GroupState);
    wrong.array = "north";
    wrong.group = 77;
    assert_int_equal(world.san->apply(wrong).error().errnum, ENOENT);
    wrong = fault(Verb::HostRemoved);
    wrong.initiator = "other-node";
    assert_int_equal(world.san->apply(wrong).error().errnum, ENOENT);
    world.settle();
    assert_text_equal(world.recorder.take(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_path_is_failed_in_its_map_and_returns),
        cmocka_unit_test(a_group_without_paths_hands_over_and_takes_back),
        cmocka_unit_test(the_last_path_lost_leaves_the_map),
        cmocka_unit_test(a_lost_port_takes_every_path_through_it),
        cmocka_unit_test(an_array_that_fails_over_tells_every_path),
        cmocka_unit_test(a_failover_may_take_its_time),
        cmocka_unit_test(an_idle_host_meets_the_unit_attention_with_its_next_command),
        cmocka_unit_test(a_group_can_be_put_into_each_state),
        cmocka_unit_test(an_array_need_not_do_what_set_target_port_groups_says),
        cmocka_unit_test(an_array_may_be_transitioning_for_a_while),
        cmocka_unit_test(an_array_may_obey_slowly),
        cmocka_unit_test(a_reused_lun_changes_its_name_and_sysfs_keeps_the_old_one),
        cmocka_unit_test(a_lun_can_be_reused_without_a_word),
        cmocka_unit_test(one_path_can_lead_to_another_unit),
        cmocka_unit_test(a_size_is_seen_by_the_kernel_after_a_rescan),
        cmocka_unit_test(a_removed_unit_answers_that_it_is_not_there),
        cmocka_unit_test(a_removed_unit_takes_its_disks_when_the_host_looks),
        cmocka_unit_test(a_removed_disk_leaves_the_table_and_an_open_one_answers_no_more),
        cmocka_unit_test(the_last_disk_removed_stays_in_the_table),
        cmocka_unit_test(a_removed_host_takes_its_disks_and_brings_them_back),
        cmocka_unit_test(maps_are_removed_and_made_and_renamed),
        cmocka_unit_test(a_suspended_map_is_seen_by_who_looks),
        cmocka_unit_test(without_multipathd_only_io_fails_paths_and_nobody_brings_them_back),
        cmocka_unit_test(a_device_can_be_made_to_lie),
        cmocka_unit_test(a_map_can_be_made_to_say_anything),
        cmocka_unit_test(a_hanging_command_blocks_its_thread_until_it_is_released),
        cmocka_unit_test(a_hanging_command_ends_with_the_san),
        cmocka_unit_test(a_storm_serves_the_loop_after_each_step),
        cmocka_unit_test(a_fault_on_what_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
