// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What comes in an order nobody wished for: answers to questions about what is gone, numbers and
// names used again, tables that name one disk twice, and hosts that serve again.
#include "tests/unit/daemon/inventory/scripted_world.hpp"

using namespace mpapi;
using namespace mpapi::daemon;

namespace {

void a_disk_that_returns_while_its_old_question_is_under_way_is_asked_again(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    world.mood(0, Mood::Hangs);
    world.daemon.inventory().inquiry_data_changed("sda");
    const auto asked = world.devices.asked(sd(0));
    world.daemon.run_until([&] { return world.devices.asked(sd(0)) > asked; });
    world.daemon.inventory().disk_gone("sda");
    world.add("sda", 0, 1, {7});
    world.daemon.settle();
    const model::Path& path = world.daemon.path("sda");
    assert_text_equal(path.designator, ScriptedDevices::unit_name(7));
    assert_true(path.identity == model::Identity::Changed);
    assert_true(path.state == model::PathState::Okay);
}

void a_stuck_disk_that_is_removed_and_returns_is_a_new_one(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    world.mood(0, Mood::Hangs);
    world.daemon.inventory().inquiry_data_changed("sda");
    world.daemon.run_until(
        [&] { return world.daemon.path("sda").state == model::PathState::Unknown; });
    world.remove("sda", 0);
    world.daemon.settle();
    assert_true(world.daemon.path("sda").state == model::PathState::Removed);
    world.add("sda", 0);
    world.daemon.settle();
    assert_true(world.daemon.path("sda").state == model::PathState::Okay);
    assert_true(world.daemon.path("sda").identity == model::Identity::Verified);
}

void a_refused_disk_is_asked_again_though_the_stuck_one_is_gone(void**) {
    World world;
    ScriptedDisk hangs;
    hangs.mood = Mood::Hangs;
    world.daemon.enumerated();
    world.add("sda", 0, 1, hangs);
    world.add("sdb", 1, 2, hangs);
    world.daemon.settle();
    world.add("sdc", 2, 3);
    world.daemon.settle();
    const auto trouble_of = [&](const char* name) {
        for (const auto& disk : world.daemon.model().disks)
            if (disk.device == name) return bool(disk.trouble);
        fail_msg("no disk %s", name);
        return false;
    };
    assert_true(trouble_of("sdc"));
    world.daemon.inventory().disk_gone("sda");
    world.daemon.inventory().disk_gone("sdb");
    world.devices.remove(sd(0));
    world.devices.remove(sd(1));
    world.daemon.run_until([&] { return !trouble_of("sdc"); });
}

void a_path_whose_group_question_hung_is_okay_again_when_it_returns(void**) {
    World world;
    world.add("sda", 0);
    world.add("sdb", 1, 2);
    world.map(map_facts("m", 0, {sd(0), sd(1)}));
    world.daemon.enumerated();
    const auto groups_hang = [&](bool hang) {
        for (const std::uint32_t minor : {0u, 1u})
            world.devices.change(sd(minor), [hang](ScriptedDisk& d) { d.groups_hang = hang; });
    };
    groups_hang(true);
    // Both questions at once: the one about the identity is answered, the other is not.
    world.daemon.inventory().access_state_changed("sda", std::chrono::steady_clock::now());
    world.daemon.inventory().inquiry_data_changed("sda");
    world.daemon.inventory().inquiry_data_changed("sdb");
    world.daemon.run_until([&] {
        return world.daemon.inventory().counters().commands_stuck == 2 ||
               world.daemon.unit("name-m").groups[0].trouble;
    });
    groups_hang(false);
    world.daemon.run_until([&] {
        for (const auto& path : world.daemon.unit("name-m").paths)
            if (path.state != model::PathState::Okay || path.trouble) return false;
        return world.daemon.unit("name-m").groups[0].access_state ==
               model::AccessState::ActiveOptimized;
    });
}

void a_table_that_names_a_disk_twice_has_one_path_for_it(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0), sd(0), sd(5), sd(5)}));
    world.daemon.enumerated();
    assert_int_equal(world.daemon.unit("name-m").paths.size(), 2);
    Auditor::references(world.daemon.model());
    world.remove("sda", 0);
    world.daemon.inventory().map_gone(dm_number(0));
    world.daemon.settle();
    assert_int_equal(world.daemon.model().units.size(), 0);
    world.map(map_facts("m", 0, {sd(5), sd(5)}));
    world.map(map_facts("m", 0, {}));
    world.daemon.settle();
    assert_int_equal(world.daemon.unit("name-m").paths.size(), 0);
}

