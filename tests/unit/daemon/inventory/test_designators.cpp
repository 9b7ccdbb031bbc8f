// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Maps that lead to one logical unit.
#include "tests/unit/daemon/inventory/scripted_world.hpp"

using namespace mpapi;
using namespace mpapi::daemon;

namespace {

void a_path_that_leads_to_another_maps_unit_makes_both_duplicates(void**) {
    World world;
    world.add("sda", 0);
    world.add("sdb", 1, 2);
    world.add("sdc", 2, 1, {1}, 2);
    world.map(map_facts("a", 0, {sd(0), sd(1)}));
    world.map(map_facts("b", 1, {sd(2)}));
    world.map(map_facts("c", 2, {}));
    world.daemon.enumerated();
    const auto flagged = [&] {
        std::string names;
        world.daemon.model().units.for_each([&](const model::Unit& unit) {
            if (unit.unit.duplicate_designator) names += unit.unit.name;
        });
        return names;
    };
    const auto leads_to = [&](const char* device, std::uint32_t minor, unsigned unit) {
        world.devices.change(sd(minor), [unit](ScriptedDisk& disk) { disk.unit = unit; });
        world.daemon.inventory().inquiry_data_changed(device);
        world.daemon.settle();
    };
    assert_text_equal(flagged(), "");
    leads_to("sdb", 1, 1); // what was made of unit 0 leads to unit 1, too
    assert_text_equal(flagged(), "ab");
    assert_text_equal(world.daemon.unit("name-a").unit.unit_name, ScriptedDevices::unit_name(0));
    world.remove("sdb", 1);
    world.daemon.settle();
    assert_text_equal(flagged(), "");
    world.add("sdb", 1, 2, {1});
    world.daemon.settle();
    assert_text_equal(flagged(), "ab");
    world.map(map_facts("a", 0, {sd(0)}));
    world.map(map_facts("c", 2, {sd(1)})); // the disk went to a map of its own
    world.daemon.settle();
    assert_text_equal(flagged(), "bc");
    leads_to("sda", 0, 9);
    leads_to("sdc", 2, 9); // neither map is named after what both lead to
    assert_text_equal(flagged(), "abc");
    world.daemon.inventory().map_gone(dm_number(1));
    world.daemon.settle();
    assert_text_equal(flagged(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_leads_to_another_maps_unit_makes_both_duplicates),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
