// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The embedded SAN's multipathd does what it was told, and goes on doing it.
#include "common/dm/multipath_table.hpp"
#include "common/scsi/designator.hpp"
#include "daemon/san/kernel_names.hpp"
#include "daemon/san/multipathd.hpp"
#include "daemon/san/path_names.hpp"
#include "tests/unit/daemon/san/map_story.hpp"

using namespace mpapi;
using namespace mpapi::san;
using namespace std::chrono_literals;
using paths::Intents;
using paths::PathName;
using paths::Refusal;

namespace {

// As the inventory gives names: what the disk says of itself, ports and LUN.
PathName path_name(const daemon::DiskFacts& disk) {
    const auto page = scsi::parse_device_identification(disk.device_identification);
    assert_ok(page);
    const auto name = scsi::lu_name(*page);
    assert_ok(name);
    return {name->text, disk.initiator_port->port_id, disk.target_port->port_id, disk.address.lun};
}

struct Story {
    // The world is told to where it is made.
    Story()
      : world(World::from(example("two-arrays")))
      , manager(*world.san) {}

    PathName name(const std::string& disk) const {
        return path_name(world.recorder.disks.at(disk));
    }
    std::string table(const std::string& map) const { return world.recorder.map(map).table; }
    std::string state(const std::string& map = "mpatha") const { return status(world, map); }
    paths::UnitIntent& unit(const std::string& map = "mpatha") {
        return wanted.units[world.recorder.map(map).uuid.substr(std::string("mpath-").size())];
    }

    // Makes `wanted` true and returns what was told until its end.
    std::string pursue() {
        assert_false(manager.check(before, wanted).has_value());
        world.recorder.told.clear();
        bool ended = false;
        std::string told;
        manager.pursue(before, wanted, [&](const paths::Outcome& outcome) {
            assert_null(paths::refused(outcome));
            told = world.recorder.take();
            ended = true;
        });
        assert_false(ended);
        while (!ended)
            assert_true(sd_event_run(world.loop.get(), 5'000'000) > 0);
        before = wanted;
        return told;
    }

