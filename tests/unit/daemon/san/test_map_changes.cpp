// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages, tables and removal of maps, as Hardware has them.
#include "common/dm/multipath_table.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "tests/unit/daemon/san/map_story.hpp"

#include <array>
#include <cerrno>

using namespace mpapi;
using namespace mpapi::san;
using namespace std::chrono_literals;

namespace {

// Nobody but the test keeps the maps.
World alone() {
    auto description = load_description(example("two-arrays"));
    assert_ok(description);
    description->machine.multipathd = false;
    return World(std::move(*description));
}

// Runs the loop until a change has ended, and returns what was told before its end, then "ended" or
// the error.
template <typename Ask>
std::string change(World& world, Ask ask) {
    world.recorder.told.clear();
    std::string end, told;
    ask([&](const Status& status) {
        end = status ? "ended" : status.error().message();
        told = world.recorder.take();
    });
    assert_text_equal(end, ""); // later, from the loop
    while (end.empty())
        assert_true(sd_event_run(world.loop.get(), 5'000'000) > 0);
    return told.empty() ? end : told + ", " + end;
}

std::string send(World& world, const std::string& map, const std::string& message) {
    return change(world,
                  [&](auto ended) { world.san->send_message(ref(world, map), message, ended); });
}

std::string load(World& world, const std::string& map, const std::string& table) {
    return change(world, [&](auto ended) { world.san->load_table(ref(world, map), table, ended); });
}

std::string remove(World& world, const std::string& map) {
    return change(world, [&](auto ended) { world.san->remove_map(ref(world, map), ended); });
}

void a_path_is_failed_and_reinstated_by_a_message(void**) {
    auto world = alone();
    const auto before = world.recorder.map("mpatha").event_number;
    assert_text_equal(send(world, "mpatha", "fail_path 8:0"), "map mpatha, ended");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0-1 8:144+0 | E 8:80+0 8:208+0");
    assert_int_equal(world.recorder.map("mpatha").event_number, before + 1);
    // Failed already: nothing happens, and that is no error.
    assert_text_equal(send(world, "mpatha", "FAIL_PATH 8:0"), "ended");
    assert_text_equal(send(world, "mpatha", "fail_path /dev/sdj"), "map mpatha, ended");
    assert_text_equal(status(world, "mpatha"), "2: E 8:0-1 8:144-1 | A 8:80+0 8:208+0");
    // The group in use stays in use.
    assert_text_equal(send(world, "mpatha", "reinstate_path 8:0"), "map mpatha, ended");
    assert_text_equal(status(world, "mpatha"), "2: E 8:0+1 8:144-1 | A 8:80+0 8:208+0");
}

void groups_are_switched_to_and_bypassed(void**) {
    auto world = alone();
    assert_text_equal(send(world, "mpatha", "switch_group 2"), "map mpatha, ended");
    assert_text_equal(status(world, "mpatha"), "2: E 8:0+0 8:144+0 | A 8:80+0 8:208+0");
    assert_text_equal(send(world, "mpatha", "switch_group 1"), "map mpatha, ended");
    assert_text_equal(send(world, "mpatha", "disable_group 1"), "map mpatha, ended");
    assert_text_equal(status(world, "mpatha"), "2: D 8:0+0 8:144+0 | A 8:80+0 8:208+0");
    // A group that is bypassed is better than none.
    send(world, "mpatha", "fail_path 8:80");
    send(world, "mpatha", "fail_path 8:208");
    assert_text_equal(status(world, "mpatha"), "1: D 8:0+0 8:144+0 | E 8:80-1 8:208-1");
    assert_text_equal(send(world, "mpatha", "enable_group 1"), "map mpatha, ended");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0+0 8:144+0 | E 8:80-1 8:208-1");
    // Switching ends every bypass.
    send(world, "mpatha", "disable_group 1");
    send(world, "mpatha", "switch_group 1");
    assert_text_equal(status(world, "mpatha"), "1: A 8:0+0 8:144+0 | E 8:80-1 8:208-1");
}

void queueing_is_a_feature_of_the_table(void**) {
    auto world = alone();
    const auto features = [&world] {
        const auto table = dm::parse_multipath_table(world.recorder.map("mpathd").table);
        assert_ok(table);
        return table->features.text();
    };
    assert_text_equal(features(), "queue_if_no_path pg_init_retries 50");
    const auto before = world.recorder.map("mpathd").event_number;
    assert_text_equal(send(world, "mpathd", "fail_if_no_path"), "map mpathd, ended");
    assert_text_equal(features(), "pg_init_retries 50");
    assert_text_equal(send(world, "mpathd", "queue_if_no_path"), "map mpathd, ended");
    assert_text_equal(features(), "queue_if_no_path pg_init_retries 50");
    assert_int_equal(world.recorder.map("mpathd").event_number, before);
}

void messages_that_make_no_sense_are_refused(void**) {
    auto world = alone();
    for (const auto* message :
         {"", "nonsense", "fail_path", "fail_path 8:0 8:16", "fail_path 8:16", "fail_path 9:0",
          "fail_path sda", "switch_group 0", "switch_group 3", "switch_group 1x", "switch_group -1",
          "disable_group", "reinstate 8:0", "@cancel_deferred_remove"}) {
        bool refused = false;
        world.san->send_message(ref(world, "mpatha"), message, [&](const Status& ended) {
            assert_false(ended.has_value());
            assert_int_equal(ended.error().errnum, EINVAL);
            refused = true;
        });
        world.settle();
        assert_true(refused);
    }
    assert_text_equal(status(world, "mpatha"), as_described);
}

void a_table_is_what_was_loaded(void**) {
    auto world = alone();
    send(world, "mpatha", "fail_path 8:0");
    const auto events = world.recorder.map("mpatha").event_number;
    const std::string table = "1 queue_if_no_path 1 alua 2 2 "
                              "round-robin 0 1 1 8:208 1000 "
                              "queue-length 0 2 0 8:80 8:0 ";
    // sdj has left the table: its holders are others now.
    assert_text_equal(load(world, "mpatha", table), "disk sdj, map mpatha, ended");
    assert_text_equal(world.recorder.map("mpatha").table, table);
    assert_text_equal(status(world, "mpatha"), "2: E 8:208+0 | A 8:80+0 8:0+0");
    assert_int_equal(world.recorder.map("mpatha").event_number, events);
    assert_true(world.recorder.disks.at("sdj").holders.empty());
    assert_int_equal(world.recorder.disks.at("sda").holders.size(), 1);
    // And goes on to be: what comes and goes changes nothing in it.
    world.apply(disk_fault(Verb::DiskRemoved, "sdf"));
    assert_text_equal(status(world, "mpatha"), "2: E 8:208+0 | A 8:80+0 8:0+0");
    world.apply(map_fault(Verb::MapIo, "mpatha"));
    assert_text_equal(status(world, "mpatha"), "2: E 8:208+0 | A 8:80-1 8:0+0");
    assert_text_equal(send(world, "mpatha", "fail_path 8:0"), "map mpatha, ended");
    assert_text_equal(status(world, "mpatha"), "1: A 8:208+0 | E 8:80-1 8:0-1");
}

void a_table_that_cannot_be_is_refused_and_the_old_one_stays(void**) {
    auto world = alone();
    const auto before = world.recorder.map("mpatha").table;
    const std::pair<const char*, int> wrong[] = {
        {"", EINVAL},
        {"0 0 1 1 round-robin 0 1", EINVAL},
        {"0 0 1 1 best-guess 0 1 1 8:0 1", EINVAL},
        {"1 fly 0 1 1 round-robin 0 1 1 8:0 1", EINVAL},
        {"0 0 1 1 queue-length 0 1 2 8:0 1 1", EINVAL},
        {"0 0 1 1 round-robin 0 2 1 8:0 1 8:0 1", EINVAL},
        {"0 0 2 1 round-robin 0 1 1 8:0 1 round-robin 0 1 1 8:0 1", EINVAL},
        {"0 0 1 1 round-robin 0 1 1 8:16 1", EINVAL}, // of another unit
        {"0 0 1 1 round-robin 0 1 1 65:240 1", ENXIO},
        {"0 0 1 1 round-robin 0 1 1 8:1 1", ENXIO}, // a partition
        {"0 0 1 1 round-robin 0 1 1 /dev/sdzz 1", ENXIO},
    };
    for (const auto& [table, errnum] : wrong) {
        bool refused = false;
        world.san->load_table(ref(world, "mpatha"), table, [&, errnum = errnum](Status ended) {
            assert_false(ended.has_value());
            assert_int_equal(ended.error().errnum, errnum);
            refused = true;
        });
        world.settle();
        assert_true(refused);
    }
    assert_text_equal(world.recorder.map("mpatha").table, before);
    assert_text_equal(status(world, "mpatha"), as_described);
}

void what_somebody_else_suspended_is_left_alone(void**) {
    auto world = alone();
    world.apply(map_fault(Verb::MapSuspended, "mpatha"));
    assert_text_equal(send(world, "mpatha", "fail_path 8:0"),
                      "send message to map mpatha: somebody has suspended it: " +
                          std::string(std::strerror(EBUSY)));
    assert_text_equal(load(world, "mpatha", "0 0 1 1 round-robin 0 1 1 8:0 1"),
                      "load table of map mpatha: somebody has suspended it: " +
                          std::string(std::strerror(EBUSY)));
}

void a_map_is_removed_unless_somebody_has_it_open(void**) {
    auto world = alone();
    const auto old = ref(world, "mpatha");
    world.apply(map_fault(Verb::MapHeld, "mpatha"));
    assert_text_equal(remove(world, "mpatha"), "remove map mpatha: somebody has it open: " +
                                                   std::string(std::strerror(EBUSY)));
    const auto refused = world.san->apply(map_fault(Verb::MapRemoved, "mpatha"));
    assert_false(refused.has_value());
    assert_int_equal(refused.error().errnum, EBUSY);
    world.apply(map_fault(Verb::MapReleased, "mpatha"));
    assert_text_equal(remove(world, "mpatha"), "disk sda, disk sdf, disk sdj, disk sdn, map gone " +
                                                   std::to_string(old.number.minor) + ", ended");

    // Another map has the number now.
    Fault made;
    made.verb = Verb::MapMade;
    made.unit = "scratch";
    made.name = "mpathz";
    world.apply(made);
    assert_true(ref(world, "mpathz").number == old.number);
    const auto gone = "change map mpatha: the map is gone: " + std::string(std::strerror(ENODEV));
    assert_text_equal(
        change(world, [&](auto ended) { world.san->send_message(old, "fail_path 8:0", ended); }),
        gone);
    assert_text_equal(change(world, [&](auto ended) { world.san->remove_map(old, ended); }), gone);
    assert_text_equal(
        change(world, [&](auto ended) { world.san->clear_inactive_table(old, ended); }), gone);
    assert_text_equal(
        change(world,
               [&](auto ended) { world.san->clear_inactive_table(ref(world, "mpathz"), ended); }),
        "ended");
}

void a_removed_map_begins_anew(void**) {
    auto world = alone();
    load(world, "mpatha", "0 0 1 1 round-robin 0 1 1 8:0 1");
    remove(world, "mpatha");
    Fault made;
    made.verb = Verb::MapMade;
    made.unit = "database";
    world.apply(made);
    assert_text_equal(status(world, "mpatha"), as_described);
}

// Two that act on one map: the last one's table is in force.
void multipathd_loads_its_own_table_over_another(void**) {
    auto world = World::from(example("two-arrays"));
    load(world, "mpatha", "0 0 1 1 round-robin 0 2 1 8:0 1 8:144 1");
    world.apply(disk_fault(Verb::DiskRemoved, "sda"));
    assert_text_equal(status(world, "mpatha"), "1: A 8:144+0 | E 8:80+0 8:208+0");
}

void many_changes_end_in_their_order(void**) {
    auto world = alone();
    std::string order;
    for (int i = 0; i < 5; ++i)
        world.san->send_message(ref(world, "mpatha"), i % 2 == 0 ? "fail_path 8:0" : "nonsense",
                                [&order, i](const Status& status) {
                                    order += std::to_string(i) + (status ? "+" : "-");
                                });
    world.settle();
    assert_text_equal(order, "0+1-2+3-4+");
}

void a_change_that_is_asked_for_before_the_first_news_ends(void**) {
    auto description = load_description(example("two-arrays"));
    assert_ok(description);
    auto san = San::make(std::move(*description));
    assert_ok(san);
    sd_event* made = nullptr;
    assert_true(sd_event_new(&made) >= 0);
    const EventLoop loop(made);
    Recorder recorder;
    assert_ok((*san)->start(loop.get(), recorder));
    bool told = false;
    (*san)->when_told([&] {
        told = true;
        assert_int_equal(recorder.maps.size(), 7);
    });
    while (!told)
        assert_true(sd_event_run(loop.get(), 1'000'000) > 0);
}

void a_unit_takes_set_target_port_groups(void**) {
    auto world = alone();
    const auto device = world.open("sda");
    const std::array<std::uint8_t, 8> list{0, 0, 0, 0, 0x2, 0, 0, 1}; // group 1: standby
    const std::array<std::uint8_t, 12> cdb{0xa4, 0x0a, 0, 0, 0, 0, 0, 0, 0, 8};
    assert_true(device->write(cdb, list, 1s).good());
    std::array<std::uint8_t, 512> data{};
    const auto report = scsi::report_target_port_groups_cdb(scsi::GroupsFormat::LengthOnly, 512);
    const auto reply = device->read(report, data, 1s);
    assert_true(reply.good());
    const auto groups = scsi::parse_target_port_groups(std::span(data).first(reply.received));
    assert_ok(groups);
    assert_true(groups->groups[0].state == scsi::AccessState::Standby);
    const std::array<std::uint8_t, 6> test_unit_ready{};
    assert_int_equal(device->write(test_unit_ready, {}, 1s).status, 2);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_failed_and_reinstated_by_a_message),
        cmocka_unit_test(groups_are_switched_to_and_bypassed),
        cmocka_unit_test(queueing_is_a_feature_of_the_table),
        cmocka_unit_test(messages_that_make_no_sense_are_refused),
        cmocka_unit_test(a_table_is_what_was_loaded),
        cmocka_unit_test(a_table_that_cannot_be_is_refused_and_the_old_one_stays),
        cmocka_unit_test(what_somebody_else_suspended_is_left_alone),
        cmocka_unit_test(a_map_is_removed_unless_somebody_has_it_open),
        cmocka_unit_test(a_removed_map_begins_anew),
        cmocka_unit_test(multipathd_loads_its_own_table_over_another),
        cmocka_unit_test(many_changes_end_in_their_order),
        cmocka_unit_test(a_change_that_is_asked_for_before_the_first_news_ends),
        cmocka_unit_test(a_unit_takes_set_target_port_groups),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
