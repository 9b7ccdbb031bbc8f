// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was wanted before multipathd, or mpapid, was started anew.
#include "tests/unit/daemon/multipathd/managed_map.hpp"

using namespace mpapi;
using namespace mpapi::multipathd;

namespace {

void taking_charge_of_what_is_in_force_does_nothing(void**) {
    World world;
    world.start();
    paths::Intents kept = selector("queue-length 0");
    kept.disabled.insert(name_of("sdd"));
    world.make(kept);
    world.multipathd->forget();
    world.story.clear();
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.story, "");
}

void taking_charge_of_nothing_writes_no_file(void**) {
    World world;
    world.start();
    world.manager->resume({}, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.file(), "");
}

void taking_charge_makes_true_what_a_killed_daemon_left(void**) {
    World world;
    paths::Intents kept = selector("queue-length 0");
    kept.disabled.insert(name_of("sdd"));
    world.record = kept.disabled; // and nothing else was done
    world.start();
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.story, "udev sdd; ");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    assert_int_equal(world.group_of("sdd"), 0);
    assert_text_equal(world.unit().unit.selector, "queue-length");
}

void taking_charge_has_a_file_loaded_that_was_only_written(void**) {
    World world;
    const paths::Intents kept = selector("queue-length 0");
    world.start();
    world.root.write(our_file, drop_in(kept)->text);
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
}

void taking_charge_undoes_what_nobody_asks_for_any_more(void**) {
    World world;
    world.root.write(our_file, drop_in(override_by("sdc"))->text);
    world.multipathd->restart();
    world.model = world.multipathd->snapshot(2);
    world.start();
    assert_int_equal(world.group_of("sdd"), 4);
    world.manager->resume({}, world.take());
    assert_false(paths::refused(world.wait()));
    assert_int_equal(world.group_of("sdd"), 2);
    assert_text_equal(world.file(), drop_in({})->text);
}

// Whoever took charge keeps the record from then on, and may have written it meanwhile.
void what_is_undone_after_the_end_leaves_the_record_alone(void**) {
    World world;
    world.start();
    world.udev_is_slow = true;
    world.begin(disabled({"sdd"}));
    world.run([&] { return world.held != nullptr; });
    world.systemd->set("inactive");
    world.manager->retire();
    world.record = disabled({"sda"}).disabled;
    world.udev_is_slow = false;
    std::exchange(world.held, nullptr)();
    World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_true(world.record == disabled({"sda"}).disabled);
    assert_text_equal(world.story, "record 1; udev sdd; udev sdd; ");
}

void taking_charge_waits_for_what_is_being_undone(void**) {
    World world;
    world.start();
    world.make(disabled({"sda"})); // the file stays as it is from now on
    world.multipathd->behaves("del path sdd", "hang");
    world.begin(disabled({"sda", "sdd"}));
    world.run([&] { return world.multipathd->deeds().ends_with("del path sdd"); });
    world.udev_is_slow = true;
    world.systemd->set("failed");
    world.multipathd->behaves_well();
    world.run([&] { return world.held != nullptr; });
    world.multipathd->restart();
    world.systemd->set("activating");
    world.run_dry();
    assert_int_equal(world.group_of("sdd"), 0);
    world.systemd->set("active");
    world.run_dry();
    std::optional<paths::Outcome> resumed;
    world.manager->resume(world.asked, [&](const paths::Outcome& told) {
        resumed = told;
        assert_true(world.outcome.has_value());
    });
    world.run_dry();
    world.udev_is_slow = false;
    std::exchange(world.held, nullptr)();
    world.run([&] { return resumed.has_value(); });
    assert_false(paths::refused(*resumed));
    assert_int_equal(world.group_of("sdd"), 2);
}

// Killed and started anew while a path was being disabled: it read udev's database before the path
// was enabled again, and was told of that as of a disk that it does not have.
void taking_charge_adds_a_path_that_was_enabled_while_it_started(void**) {
    World world;
    world.start();
    world.make(disabled({"sda"})); // the file stays as it is from now on
    world.multipathd->behaves("del path sdd", "hang");
    world.begin(disabled({"sda", "sdd"}));
    world.run([&] { return world.multipathd->deeds().ends_with("del path sdd"); });
    world.multipathd->behaves_well();
    world.multipathd->restart();
    world.systemd->set("activating");
    World::expect(world.wait(), paths::Refusal::TryAgain);
    world.run_dry();
    assert_int_equal(world.group_of("sdd"), 0);
    world.systemd->set("active");
    world.multipathd->forget();
    world.manager->resume(world.asked, world.take());
    assert_false(paths::refused(world.wait()));
    assert_int_equal(world.group_of("sdd"), 2);
    assert_text_equal(world.multipathd->deeds(), "add path sdd");
    // Once is enough.
    world.multipathd->forget();
    world.manager->resume(world.asked, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "");
}

void taking_charge_takes_up_an_override(void**) {
    World world;
    const paths::Intents kept = override_by("sdc");
    world.root.write(our_file, drop_in(kept)->text);
    world.multipathd->restart();
    world.model = world.multipathd->snapshot(2);
    world.start();
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    world.run([&] { return world.unit().unit.current_group == 3; });
    assert_text_equal(world.multipathd->deeds(), "switch map mpatha group 3");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(taking_charge_of_what_is_in_force_does_nothing),
        cmocka_unit_test(taking_charge_of_nothing_writes_no_file),
        cmocka_unit_test(taking_charge_makes_true_what_a_killed_daemon_left),
        cmocka_unit_test(taking_charge_has_a_file_loaded_that_was_only_written),
        cmocka_unit_test(taking_charge_undoes_what_nobody_asks_for_any_more),
        cmocka_unit_test(what_is_undone_after_the_end_leaves_the_record_alone),
        cmocka_unit_test(taking_charge_waits_for_what_is_being_undone),
        cmocka_unit_test(taking_charge_adds_a_path_that_was_enabled_while_it_started),
        cmocka_unit_test(taking_charge_takes_up_an_override),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