    World world;
    Multipathd manager;
    Intents before, wanted;
};

Fault disk_added(const std::string& unit, const std::string& initiator, const std::string& port) {
    Fault fault;
    fault.verb = Verb::DiskAdded;
    fault.unit = unit;
    fault.initiator = initiator;
    fault.port = port;
    return fault;
}

void every_disk_has_a_name_that_leads_to_its_path(void**) {
    const Story story;
    auto& fabric = story.world.san->fabric();
    std::size_t found = 0;
    for (const auto& [device, disk] : story.world.recorder.disks) {
        const auto path = path_named(fabric, path_name(disk));
        assert_int_not_equal(path, none);
        assert_text_equal(disk_name(fabric.paths[path].disk), device);
        ++found;
    }
    assert_int_equal(found, fabric.disks.size());
    auto name = story.name("sda");
    name.target_port = "50060e8099999999";
    assert_int_equal(path_named(fabric, name), none);
}

void a_lun_given_to_another_unit_is_another_path(void**) {
    Story story;
    const auto name = story.name("sda");
    Fault reused;
    reused.verb = Verb::LunReused;
    reused.unit = "database";
    reused.designator = *parse_designator("naa.60060e80ffff00000000000000000009");
    story.world.apply(reused);
    assert_int_equal(path_named(story.world.san->fabric(), name), none);
}

void a_disabled_path_is_in_no_table_until_it_is_enabled(void**) {
    Story story;
    const auto name = story.name("sda");
    story.wanted.disabled.insert(name);
    assert_text_equal(story.pursue(), "disk sda, map mpatha");
    assert_text_equal(story.state(), "1: A 8:144+0 | E 8:80+0 8:208+0");
    // No longer under the map, but nobody else's either.
    assert_true(story.world.recorder.disks.at("sda").holders.empty());
    assert_true(story.world.recorder.disks.at("sda").multipath_member == true);

    // Whatever comes and goes.
    story.world.apply(disk_fault(Verb::PathLost, "sda"));
    story.world.apply(disk_fault(Verb::PathRestored, "sda"));
    story.world.apply(disk_fault(Verb::DiskRemoved, "sdj"));
    assert_text_equal(story.state(), "1: A 8:80+0 8:208+0");
    story.world.apply(disk_fault(Verb::DiskRemoved, "sda"));
    story.world.apply(disk_added("database", "fc-a", "A0"));
    story.world.apply(disk_added("database", "fc-b", "A1"));
    assert_int_equal(story.world.recorder.disks.count("sda"), 1);
    assert_text_equal(story.state(), "1: A 8:144+0 | E 8:80+0 8:208+0");
    story.world.apply(map_fault(Verb::MapRemoved, "mpatha"));
    Fault made;
    made.verb = Verb::MapMade;
    made.unit = "database";
    story.world.apply(made);
    assert_text_equal(story.state(), "1: A 8:144+0 | E 8:80+0 8:208+0");

    story.wanted.disabled.clear();
    assert_text_equal(story.pursue(), "disk sda, map mpatha");
    assert_text_equal(story.state(), as_described);
    assert_int_equal(story.world.recorder.disks.at("sda").holders.size(), 1);
}

void what_was_kept_is_made_true_at_the_start(void**) {
    Story story;
    Intents kept;
    kept.disabled = {story.name("sdf"), {"6006", "nobody", "nothing", 7}};
    kept.everywhere.selector = "round-robin 0";
    bool ended = false;
    story.manager.resume(kept, [&](const paths::Outcome& outcome) {
        assert_null(paths::refused(outcome));
        ended = true;
    });
    story.world.settle();
    assert_true(ended);
    assert_text_equal(story.state(), "1: A 8:0+0 8:144+0 | E 8:208+0");
    assert_contains(story.table("mpathb"), "round-robin 0 2 1 ");
}

void all_io_goes_through_the_override_path_as_long_as_it_works(void**) {
    Story story;
    story.unit().override_path = story.name("sdn");
    assert_text_equal(story.pursue(), "map mpatha");
    assert_text_equal(story.state(), "1: A 8:208+0 | E 8:0+0 8:144+0 | E 8:80+0");
    story.world.apply(disk_fault(Verb::PathLost, "sdn"));
    assert_text_equal(story.state(), "2: E 8:208-1 | A 8:0+0 8:144+0 | E 8:80+0");
    story.world.apply(disk_fault(Verb::PathRestored, "sdn"));
    assert_text_equal(story.state(), "1: A 8:208+1 | E 8:0+0 8:144+0 | E 8:80+0");

    story.wanted.units.clear();
    story.pursue();
    assert_text_equal(story.state(), as_described);
}

void selectors_are_of_a_unit_or_of_all(void**) {
    Story story;
    story.unit().settings.selector = "queue-length 0";
    assert_text_equal(story.pursue(), "map mpatha");
    assert_contains(story.table("mpatha"), "queue-length 0 2 0 8:0 8:144 ");
    assert_contains(story.table("mpathc"), "round-robin 0 2 1 ");
    assert_text_equal(story.manager.default_selector(), "");

    // Of all that have none of their own.
    story.wanted.everywhere.selector = "historical-service-time 2 10 100";
    story.pursue();
    assert_contains(story.table("mpatha"), "queue-length 0 2 0 ");
    assert_contains(story.table("mpathc"), "historical-service-time 2 10 100 2 0 ");
    assert_text_equal(story.manager.default_selector(), "historical-service-time 2 10 100");

    story.wanted = {};
    story.pursue();
    assert_contains(story.table("mpatha"), "service-time 0 2 1 8:0 1 ");
    assert_contains(story.table("mpathc"), "round-robin 0 2 1 ");
}

void lose_first_group(Story& story) {
    story.world.apply(disk_fault(Verb::PathLost, "sda"));
    story.world.apply(disk_fault(Verb::PathLost, "sdj"));
    assert_text_equal(story.state(), "2: E 8:0-1 8:144-1 | A 8:80+0 8:208+0");
}

void without_failback_a_group_stays_in_use(void**) {
    Story story;
    story.unit().settings.auto_failback = false;
    story.pursue();
    lose_first_group(story);
    story.world.apply(disk_fault(Verb::PathRestored, "sda"));
    story.world.apply(disk_fault(Verb::PathRestored, "sdj"));
    assert_text_equal(story.state(), "2: E 8:0+1 8:144+1 | A 8:80+0 8:208+0");
    // Another table does not move it either.
    story.unit().settings.selector = "queue-length 0";
    story.pursue();
    assert_text_equal(story.state(), "2: E 8:0+0 8:144+0 | A 8:80+0 8:208+0");
    // Switched on, it is made up for.
    story.unit().settings.auto_failback = true;
    story.pursue();
    assert_text_equal(story.state(), as_described);
}

void failback_comes_within_its_rate(void**) {
    Story story;
    story.unit().settings.failback_rate = 1;
    story.pursue();
    lose_first_group(story);
    const auto returned = std::chrono::steady_clock::now();
    story.world.apply(disk_fault(Verb::PathRestored, "sda"));
    assert_text_equal(story.state(), "2: E 8:0+1 8:144-1 | A 8:80+0 8:208+0");
    story.world.recorder.told.clear();
    while (story.world.recorder.told.empty())
        assert_true(sd_event_run(story.world.loop.get(), 5'000'000) > 0);
    assert_true(std::chrono::steady_clock::now() - returned >= 990ms);
    assert_text_equal(story.state(), "1: A 8:0+1 8:144-1 | E 8:80+0 8:208+0");
}

void a_failback_that_waits_follows_what_is_wanted_now(void**) {
    Story story;
    story.unit().settings.failback_rate = 3600;
    story.pursue();
    lose_first_group(story);
    story.world.apply(disk_fault(Verb::PathRestored, "sda"));
    assert_text_equal(story.state(), "2: E 8:0+1 8:144-1 | A 8:80+0 8:208+0");
    story.unit().settings.failback_rate = 1;
    story.pursue();
    story.world.recorder.told.clear();
    while (story.world.recorder.told.empty())
        assert_true(sd_event_run(story.world.loop.get(), 5'000'000) > 0);
    assert_text_equal(story.state(), "1: A 8:0+1 8:144-1 | E 8:80+0 8:208+0");
}

void without_probing_no_path_returns(void**) {
    Story story;
    story.wanted.everywhere.auto_probing = false;
    story.pursue();
    story.world.apply(disk_fault(Verb::PathLost, "sda"));
    story.world.apply(disk_fault(Verb::PathRestored, "sda"));
    assert_text_equal(story.state(), "1: A 8:0-1 8:144+0 | E 8:80+0 8:208+0");
    story.wanted.everywhere.auto_probing = true;
    story.pursue();
    assert_text_equal(story.state(), "1: A 8:0+1 8:144+0 | E 8:80+0 8:208+0");
}

void upkeep_is_shown_as_it_is_in_force(void**) {
    Story story;
    model::LogicalUnit unit;
    unit.key = story.world.recorder.map("mpatha").uuid.substr(6);
    assert_true(story.manager.upkeep(&unit) ==
                (model::Upkeep{model::Switch::On, 0, model::Switch::On, 0}));
    story.wanted.everywhere.auto_failback = false;
    story.wanted.everywhere.probing_rate = 20;
    story.unit().settings.failback_rate = 7;
    story.pursue();
    assert_true(story.manager.upkeep(&unit) ==
                (model::Upkeep{model::Switch::Off, 7, model::Switch::On, 20}));
    assert_true(story.manager.upkeep(nullptr) ==
                (model::Upkeep{model::Switch::Off, 0, model::Switch::On, 20}));
}

void what_it_cannot_is_refused(void**) {
    Story story;
    const auto why = [&story](const auto& change) {
        Intents wanted;
        change(wanted);
        const auto refused = story.manager.check({}, wanted);
        if (!refused) fail_msg("%s", "was not refused");
        return refused->why;
    };
    assert_true(why([](Intents& i) { i.everywhere.selector = "io-affinity 0"; }) ==
                Refusal::Unsupported);
    assert_true(why([](Intents& i) { i.everywhere.selector = "round-robin 1"; }) ==
                Refusal::InvalidParameter);
    assert_true(why([](Intents& i) { i.units["x"].settings.selector = "round-robin"; }) ==
                Refusal::InvalidParameter);
    assert_true(why([](Intents& i) { i.everywhere.probing_rate = 3601; }) ==
                Refusal::InvalidParameter);
    assert_true(why([](Intents& i) { i.units["x"].settings.auto_probing = true; }) ==
                Refusal::Unsupported);
    assert_true(why([](Intents& i) { i.units["x"].weights[{}] = 2; }) == Refusal::InvalidWeight);
}

// Who managed before could do more, and all of it is kept.
void what_it_cannot_and_nobody_asks_it_for_is_in_nobodys_way(void**) {
    Story story;
    paths::Settings& settings = story.unit().settings;
    settings.auto_probing = false;
    settings.probing_rate = 7;
    settings.selector = "io-affinity 0";
    story.unit().weights[story.name("sda")] = 7;
    story.before = story.wanted;
    story.wanted.disabled.insert(story.name("sda"));
    settings.auto_failback = false;
    assert_false(story.manager.check(story.before, story.wanted).has_value());
    story.unit().weights[story.name("sda")] = 8;
    const auto refused = story.manager.check(story.before, story.wanted);
    assert_true(refused && refused->why == Refusal::InvalidWeight);
}

void a_map_is_removed_unless_somebody_has_it_open(void**) {
    Story story;
    const auto& map = story.world.recorder.map("mpatha");
    model::LogicalUnit unit;
    unit.name = map.name;
    unit.uuid = map.uuid;
    unit.number = map.number;
    std::vector<paths::Outcome> ends;
    const auto end = [&ends](const paths::Outcome& outcome) { ends.push_back(outcome); };
    story.world.apply(map_fault(Verb::MapHeld, "mpatha"));
    story.manager.remove(unit, end);
    story.world.settle();
    story.world.apply(map_fault(Verb::MapReleased, "mpatha"));
    story.manager.remove(unit, end);
    story.world.settle();
    story.manager.remove(unit, end);
    story.world.settle();
    assert_int_equal(ends.size(), 3);
    assert_true(paths::refused(ends[0])->why == Refusal::TryAgain);
    assert_null(paths::refused(ends[1]));
    assert_true(paths::refused(ends[2])->why == Refusal::ObjectNotFound);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_disk_has_a_name_that_leads_to_its_path),
        cmocka_unit_test(a_lun_given_to_another_unit_is_another_path),
        cmocka_unit_test(a_disabled_path_is_in_no_table_until_it_is_enabled),
        cmocka_unit_test(what_was_kept_is_made_true_at_the_start),
        cmocka_unit_test(all_io_goes_through_the_override_path_as_long_as_it_works),
        cmocka_unit_test(selectors_are_of_a_unit_or_of_all),
        cmocka_unit_test(without_failback_a_group_stays_in_use),
        cmocka_unit_test(failback_comes_within_its_rate),
        cmocka_unit_test(a_failback_that_waits_follows_what_is_wanted_now),
        cmocka_unit_test(without_probing_no_path_returns),
        cmocka_unit_test(upkeep_is_shown_as_it_is_in_force),
        cmocka_unit_test(what_it_cannot_is_refused),
        cmocka_unit_test(what_it_cannot_and_nobody_asks_it_for_is_in_nobodys_way),
        cmocka_unit_test(a_map_is_removed_unless_somebody_has_it_open),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