void a_number_under_another_name_is_another_disk(void**) {
    World world;
    world.add("sda", 0);
    world.daemon.enumerated();
    world.add("sdb", 0); // the end of sda was not told
    world.daemon.settle();
    assert_int_equal(world.daemon.model().disks.size(), 1);
    world.remove("sdb", 0);
    world.daemon.settle();
    assert_int_equal(world.daemon.model().disks.size(), 0);
    world.remove("sda", 0);
    world.daemon.inventory().inquiry_data_changed("sda");
    world.daemon.settle();
}

void a_map_made_again_under_another_number_before_its_end_is_told_stays(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    const model::Sequence id = world.daemon.unit("name-m").unit.id;
    world.map(map_facts("m", 1, {sd(0)}));
    world.daemon.settle();
    world.daemon.inventory().map_gone(dm_number(0));
    world.daemon.settle();
    assert_int_equal(world.daemon.unit("name-m").unit.id, id);
    assert_int_equal(world.daemon.unit("name-m").unit.number.minor, 1);
    assert_int_equal(world.daemon.unit("name-m").paths.size(), 1);
    world.daemon.inventory().refresh(id); // it is still found by its number
    world.daemon.settle();
    world.daemon.inventory().map_gone(dm_number(1));
    world.daemon.settle();
    assert_int_equal(world.daemon.model().units.size(), 0);
}

void two_maps_that_swap_their_names_are_both_there(void**) {
    World world;
    world.add("sda", 0);
    world.add("sdb", 1, 2, {1});
    world.map(map_facts("x", 0, {sd(0)}));
    world.map(map_facts("y", 1, {sd(1)}));
    world.daemon.enumerated();
    world.map(map_facts("y", 0, {sd(0)}));
    world.daemon.settle();
    world.map(map_facts("x", 1, {sd(1)}));
    world.daemon.settle();
    assert_text_equal(world.daemon.unit("name-y").paths.at(0).device, "sda");
    assert_text_equal(world.daemon.unit("name-x").paths.at(0).device, "sdb");
}

void a_disk_of_two_tables_goes_back_when_one_of_them_ends(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("a", 0, {sd(0)}));
    world.map(map_facts("b", 1, {sd(0)}));
    world.daemon.enumerated();
    assert_int_equal(world.daemon.unit("name-b").paths.size(), 1);
    world.daemon.inventory().map_gone(dm_number(1));
    world.daemon.settle();
    assert_int_equal(world.daemon.unit("name-a").paths.size(), 1);
    assert_int_equal(world.daemon.model().disks.size(), 0);
    world.map(map_facts("b", 1, {sd(0)}));
    world.map(map_facts("b", 1, {}));
    world.daemon.settle();
    assert_int_equal(world.daemon.unit("name-a").paths.size(), 1);
}

void an_answer_to_the_map_that_was_there_before_is_not_taken(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    world.devices.change(sd(0), [](ScriptedDisk& disk) { disk.groups_hang = true; });
    world.daemon.inventory().access_state_changed("sda", std::chrono::steady_clock::now());
    const auto asked = world.devices.asked(sd(0));
    world.daemon.run_until([&] { return world.devices.asked(sd(0)) > asked; });
    // The map is made again of another disk while the question is under way.
    world.daemon.inventory().map_gone(dm_number(0));
    world.add("sdb", 1, 2);
    world.map(map_facts("m", 0, {sd(1)}));
    world.daemon.run_until([&] {
        return world.daemon.inventory().counters().commands_stalled > 0 &&
               world.daemon.find_unit("name-m") &&
               world.daemon.find_unit("name-m")->groups.size() == 2;
    });
    world.daemon.settle();
    for (const auto& group : world.daemon.unit("name-m").groups)
        assert_true(group.access_state == model::AccessState::ActiveOptimized);
}

void groups_are_asked_for_again_once_a_path_returns(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    world.mood(0, Mood::Silent);
    world.daemon.inventory().access_state_changed("sda", std::chrono::steady_clock::now());
    world.daemon.settle();
    assert_true(world.daemon.unit("name-m").groups[0].access_state == model::AccessState::Unknown);
    world.mood(0, Mood::Good);
    world.daemon.inventory().inquiry_data_changed("sda");
    world.daemon.settle();
    assert_true(world.daemon.unit("name-m").groups[0].access_state ==
                model::AccessState::ActiveOptimized);
}

