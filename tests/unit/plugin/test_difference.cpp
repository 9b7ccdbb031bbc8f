// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/difference.hpp"

#include "tests/unit/plugin/snapshots.hpp"

using namespace mpapi;
using namespace mpapi::plugin;

namespace {

std::size_t count(const PerType& all) {
    std::size_t sum = 0;
    for (const Sequences& each : all)
        sum += each.size();
    return sum;
}

void assert_counts(const Difference& found, std::size_t appeared, std::size_t vanished,
                   std::size_t changed) {
    assert_int_equal(count(found.appeared), appeared);
    assert_int_equal(count(found.vanished), vanished);
    assert_int_equal(count(found.changed), changed);
}

void the_same_twice_is_no_difference(void**) {
    World world;
    const Flat before = world.flat(), after = world.flat();
    assert_counts(difference(&*before, *after, std::nullopt), 0, 0, 0);
}

void counters_and_times_are_no_difference(void**) {
    World world;
    const Flat before = world.flat();
    world.unit.paths[0].fail_count = 7;
    world.unit.paths[0].identity_read_at = 5;
    world.unit.unit.event_number = 9;
    world.unit.unit.size = 1;
    world.snapshot.generation = 99;
    const Flat after = world.flat();
    assert_counts(difference(&*before, *after, std::nullopt), 0, 0, 0);
}

void only_what_changed_is_told(void**) {
    World world;
    const Flat before = world.flat();
    world.unit.paths[1].state = model::PathState::PathError;
    world.unit.groups[0].access_state = model::AccessState::Unavailable;
    const Flat after = world.flat();
    for (const bool all : {true, false}) {
        std::optional<std::vector<ObjectRef>> candidates;
        if (!all)
            candidates = {{MP_OBJECT_TYPE_PATH_LU, 31},           {MP_OBJECT_TYPE_PATH_LU, 30},
                          {MP_OBJECT_TYPE_PATH_LU, 31},           {MP_OBJECT_TYPE_PATH_LU, 555},
                          {MP_OBJECT_TYPE_TARGET_PORT_GROUP, 20}, {MP_OBJECT_TYPE_MULTIPATH_LU, 8}};
        const Difference found = difference(&*before, *after, candidates);
        assert_counts(found, 0, 0, 2);
        assert_true(found.changed[MP_OBJECT_TYPE_PATH_LU] == Sequences{31});
        assert_true(found.changed[MP_OBJECT_TYPE_TARGET_PORT_GROUP] == Sequences{20});
    }
}

void what_comes_and_goes_is_told_by_its_id(void**) {
    World world;
    const Flat before = world.flat();
    world.unit.paths.pop_back();
    world.unit.paths[1].id = 40;
    const Flat after = world.flat();
    const Difference found = difference(&*before, *after, std::nullopt);
    assert_counts(found, 1, 2, 0);
    assert_true(found.appeared[MP_OBJECT_TYPE_PATH_LU] == Sequences{40});
    assert_true((found.vanished[MP_OBJECT_TYPE_PATH_LU] == Sequences{31, 32}));
}

void against_nothing_all_appears(void**) {
    World world;
    const Flat after = world.flat();
    const Difference found = difference(nullptr, *after, std::nullopt);
    // Two initiator ports, a target port, a product, one algorithm of its own, a unit, two groups,
    // three paths.
    assert_counts(found, 2 + 1 + 1 + 1 + 1 + 2 + 3, 0, 0);
}

void properties_that_come_from_elsewhere_count(void**) {
    World world;
    const Flat before = world.flat();
    auto plugin = world.snapshot.plugins->front();
    plugin.capabilities.failback_rate_max = 60;
    world.snapshot.plugins = table<model::Plugin>({plugin});
    const Flat after = world.flat();
    const Difference found = difference(&*before, *after, std::nullopt);
    assert_counts(found, 0, 0, 1);
    assert_true(found.changed[MP_OBJECT_TYPE_MULTIPATH_LU] == Sequences{8});
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_same_twice_is_no_difference),
        cmocka_unit_test(counters_and_times_are_no_difference),
        cmocka_unit_test(only_what_changed_is_told),
        cmocka_unit_test(what_comes_and_goes_is_told_by_its_id),
        cmocka_unit_test(against_nothing_all_appears),
        cmocka_unit_test(properties_that_come_from_elsewhere_count),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
