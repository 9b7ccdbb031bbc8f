// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A map that is removed.
#include "tests/unit/daemon/multipathd/managed_map.hpp"

using namespace mpapi;
using namespace mpapi::multipathd;

namespace {

void a_map_is_removed(void**) {
    World world;
    world.start();
    world.manager->remove(world.unit().unit, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "del map mpatha");
    assert_true(world.model->units.empty());
}

// udev may be long about its rules: the kernel is asked at once.
void a_map_that_is_said_to_be_removed_is_looked_at(void**) {
    World world;
    world.start();
    const model::Sequence unit = world.unit().unit.id;
    world.multipathd->behaves("del map mpatha", "ok");
    world.manager->remove(world.unit().unit, world.take());
    assert_contains(World::expect(world.wait(), paths::Refusal::TimedOut), "is still there");
    assert_true(world.looked_at.count(unit) == 1);
}

void a_map_in_use_is_not_removed(void**) {
    World world;
    world.start();
    world.multipathd->behaves("del map mpatha", "fail");
    world.manager->remove(world.unit().unit, world.take());
    assert_contains(World::expect(world.wait(), paths::Refusal::TryAgain), "is in use");
}

void a_map_that_multipathd_has_not_is_not_removed(void**) {
    World world;
    world.start();
    model::LogicalUnit unit = world.unit().unit;
    unit.uuid = "CRYPT-x";
    world.manager->remove(unit, world.take());
    World::expect(world.wait(), paths::Refusal::Unsupported);
    unit = world.unit().unit;
    unit.name = "mpatha group 1";
    world.manager->remove(unit, world.take());
    World::expect(world.wait(), paths::Refusal::Unsupported);
    unit = world.unit().unit;
    unit.key = "gone";
    world.manager->remove(unit, world.take());
    World::expect(world.wait(), paths::Refusal::ObjectNotFound);
    assert_text_equal(world.multipathd->deeds(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_map_is_removed),
        cmocka_unit_test(a_map_that_is_said_to_be_removed_is_looked_at),
        cmocka_unit_test(a_map_in_use_is_not_removed),
        cmocka_unit_test(a_map_that_multipathd_has_not_is_not_removed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