void a_unit_that_fails_in_two_ways_by_turns_is_told_once(void**) {
    World world;
    world.add("sda", 0, 1, {0, 1, 1});
    world.add("sdb", 1, 2, {0, 2, 2});
    world.map(map_facts("m", 0, {sd(0), sd(1)}));
    world.daemon.enumerated();
    world.mood(0, Mood::Silent);
    world.mood(1, Mood::Refuses);
    const auto id = world.daemon.unit("name-m").unit.id;
    world.daemon.inventory().refresh(id);
    world.daemon.settle();
    const auto steps = world.daemon.auditor.steps;
    for (int i = 0; i < 6; ++i) {
        world.daemon.inventory().refresh(id);
        world.daemon.settle();
    }
    assert_int_equal(world.daemon.auditor.steps, steps);
}

void a_status_that_is_not_understood_is_no_path_error(void**) {
    World world;
    world.add("sda", 0);
    MapFacts facts = map_facts("m", 0, {sd(0)});
    facts.table.replace(0, 1, "1 queue_if_no_path");
    facts.status = "rubbish";
    world.map(facts);
    world.daemon.enumerated();
    const model::Unit& unit = world.daemon.unit("name-m");
    assert_true(bool(unit.unit.trouble));
    assert_text_equal(unit.unit.trouble->command, "status");
    assert_true(unit.unit.queue_if_no_path);
    assert_true(unit.unit.queueing == model::Queueing::No);
    assert_true(unit.paths.at(0).state == model::PathState::Unknown);
}

void a_selector_that_nobody_announced_is_an_object_all_the_same(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}, "of-our-own"));
    world.daemon.enumerated();
    Auditor::references(world.daemon.model());
    world.add("sdb", 1, 2, {1});
    world.map(map_facts("n", 1, {sd(1)}, "of-others"));
    world.daemon.settle();
    Auditor::references(world.daemon.model());
}

void a_path_that_was_reinstated_says_who_it_is(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    MapFacts failed = map_facts("m", 0, {sd(0)});
    failed.status.replace(failed.status.find(" A 0 0 0 "), 2, " F");
    failed.event_number = 1;
    world.map(failed);
    world.daemon.settle();
    world.devices.change(sd(0), [](ScriptedDisk& disk) { disk.unit = 9; });
    MapFacts back = map_facts("m", 0, {sd(0)});
    back.event_number = 2;
    world.map(back);
    world.daemon.settle();
    assert_true(world.daemon.path("sda").identity == model::Identity::Changed);
}

void a_map_made_of_other_disks_is_named_by_them(void**) {
    World world;
    world.add("sda", 0);
    world.add("sdb", 1, 2, {1});
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    world.map(map_facts("m", 0, {sd(1)}));
    world.daemon.settle();
    assert_text_equal(world.daemon.unit("name-m").unit.unit_name, ScriptedDevices::unit_name(1));
    assert_true(world.daemon.path("sdb").identity == model::Identity::Verified);
}

void group_states_that_nobody_can_tell_any_more_are_unknown(void**) {
    World world;
    world.add("sda", 0);
    world.add("sdb", 1, 2, {0, 2, 2});
    world.map(map_facts("m", 0, {sd(0), sd(1)}));
    world.daemon.enumerated();
    const auto all_groups_are = [&](model::AccessState state) {
        const model::Unit& unit = world.daemon.unit("name-m");
        return unit.groups.size() == 2 &&
               std::all_of(unit.groups.begin(), unit.groups.end(), [state](const auto& group) {
                   return group.access_state == state &&
                          bool(group.trouble) == (state == model::AccessState::Unknown);
               });
    };
    const auto become = [&](model::AccessState state) {
        world.daemon.run_until([&] { return all_groups_are(state); });
    };
    become(model::AccessState::ActiveOptimized);
    // Gone, but still in the table.
    world.remove("sda", 0);
    world.daemon.settle();
    assert_true(all_groups_are(model::AccessState::ActiveOptimized));
    world.remove("sdb", 1);
    become(model::AccessState::Unknown);
    const auto& trouble = world.daemon.unit("name-m").groups[0].trouble;
    assert_text_equal(trouble->command, "REPORT TARGET PORT GROUPS");
    assert_text_equal(trouble->reason, "no path is left to ask");
    world.add("sda", 0);
    become(model::AccessState::ActiveOptimized);
    // Gone from the table.
    world.remove("sda", 0);
    world.map(map_facts("m", 0, {}));
    become(model::AccessState::Unknown);
    assert_text_equal(world.daemon.unit("name-m").unit.vendor, "MPAPI");
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    become(model::AccessState::ActiveOptimized);
    // There, but in the middle of a command that was about something else.
    world.mood(0, Mood::Hangs);
    world.daemon.inventory().inquiry_data_changed("sda");
    become(model::AccessState::Unknown);
    world.mood(0, Mood::Good);
    become(model::AccessState::ActiveOptimized);
}

