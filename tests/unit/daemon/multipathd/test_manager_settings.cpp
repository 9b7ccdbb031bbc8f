// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Settings, which multipathd reads in our file.
#include "tests/unit/daemon/multipathd/managed_map.hpp"

using namespace mpapi;
using namespace mpapi::multipathd;
using namespace std::chrono_literals;

namespace {

void a_setting_is_written_loaded_and_in_the_table(void**) {
    World world;
    world.start();
    world.make(selector("queue-length 0"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
    assert_text_equal(world.unit().unit.selector, "queue-length");
    assert_text_equal(world.file(), drop_in(world.asked)->text);
    // Who asked may look at once: its settings are those that were loaded.
    assert_true(world.learnt.find(drop_in(world.asked)->revision) != std::string::npos);
}

// It shows what it took for arguments that were left out (hst_status()).
void what_the_kernel_adds_to_a_selector_is_no_contradiction(void**) {
    World world;
    world.multipathd->set_shown("historical-service-time 0", "historical-service-time 2 64 0");
    world.multipathd->set_shown("historical-service-time 1 9", "historical-service-time 2 9 0");
    world.start();
    world.make(selector("historical-service-time 0"));
    assert_text_equal(world.unit().unit.selector_arguments, "64 0");
    world.make(selector("historical-service-time 1 9"));
    world.multipathd->set_shown("historical-service-time 1 8", "historical-service-time 2 9 0");
    assert_contains(world.refuse(selector("historical-service-time 1 8"), paths::Refusal::Failed),
                    "has path selector \"historical-service-time 2 9 0\"");
}

void what_is_changed_together_is_one_reconfigure(void**) {
    World world;
    world.start();
    paths::Intents wanted = selector("historical-service-time 2 20 5");
    wanted.units[map_wwid].settings.auto_failback = false;
    wanted.everywhere.auto_failback = true;
    wanted.everywhere.failback_rate = 20;
    wanted.everywhere.probing_rate = 3;
    wanted.everywhere.selector = "round-robin 0";
    wanted.disabled.insert(name_of("sdd"));
    world.make(wanted);
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    assert_int_equal(world.group_of("sdd"), 0);
}

// "manual" has no room for it.
void a_rate_that_was_set_is_shown_while_failback_is_off(void**) {
    World world;
    world.start();
    const auto loaded = [&] {
        world.policy.set_configuration({}, *multipath_conf::parse("show config", world.learnt));
        model::LogicalUnit unit = world.unit().unit;
        unit.settings = world.policy.settings(unit, model::Transport::Unknown);
        return unit;
    };
    paths::Intents wanted;
    wanted.everywhere.auto_failback = false;
    wanted.everywhere.failback_rate = 30;
    world.make(wanted);
    const model::LogicalUnit of_all = loaded();
    for (const model::LogicalUnit* unit :
         {static_cast<const model::LogicalUnit*>(nullptr), &of_all}) {
        assert_true(world.manager->upkeep(unit).auto_failback == model::Switch::Off);
        assert_int_equal(world.manager->upkeep(unit).failback_rate, 30);
    }
    wanted.units[map_wwid].settings.failback_rate = 40;
    world.make(wanted);
    const model::LogicalUnit own = loaded();
    assert_int_equal(world.manager->upkeep(&own).failback_rate, 40);
    assert_int_equal(world.manager->upkeep(nullptr).failback_rate, 30);
    wanted.everywhere.auto_failback = true;
    world.make(wanted);
    loaded();
    assert_int_equal(world.manager->upkeep(nullptr).failback_rate, 30);
    // What was refused is not.
    wanted.everywhere.auto_failback = false;
    wanted.everywhere.failback_rate = 50;
    world.multipathd->behaves("reconfigure", "fail");
    world.refuse(wanted, paths::Refusal::Failed);
    assert_int_equal(world.manager->upkeep(nullptr).failback_rate, 30);
}

void a_setting_that_is_taken_back_leaves_the_file_without_it(void**) {
    World world;
    world.start();
    world.make(selector("queue-length 0"));
    world.make({});
    assert_text_equal(world.file(), drop_in({})->text);
    assert_text_equal(world.unit().unit.selector, "service-time");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure");
}

void a_slow_reconfigure_is_waited_for(void**) {
    World world;
    world.multipathd->set_slow(4);
    world.start();
    world.make(selector("queue-length 0"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
}

void a_busy_multipathd_is_asked_again(void**) {
    World world;
    world.start();
    world.multipathd->behaves("show config", "timeout", 3);
    world.multipathd->behaves("reconfigure", "timeout", 2);
    world.make(selector("queue-length 0"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure, reconfigure");
}

void one_that_is_busy_for_ever_ends_it(void**) {
    World world;
    world.options.limits.busy = 100ms;
    world.start();
    world.multipathd->behaves("show config", "timeout");
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TimedOut);
    assert_contains(text, "busy");
    assert_text_equal(world.file(), "");
}

void an_administrators_file_that_wins_is_named_and_ours_is_put_back(void**) {
    World world;
    world.root.write("etc/multipath/conf.d/zzz.conf", "multipaths {\n multipath {\n  wwid " +
                                                          std::string(map_wwid) +
                                                          "\n  path_selector \"round-robin 0\"\n"
                                                          " }\n}\n");
    world.start();
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::Failed);
    assert_contains(text, "/etc/multipath/conf.d/zzz.conf, line 4");
    assert_contains(text, "\"round-robin 0\"");
    assert_text_equal(world.file(), "");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure");

    // What was ours before stays ours.
    paths::Intents wanted;
    wanted.everywhere.probing_rate = 3;
    world.make(wanted);
    const std::string before = world.file();
    wanted.units = selector("queue-length 0").units;
    world.refuse(wanted, paths::Refusal::Failed);
    assert_text_equal(world.file(), before);
    // What was not true already is no reason to refuse another change.
    world.asked = wanted;
    wanted.everywhere.probing_rate = 4;
    world.make(wanted);
}

// "overrides" is looked at before "defaults", where that of all units stands.
void a_selector_of_all_units_that_an_administrator_overrides_is_told(void**) {
    World world;
    world.root.write("etc/multipath/conf.d/site.conf",
                     "overrides {\n path_selector \"round-robin 0\"\n}\n");
    world.start();
    paths::Intents wanted;
    wanted.everywhere.selector = "queue-length 0";
    const auto text = world.refuse(wanted, paths::Refusal::Failed);
    assert_contains(text, "/etc/multipath/conf.d/site.conf, line 2");
    assert_contains(text, "\"round-robin 0\"");
    assert_text_equal(world.file(), "");
    // The same is no contradiction, nor is what a unit has of its own.
    wanted.everywhere.selector = "round-robin 0";
    world.make(wanted);
    wanted.units[map_wwid].settings.selector = "queue-length 0";
    world.make(wanted);
}

// One thing that cannot be put back is no reason to leave the others as they are.
void a_disk_that_udev_is_stuck_with_does_not_keep_the_file_from_being_put_back(void**) {
    World world;
    world.root.write("etc/multipath/conf.d/zzz.conf", "multipaths {\n multipath {\n  wwid " +
                                                          std::string(map_wwid) +
                                                          "\n  path_selector \"round-robin 0\"\n"
                                                          " }\n}\n");
    world.start();
    paths::Intents wanted = selector("queue-length 0");
    wanted.disabled = disabled({"sdd"}).disabled;
    world.begin(wanted);
    world.run([&] { return world.story.ends_with("udev sdd; "); });
    world.udev_fails = "sdd";
    const auto text = World::expect(world.wait(), paths::Refusal::Failed);
    assert_contains(text, "zzz.conf");
    assert_contains(text, "could not be put back");
    assert_contains(text, "sdd");
    assert_text_equal(world.story, "record 1; udev sdd; record 0; udev sdd; ");
    assert_text_equal(world.file(), "");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure, add path sdd");
}

void one_that_does_not_load_the_file_ends_it(void**) {
    World world;
    world.multipathd->set_slow(1'000'000);
    world.start();
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TimedOut);
    assert_contains(text, "has not loaded");
    assert_text_equal(world.file(), "");
}

void a_table_that_does_not_follow_ends_it(void**) {
    World world;
    world.start();
    // Loaded, and yet not in the table: the rest of the world has not this map's name.
    paths::Intents wanted = disabled({"sdd"});
    world.multipathd->behaves("del path sdd", "fail");
    world.make(selector("queue-length 0"));
    world.multipathd->forget();
    wanted.units = world.asked.units;
    const auto text = world.refuse(wanted, paths::Refusal::Failed);
    assert_contains(text, "The table of mpatha still has path sdd");
    assert_text_equal(world.multipathd->deeds(), "del path sdd, add path sdd");
    assert_true(world.record.empty());
    assert_int_equal(world.group_of("sdd"), 2);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_is_written_loaded_and_in_the_table),
        cmocka_unit_test(what_the_kernel_adds_to_a_selector_is_no_contradiction),
        cmocka_unit_test(what_is_changed_together_is_one_reconfigure),
        cmocka_unit_test(a_rate_that_was_set_is_shown_while_failback_is_off),
        cmocka_unit_test(a_setting_that_is_taken_back_leaves_the_file_without_it),
        cmocka_unit_test(a_slow_reconfigure_is_waited_for),
        cmocka_unit_test(a_busy_multipathd_is_asked_again),
        cmocka_unit_test(one_that_is_busy_for_ever_ends_it),
        cmocka_unit_test(an_administrators_file_that_wins_is_named_and_ours_is_put_back),
        cmocka_unit_test(a_selector_of_all_units_that_an_administrator_overrides_is_told),
        cmocka_unit_test(a_disk_that_udev_is_stuck_with_does_not_keep_the_file_from_being_put_back),
        cmocka_unit_test(one_that_does_not_load_the_file_ends_it),
        cmocka_unit_test(a_table_that_does_not_follow_ends_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
