// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Paths that are disabled: by a record, by udev and by a command.
#include "tests/unit/daemon/multipathd/managed_map.hpp"

using namespace mpapi;
using namespace mpapi::multipathd;

namespace {

void a_path_is_disabled_in_the_order_that_keeps_it_so(void**) {
    World world;
    world.start();
    world.make(disabled({"sdd"}));
    assert_text_equal(world.story, "record 1; udev sdd; ");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    assert_int_equal(world.group_of("sdd"), 0);
    // Told at once, and not when udev's rules are through with the new table.
    assert_true(world.looked_at.count(world.unit().unit.id) == 1);
    world.multipathd->forget();

    // The line is there now: no reconfigure for the next one.
    world.make(disabled({"sdd", "sda"}));
    assert_text_equal(world.multipathd->deeds(), "del path sda");
    assert_int_equal(world.group_of("sda"), 0);
    world.multipathd->restart();
    world.look();
    assert_int_equal(world.group_of("sda"), 0);
    world.multipathd->forget();

    world.story.clear();
    world.make(disabled({"sdd"}));
    assert_text_equal(world.story, "record 1; udev sda; ");
    assert_text_equal(world.multipathd->deeds(), "add path sda");
    assert_int_equal(world.group_of("sda"), 1);
}

void of_a_path_that_is_gone_only_the_record_changes(void**) {
    World world;
    world.start();
    world.make(disabled({"sdd"}));
    world.multipathd->forget();
    world.story.clear();
    paths::Intents wanted = disabled({"sdd", "sdx"});
    world.make(wanted);
    assert_text_equal(world.story, "record 2; ");
    assert_text_equal(world.multipathd->deeds(), "");
}

void the_last_paths_of_a_table_are_left(void**) {
    World world;
    world.start();
    const auto text =
        world.refuse(disabled({"sda", "sdb", "sdc", "sdd"}), paths::Refusal::NotPermitted);
    assert_contains(text, "the last one");
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.story, "");
    world.make(disabled({"sda", "sdb", "sdc"}));
    world.multipathd->forget();
    world.refuse(disabled({"sda", "sdb", "sdc", "sdd"}), paths::Refusal::NotPermitted);
    assert_text_equal(world.multipathd->deeds(), "");
}

void a_path_that_the_configuration_excludes_is_not_enabled(void**) {
    World world;
    world.start();
    world.make(disabled({"sdd"}));
    world.root.write("etc/multipath.conf", "blacklist {\n\tdevnode \"^sdd$\"\n}\n");
    world.multipathd->restart();
    const auto text = world.refuse({}, paths::Refusal::Failed);
    assert_contains(text, "its configuration excludes it");
    assert_int_equal(world.record.size(), 1);
}

void udev_that_fails_puts_the_record_back(void**) {
    World world;
    world.start();
    world.udev_fails = "sdd";
    const auto text = world.refuse(disabled({"sdc", "sdd"}), paths::Refusal::Failed);
    assert_contains(text, "sdd");
    assert_true(world.record.empty());
    // An event that multipathd was told of may have taken either out of its table.
    assert_text_equal(world.multipathd->deeds(), "add path sdd, add path sdc");
    assert_text_equal(world.file(), "");
}

// The record is read when it comes back; until then there is no disk that an event could be of.
void a_path_whose_device_is_gone_is_disabled_without_udev(void**) {
    World world;
    world.start();
    world.multipathd->set_removed("sdd");
    world.look();
    world.udev_fails = "sdd";
    world.make(disabled({"sdd"}));
    assert_text_equal(world.story, "record 1; ");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    world.make({});
    assert_text_equal(world.story, "record 1; record 0; ");
}

void a_record_that_cannot_be_written_changes_nothing(void**) {
    World world;
    world.start();
    world.record_fails = true;
    world.refuse(disabled({"sdd"}), paths::Refusal::Failed);
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.file(), "");
}

// udev and a reconfigure may be long: what was no last path when it was asked for may be one.
void a_path_that_became_the_last_that_works_stays(void**) {
    World world;
    world.start();
    world.udev_is_slow = true;
    world.begin(disabled({"sdd"}));
    world.run([&] { return world.held != nullptr; });
    for (const char* device : {"sda", "sdb", "sdc"})
        world.multipathd->set_failed(device, true);
    world.look();
    world.udev_is_slow = false;
    std::exchange(world.held, nullptr)();
    assert_contains(World::expect(world.wait(), paths::Refusal::NotPermitted), "sdd");
    assert_int_equal(world.group_of("sdd"), 2);
    assert_text_equal(world.story, "record 1; udev sdd; record 0; udev sdd; ");
    assert_true(world.multipathd->deeds().find("del path") == std::string::npos);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_disabled_in_the_order_that_keeps_it_so),
        cmocka_unit_test(of_a_path_that_is_gone_only_the_record_changes),
        cmocka_unit_test(the_last_paths_of_a_table_are_left),
        cmocka_unit_test(a_path_that_the_configuration_excludes_is_not_enabled),
        cmocka_unit_test(udev_that_fails_puts_the_record_back),
        cmocka_unit_test(a_path_whose_device_is_gone_is_disabled_without_udev),
        cmocka_unit_test(a_record_that_cannot_be_written_changes_nothing),
        cmocka_unit_test(a_path_that_became_the_last_that_works_stays),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