void a_table_without_paths_on_the_way_to_another_is_no_news_of_groups(void**) {
    World world;
    world.add("sda", 0);
    world.map(map_facts("m", 0, {sd(0)}));
    world.daemon.enumerated();
    struct Watch final : ModelListener {
        void model_changed(const model::SnapshotPtr&, const model::SnapshotPtr&,
                           const std::vector<model::Event>& events,
                           std::chrono::steady_clock::time_point) override {
            for (const auto& event : events)
                groups +=
                    std::holds_alternative<model::PartDifference<model::TargetPortGroup>>(event);
        }
        int groups = 0;
    } watch;
    world.daemon.inventory().add_listener(watch);
    int quick = 0;
    for (int i = 0; i < 20; ++i) {
        watch.groups = 0;
        const auto began = std::chrono::steady_clock::now();
        world.map(map_facts("m", 0, {}));
        world.daemon.settle();
        world.map(map_facts("m", 0, {sd(0)}));
        world.daemon.settle();
        // On a busy machine that may take so long that it is news.
        if (std::chrono::steady_clock::now() - began > std::chrono::milliseconds(200)) continue;
        ++quick;
        // The set of known ports is part of a group: it is empty and full again each time.
        assert_int_equal(watch.groups, 2);
    }
    assert_true(quick > 0);
    assert_false(bool(world.daemon.unit("name-m").groups[0].trouble));
}

void readiness_is_told_once(void**) {
    World world;
    ScriptedDisk hangs;
    hangs.mood = Mood::Hangs;
    world.add("sda", 0, 1, hangs);
    world.daemon.inventory().enumerated();
    world.daemon.inventory().enumerated();
    world.daemon.enumerated();
    world.daemon.settle();
    assert_int_equal(world.daemon.times_ready, 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_returns_while_its_old_question_is_under_way_is_asked_again),
        cmocka_unit_test(a_stuck_disk_that_is_removed_and_returns_is_a_new_one),
        cmocka_unit_test(a_refused_disk_is_asked_again_though_the_stuck_one_is_gone),
        cmocka_unit_test(a_path_whose_group_question_hung_is_okay_again_when_it_returns),
        cmocka_unit_test(a_table_that_names_a_disk_twice_has_one_path_for_it),
        cmocka_unit_test(a_number_under_another_name_is_another_disk),
        cmocka_unit_test(a_map_made_again_under_another_number_before_its_end_is_told_stays),
        cmocka_unit_test(two_maps_that_swap_their_names_are_both_there),
        cmocka_unit_test(a_disk_of_two_tables_goes_back_when_one_of_them_ends),
        cmocka_unit_test(an_answer_to_the_map_that_was_there_before_is_not_taken),
        cmocka_unit_test(groups_are_asked_for_again_once_a_path_returns),
        cmocka_unit_test(a_unit_that_fails_in_two_ways_by_turns_is_told_once),
        cmocka_unit_test(a_status_that_is_not_understood_is_no_path_error),
        cmocka_unit_test(a_selector_that_nobody_announced_is_an_object_all_the_same),
        cmocka_unit_test(a_path_that_was_reinstated_says_who_it_is),
        cmocka_unit_test(a_map_made_of_other_disks_is_named_by_them),
        cmocka_unit_test(group_states_that_nobody_can_tell_any_more_are_unknown),
        cmocka_unit_test(a_table_without_paths_on_the_way_to_another_is_no_news_of_groups),
        cmocka_unit_test(readiness_is_told_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
