// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugin finds an object on the bus where the daemon publishes it.
#include "plugin/object_paths.hpp"

#include "daemon/publish/object_path.hpp"
#include "tests/unit/plugin/snapshots.hpp"

using namespace mpapi;
using namespace mpapi::plugin;

namespace {

void both_make_the_same_paths(void**) {
    World world;
    world.unit.unit.key = "uuid-odd key,\xff/x";
    const Flat flat = world.flat();
    const model::Unit& unit = world.unit;
    const model::Snapshot& snapshot = world.snapshot;
    using publish::View;

    assert_text_equal(plugin_path(*flat), publish::object_path(View<model::Plugin>{
                                              &snapshot, nullptr, &snapshot.plugins->front()}));
    assert_text_equal(object_path(*flat->find_unit(8)),
                      publish::object_path(View<model::LogicalUnit>{&snapshot, &unit, &unit.unit}));
    for (const auto& group : unit.groups)
        assert_text_equal(
            object_path(*flat->find_group(group.id)),
            publish::object_path(View<model::TargetPortGroup>{&snapshot, &unit, &group}));
    for (const auto& path : unit.paths)
        assert_text_equal(object_path(*flat, *flat->find_path(path.id)),
                          publish::object_path(View<model::Path>{&snapshot, &unit, &path}));
    const auto& algorithm = snapshot.load_balances->back();
    assert_text_equal(
        load_balance_path(*flat, *flat::find(flat->common().load_balances(), algorithm.id)),
        publish::object_path(View<model::LoadBalance>{&snapshot, nullptr, &algorithm}));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {cmocka_unit_test(both_make_the_same_paths)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
