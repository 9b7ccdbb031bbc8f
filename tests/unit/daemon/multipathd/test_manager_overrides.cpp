// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A path that all I/O is led to.
#include "tests/unit/daemon/multipathd/managed_map.hpp"

using namespace mpapi;
using namespace mpapi::multipathd;
using namespace std::chrono_literals;

namespace {

void an_override_is_one_group_that_is_in_use(void**) {
    World world;
    world.start();
    world.make(override_by("sdc"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure, switch map mpatha group 3");
    assert_int_equal(world.group_of("sdc"), 3);
    assert_int_equal(world.unit().unit.current_group, 3);

    world.multipathd->forget();
    world.make({});
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
    assert_int_equal(world.group_of("sda"), 1);
    assert_int_equal(world.group_of("sdc"), 2);
    assert_int_equal(world.unit().unit.current_group, 1);
    world.multipathd->forget();
    world.multipathd->reload();
    world.run_dry();
    assert_text_equal(world.multipathd->deeds(), "");
}

void an_override_outlives_reloads_and_the_loss_of_its_path(void**) {
    World world;
    world.start();
    world.make(override_by("sdc"));
    world.multipathd->forget();
    world.multipathd->reload();
    world.look();
    assert_int_equal(world.unit().unit.current_group, 1);
    world.run([&] { return world.unit().unit.current_group == 3; });

    world.multipathd->set_failed("sdc", true);
    world.look();
    world.run_dry();
    assert_int_equal(world.unit().unit.current_group, 1); // I/O goes on
    const std::size_t before = world.multipathd->commands().size();
    world.run_dry();
    assert_int_equal(world.multipathd->commands().size(), before);
    world.multipathd->set_failed("sdc", false);
    world.look();
    assert_int_equal(world.unit().unit.current_group, 1);
    world.run([&] { return world.unit().unit.current_group == 3; });
}

void a_switch_that_does_nothing_is_repeated_with_growing_pauses(void**) {
    World world;
    world.start();
    world.make(override_by("sdc"));
    world.multipathd->forget();
    world.multipathd->behaves("switch map mpatha group 3", "fail", 3);
    world.multipathd->reload();
    const auto begin = std::chrono::steady_clock::now();
    world.look();
    world.run([&] { return world.unit().unit.current_group == 3; });
    // The first at once or after the pause of the one that was made; then 60, 120 ms or more.
    assert_true(std::chrono::steady_clock::now() - begin >= 180ms);
    assert_in_range(world.multipathd->commands().size(), 4, 4);
}

void an_override_needs_a_path_that_works(void**) {
    World world;
    world.start();
    world.multipathd->set_failed("sdc", true);
    world.look();
    world.refuse(override_by("sdc"), paths::Refusal::PathNonoperational);
    world.refuse(override_by("sdx"), paths::Refusal::ObjectNotFound);
    assert_text_equal(world.multipathd->deeds(), "");
}

void a_switch_that_fails_ends_the_override(void**) {
    World world;
    world.start();
    world.multipathd->behaves("switch map mpatha group 3", "fail");
    const auto text = world.refuse(override_by("sdc"), paths::Refusal::Failed);
    assert_contains(text, "is in use, not that of path sdc");
    assert_int_equal(world.group_of("sdc"), 2);
    assert_text_equal(world.file(), "");
}

void io_is_led_to_a_group_by_multipathd(void**) {
    World world;
    world.start();
    world.run_dry(); // it knows that multipathd runs
    bool led = false;
    world.manager->lead(world.unit().unit, 2, [&] { led = true; });
    world.run([&] { return led; });
    assert_text_equal(world.multipathd->deeds(), "switch map mpatha group 2");
    // What it cannot be told by name is not waited for.
    auto unit = world.unit().unit;
    unit.name = "mpatha group 1";
    led = false;
    world.manager->lead(unit, 2, [&] { led = true; });
    assert_true(led);
    assert_text_equal(world.multipathd->deeds(), "switch map mpatha group 2");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_override_is_one_group_that_is_in_use),
        cmocka_unit_test(an_override_outlives_reloads_and_the_loss_of_its_path),
        cmocka_unit_test(a_switch_that_does_nothing_is_repeated_with_growing_pauses),
        cmocka_unit_test(an_override_needs_a_path_that_works),
        cmocka_unit_test(a_switch_that_fails_ends_the_override),
        cmocka_unit_test(io_is_led_to_a_group_by_multipathd),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
