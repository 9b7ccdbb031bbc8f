// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/daemon/paths/standalone/managed_san.hpp"

using namespace mpapi;
using namespace mpapi::standalone;

namespace {

void taking_charge_touches_no_table(void**) {
    World world;
    world.asked = Intents();
    world.hardware->told.clear();
    world.take_charge();
    world.settle();
    assert_text_equal(world.told(), "");
    assert_text_equal(world.table("mpatha"), "sda sdj | sdf sdn");
}

void a_disabled_path_leaves_its_table_and_comes_back_to_its_place(void**) {
    World world;
    const auto before = world.raw_table();
    const auto name = world.name("sda");
    assert_text_equal(world.wish(disable(name)), "");
    assert_text_equal(world.told(), "mpatha load");
    assert_text_equal(world.table("mpatha"), "sdj | sdf sdn");
    const model::Path* path = world.find("sda");
    assert_non_null(path);
    assert_true(path->disabled && path->priority_group == 0);
    // Once more is nothing to do.
    assert_text_equal(world.wish(disable(name)), "");
    assert_text_equal(world.told(), "");
    assert_text_equal(world.wish(enable(name)), "");
    assert_text_equal(world.raw_table(), before);
    assert_false(world.find("sda")->disabled);
}

void the_last_usable_path_is_not_disabled(void**) {
    World world;
    for (const char* device : {"sda", "sdf", "sdn"})
        assert_text_equal(world.wish(disable(world.name(device))), "");
    world.told();
    assert_contains(world.wish(disable(world.name("sdj"))), "last path");
    assert_true(world.why == Refusal::NotPermitted);
    assert_text_equal(world.told(), "");
    assert_text_equal(world.table("mpatha"), "sdj");
}

void nor_is_the_last_one_that_works(void**) {
    World world;
    const daemon::MapRef map{world.unit().unit.number, "mpatha", world.unit().unit.uuid};
    for (const char* device : {"8:80", "8:208", "8:144"})
        world.hardware->send_message(map, std::string("fail_path ") + device, [](const Status&) {});
    world.settle();
    assert_contains(world.wish(disable(world.name("sda"))), "last path");
    assert_text_equal(world.wish(disable(world.name("sdf"))), "");
    assert_text_equal(world.table("mpatha"), "sda sdj* | sdn*");
}

void nor_is_one_that_became_the_last_that_works(void**) {
    World world;
    const daemon::MapRef map{world.unit().unit.number, "mpatha", world.unit().unit.uuid};
    world.meanwhile = [&] {
        for (const char* device : {"8:80", "8:208", "8:144"})
            world.hardware->send_message(map, std::string("fail_path ") + device,
                                         [](const Status&) {});
        world.settle();
    };
    const auto before = world.raw_table();
    assert_contains(world.wish(disable(world.name("sda"))), "last path");
    assert_true(world.why == Refusal::NotPermitted);
    assert_text_equal(world.raw_table(), before);
}

void a_disabled_path_is_not_asked_for_anything(void**) {
    World world;
    assert_text_equal(world.wish(disable(world.name("sdj"))), "");
    world.happens(Verb::PathLost, "sdj");
    assert_text_equal(world.wish(override_with(world, world.name("sda"))), "");
    // It cannot say who it is: not now.
    assert_contains(world.wish(enable(world.name("sdj"))), "sdj");
    assert_true(world.why == Refusal::TryAgain);
    world.happens(Verb::PathRestored, "sdj");
    assert_text_equal(world.wish(enable(world.name("sdj"))), "");
    assert_text_equal(world.table("mpatha"), "sda | sdj | sdf sdn");
}

void what_was_failed_is_failed_again(void**) {
    World world;
    world.hardware->send_message({world.unit().unit.number, "mpatha", world.unit().unit.uuid},
                                 "fail_path 8:80", [](const Status&) {});
    world.settle();
    world.told();
    assert_text_equal(world.wish(disable(world.name("sda"))), "");
    assert_text_equal(world.told(), "mpatha load, mpatha fail_path 8:80");
    assert_text_equal(world.table("mpatha"), "sdj | sdf* sdn");
}

void all_io_goes_through_the_override_path_and_back(void**) {
    World world;
    const auto before = world.raw_table();
    assert_text_equal(world.wish(override_with(world, world.name("sdn"))), "");
    assert_text_equal(world.table("mpatha"), "sdn | sda sdj | sdf");
    assert_int_equal(world.unit().unit.current_group, 1);
    // Another one at once.
    assert_text_equal(world.wish(override_with(world, world.name("sda"))), "");
    assert_text_equal(world.table("mpatha"), "sda | sdj | sdf sdn");
    assert_text_equal(world.wish(override_with(world, std::nullopt)), "");
    assert_text_equal(world.raw_table(), before);
    assert_true(world.unit().unit.override_path == 0);
    // The groups are kept one change longer, for who is killed in between.
    assert_int_equal(world.asked.units.size(), 1);
    assert_text_equal(world.wish([](Intents& intents) { intents.everywhere.probing_rate = 7; }),
                      "");
    assert_true(world.asked.units.empty());
}

void a_failed_override_path_is_gone_back_to(void**) {
    World world;
    assert_text_equal(world.wish(override_with(world, world.name("sdn"))), "");
    const daemon::MapRef map{world.unit().unit.number, "mpatha", world.unit().unit.uuid};
    world.hardware->send_message(map, "fail_path 8:208", [](const Status&) {});
    world.run_until([&] { return world.unit().unit.current_group == 2; });
    world.told();
    world.hardware->send_message(map, "reinstate_path 8:208", [](const Status&) {});
    world.run_until([&] { return world.unit().unit.current_group == 1; });
    assert_text_equal(world.told(), "mpatha reinstate_path 8:208, mpatha switch_group 1");
}

void an_override_path_that_does_not_work_is_refused(void**) {
    World world;
    const auto name = world.name("sdn");
    world.hardware->send_message({world.unit().unit.number, "mpatha", world.unit().unit.uuid},
                                 "fail_path 8:208", [](const Status&) {});
    world.settle();
    assert_contains(world.wish(override_with(world, name)), "sdn");
    assert_true(world.why == Refusal::PathNonoperational);
}

void weights_arrange_the_groups(void**) {
    World world;
    const auto before = world.raw_table();
    const auto name = world.name("sdj");
    const auto weigh = [&](std::uint32_t weight) {
        return [&world, name, weight](Intents& intents) {
            auto& unit = intents.units[world.unit().unit.key];
            if (weight == 1)
                unit.weights.erase(name);
            else
                unit.weights[name] = weight;
        };
    };
    assert_text_equal(world.wish(weigh(10)), "");
    assert_text_equal(world.table("mpatha"), "sdj | sda | sdf sdn");
    assert_int_equal(world.find("sdj")->weight, 10);
    assert_contains(world.wish(weigh(256)), "256");
    assert_true(world.why == Refusal::InvalidWeight);
    assert_text_equal(world.wish(weigh(1)), "");
    assert_text_equal(world.raw_table(), before);
}

void the_selector_of_one_unit_and_of_all(void**) {
    World world;
    const auto set = [&](const std::string& selector) {
        return [&world, selector](Intents& intents) {
            intents.units[world.unit().unit.key].settings.selector = selector;
        };
    };
    assert_text_equal(world.wish(set("queue-length 0")), "");
    assert_text_equal(world.unit().unit.selector, "queue-length");
    assert_text_equal(world.told(), "mpatha load");
    for (const auto& [selector, why] : {std::pair("nonsense 0", Refusal::InvalidParameter),
                                        std::pair("io-affinity 0", Refusal::Unsupported),
                                        std::pair("round-robin 1 7", Refusal::InvalidParameter),
                                        std::pair("queue-length 2 1", Refusal::InvalidParameter)}) {
        assert_true(!world.wish(set(selector)).empty());
        assert_true(world.why == why);
    }
    assert_text_equal(world.told(), "");
    assert_text_equal(
        world.wish([](Intents& intents) { intents.everywhere.selector = "round-robin 0"; }), "");
    assert_text_equal(world.unit().unit.selector, "queue-length");
    assert_text_equal(world.unit("mpathd").unit.selector, "round-robin");
    assert_text_equal(world.manager->default_selector(), "round-robin 0");
}

// Of three maps the second takes no table: the first gets its old one back, the third keeps it.
void what_cannot_be_had_whole_is_taken_back_whole(void**) {
    World world;
    std::map<std::string, std::string> before;
    world.model().units.for_each(
        [&](const model::Unit& unit) { before[unit.unit.name] = world.raw_table(unit.unit.name); });
    std::size_t loads = 0;
    world.hardware->refuses = [&loads](const std::string& what) {
        return what.find(" load ") != std::string::npos && ++loads == 3;
    };
    const auto refused = world.wish(
        [](Intents& intents) { intents.everywhere.selector = "historical-service-time 0"; });
    assert_contains(refused, "refused by the test");
    assert_int_equal(loads, 5); // three forward, two back
    for (const auto& [name, table] : before)
        assert_text_equal(world.raw_table(name), table);
    assert_text_equal(world.manager->default_selector(), "");
}

void a_kernel_that_does_not_do_what_it_says_is_found_out(void**) {
    World world;
    const auto before = world.raw_table();
    assert_text_equal(world.wish(disable(world.name("sdf"))), "");
    world.hardware->instead = world.raw_table();
    assert_contains(world.wish(enable(world.name("sdf"))), "does not show it");
    assert_true(world.why == Refusal::TimedOut);
    assert_text_equal(world.table("mpatha"), "sda sdj | sdn");
    // Another one than was asked for is not left in force either.
    assert_text_equal(world.wish(enable(world.name("sdf"))), "");
    world.hardware->instead = "0 1 alua 1 1 service-time 0 1 1 8:80 1 ";
    assert_contains(world.wish(disable(world.name("sda"))), "does not show it");
    assert_text_equal(world.raw_table(), before);
}

void half_of_many_is_left_to_who_comes_after(void**) {
    World world;
    world.hardware->refuses = [&world](const std::string& what) {
        if (what.find(" load ") != std::string::npos) world.manager->retire();
        return false;
    };
    bool ended = false;
    Intents wanted = world.asked;
    wanted.everywhere.selector = "historical-service-time 0";
    world.manager->pursue(world.asked, wanted, [&](const Outcome&) { ended = true; });
    world.run_until([&] { return !world.hardware->told.empty(); });
    world.settle();
    world.settle();
    assert_int_equal(world.hardware->told.size(), 1);
    assert_false(ended);
}

void a_suspended_map_is_not_waited_for(void**) {
    World world;
    Fault fault;
    fault.verb = Verb::MapSuspended;
    fault.map = "mpatha";
    world.happens(fault);
    world.settle();
    assert_contains(world.wish(disable(world.name("sda"))), "suspended");
    assert_true(world.why == Refusal::TryAgain);
}

void a_lost_path_that_comes_back_takes_its_place(void**) {
    World world;
    const auto name = world.name("sdj");
    const auto id = world.find("sdj")->id;
    const auto number = world.find("sdj")->number;
    // The kernel gives no number twice that a table still names; the SAN gives the lowest.
    assert_int_equal(world.model().disks.size(), 1);
    world.happens(Verb::DiskRemoved, world.model().disks.begin()->device);
    world.happens(Verb::DiskRemoved, "sdj");
    world.settle();
    assert_true(world.find("sdj")->state == model::PathState::Removed);
    assert_text_equal(world.told(), "");
    world.happens(disk_added("fc-b", "A1"));
    world.run_until([&] {
        const model::Path* path = world.unit().path(id);
        return path && path->state == model::PathState::Okay;
    });
    assert_text_equal(world.told(), "mpatha load");
    const model::Path* path = world.unit().path(id);
    assert_true(path->number != number);
    assert_int_equal(path->priority_group, 1);
    assert_text_equal(world.table("mpatha"), "sda " + path->device + " | sdf sdn");
    assert_true(world.name(path->device) == name);
}

// The tables of the SAN cannot be loaded with a device that is gone: the map does without until it
// is back, and then it stands where it stood.
void a_table_that_the_kernel_refuses_for_a_device_that_is_gone_does_without_it(void**) {
    World world;
    const auto id = world.find("sdf")->id;
    assert_text_equal(world.wish(override_with(world, world.name("sda"))), "");
    world.happens(Verb::DiskRemoved, "sdf");
    world.settle();
    world.told();
    assert_text_equal(world.wish(override_with(world, std::nullopt)), "");
    assert_text_equal(world.told(), "mpatha load, mpatha load");
    assert_text_equal(world.table("mpatha"), "sda sdj | sdn");
    world.happens(disk_added("fc-a", "B0"));
    world.run_until([&] { return world.unit().path(id) != nullptr; });
    assert_text_equal(world.table("mpatha"), "sda sdj | " + world.unit().path(id)->device + " sdn");
}

void a_lost_path_joins_its_table_when_it_may_carry_io(void**) {
    World world;
    unsigned tries = 0;
    world.happens(Verb::DiskRemoved, "sdj");
    world.settle();
    world.told();
    world.keeps_out = [&](const std::string& device) -> Status {
        assert_text_equal(world.told(), ""); // no table has it yet
        if (++tries == 2) return Done{};
        return Error{"PERSISTENT RESERVE OUT", device, "", EIO};
    };
    const auto id = world.find("sdj")->id;
    world.happens(Verb::DiskRemoved, world.model().disks.begin()->device);
    world.happens(disk_added("fc-b", "A1"));
    world.run_until([&] {
        const auto* path = world.unit().path(id);
        return path && path->state != model::PathState::Removed && path->priority_group != 0;
    });
    assert_int_equal(tries, 2);
    assert_text_equal(world.told(), "mpatha load");
    assert_true(world.notices.empty()); // who keeps it out has told why
}

void a_path_that_may_not_carry_io_is_not_enabled(void**) {
    World world;
    const auto name = world.name("sdj");
    assert_text_equal(world.wish(disable(name)), "");
    world.keeps_out = [](const std::string& device) {
        return Error{"PERSISTENT RESERVE OUT", device, "", EIO};
    };
    assert_contains(world.wish(enable(name)), "PERSISTENT RESERVE OUT");
    assert_true(world.why == Refusal::TryAgain);
    assert_text_equal(world.table("mpatha"), "sda | sdf sdn");
    world.keeps_out = [](const std::string&) { return Done{}; };
    assert_text_equal(world.wish(enable(name)), "");
    assert_text_equal(world.table("mpatha"), "sda sdj | sdf sdn");
}

void a_disabled_path_stays_out_when_its_device_comes_back(void**) {
    World world;
    const auto name = world.name("sdj");
    assert_text_equal(world.wish(disable(name)), "");
    world.happens(Verb::DiskRemoved, "sdj");
    world.settle();
    world.told();
    world.happens(disk_added("fc-b", "A1"));
    world.settle();
    world.settle();
    assert_text_equal(world.told(), "");
    assert_text_equal(world.table("mpatha"), "sda | sdf sdn");
    // Enabled, it is back where it was.
    assert_text_equal(world.wish(enable(name)), "");
    const auto text = world.table("mpatha");
    assert_contains(text, "sda sd");
    assert_contains(text, " | sdf sdn");
}

void a_path_of_another_size_is_not_let_in(void**) {
    World world;
    world.happens(Verb::DiskRemoved, "sdj");
    world.settle();
    world.told();
    Fault fault;
    fault.verb = Verb::SizeChanged;
    fault.unit = "database";
    fault.size = std::uint64_t{300} << 30;
    world.happens(fault);
    world.happens(Verb::DiskRemoved, world.model().disks.begin()->device);
    world.happens(disk_added("fc-b", "A1"));
    world.run_until([&] {
        return std::any_of(world.model().disks.begin(), world.model().disks.end(), [&](auto& disk) {
            return disk.unit_name == world.unit().unit.unit_name;
        });
    });
    world.settle();
    world.settle();
    assert_text_equal(world.told(), "");
}

void a_path_that_leads_elsewhere_by_now_is_not_let_in(void**) {
    World world;
    const auto name = world.name("sdj");
    assert_text_equal(world.wish(disable(name)), "");
    Fault fault;
    fault.verb = Verb::PathReused;
    fault.disk = "sdj";
    fault.designator = {san::DesignatorKind::Eui64,
                        std::string("\x01\x02\x03\x04\x05\x06\x07\x08")};
    fault.serial = "X";
    fault.announced = false;
    world.happens(fault);
    const auto refused = world.wish(enable(name));
    assert_contains(refused, "it leads to");
    assert_true(world.why == Refusal::Failed);
    assert_text_equal(world.table("mpatha"), "sda | sdf sdn");
}

void who_takes_over_makes_what_was_kept_true(void**) {
    World world;
    const auto before = world.raw_table();
    const auto name = world.name("sda");
    // Killed after it was written down, before anything was done.
    world.asked = world.manager->completed(world.asked, [&] {
        Intents wanted = world.asked;
        wanted.disabled.insert(name);
        wanted.units[world.unit().unit.key].override_path = world.name("sdn");
        return wanted;
    }());
    world.take_charge();
    assert_text_equal(world.table("mpatha"), "sdn | sdj | sdf");
    // Killed after the table was loaded: there is nothing left to do.
    world.take_charge();
    assert_text_equal(world.told(), "");
    // Killed after cancelling was written down.
    Intents wanted = world.asked;
    wanted.disabled.clear();
    wanted.units[world.unit().unit.key].override_path.reset();
    world.asked = world.manager->completed(world.asked, wanted);
    world.take_charge();
    world.settle();
    assert_text_equal(world.raw_table(), before);
}

void inactive_tables_are_cleared_by_who_takes_over(void**) {
    World world;
    std::size_t cleared = 0;
    world.hardware->refuses = [&cleared](const std::string& what) {
        cleared += what.find(" clear") != std::string::npos;
        return false;
    };
    world.take_charge();
    assert_int_equal(cleared, world.model().units.size());
}

void a_table_that_somebody_else_loads_is_put_right(void**) {
    World world;
    const auto before = world.raw_table();
    assert_text_equal(world.wish(disable(world.name("sda"))), "");
    world.hardware->load_table({world.unit().unit.number, "mpatha", world.unit().unit.uuid}, before,
                               [](const Status&) {});
    world.run_until([&] { return world.table("mpatha") == "sda sdj | sdf sdn"; });
    world.run_until([&] { return world.table("mpatha") == "sdj | sdf sdn"; });
}

void who_is_not_in_charge_any_more_changes_nothing(void**) {
    World world(true);
    world.asked.everywhere.probing_rate = 1;
    world.asked.everywhere.auto_failback.reset();
    world.asked.disabled.insert(world.name("sda"));
    world.asked = world.manager->completed(Intents(), world.asked);
    world.take_charge();
    assert_text_equal(world.table("mpatha"), "sdj | sdf sdn");
    bool ended = false;
    world.manager->pursue(world.asked, Intents(), [&](const Outcome&) { ended = true; });
    world.manager->retire();
    assert_false(world.manager->next().has_value());
    world.happens(Verb::PathLost, "sdj");
    const daemon::MapRef map{world.unit().unit.number, "mpatha", world.unit().unit.uuid};
    world.hardware->send_message(map, "fail_path 8:80", [](const Status&) {});
    world.run_until([&] { return world.table("mpatha") == "sdj | sdf* sdn"; });
    world.settle();
    assert_text_equal(world.told(), "mpatha fail_path 8:80");
    assert_false(ended);
    // In charge again it makes up for it.
    world.take_charge();
    world.run_until([&] { return world.table("mpatha") == "sdj* | sdf sdn"; });
}

void paths_are_probed_failed_and_reinstated(void**) {
    World world(true);
    assert_text_equal(world.wish([](Intents& intents) {
        intents.everywhere.probing_rate = 1;
        intents.everywhere.auto_failback = true;
    }),
                      "");
    world.happens(Verb::PathLost, "sda");
    world.happens(Verb::PathLost, "sdj");
    world.run_until([&] { return world.table("mpatha") == "sda* sdj* | sdf sdn"; });
    world.happens(Verb::PathRestored, "sda");
    world.happens(Verb::PathRestored, "sdj");
    world.run_until([&] { return world.table("mpatha") == "sda sdj | sdf sdn"; });
    world.run_until([&] { return world.unit().unit.current_group == 1; });
}

void a_path_is_reinstated_when_it_may_carry_io(void**) {
    World world(true);
    assert_text_equal(world.wish([](Intents& intents) { intents.everywhere.probing_rate = 1; }),
                      "");
    unsigned tries = 0;
    world.keeps_out = [&](const std::string& device) -> Status {
        assert_text_equal(device, "sda");
        assert_text_equal(world.table("mpatha"), "sda* sdj | sdf sdn");
        if (++tries == 3) return Done{};
        return Error{"use path", device, "", EAGAIN};
    };
    world.happens(Verb::PathLost, "sda");
    world.run_until([&] { return world.table("mpatha") == "sda* sdj | sdf sdn"; });
    world.happens(Verb::PathRestored, "sda");
    world.run_until([&] { return world.table("mpatha") == "sda sdj | sdf sdn"; });
    assert_int_equal(tries, 3);
}

void a_unit_is_removed_unless_it_is_in_use(void**) {
    World world;
    const auto remove = [&](const std::string& name) {
        std::optional<Outcome> outcome;
        world.manager->remove(world.unit(name).unit,
                              [&](Outcome ended) { outcome = std::move(ended); });
        world.run_until([&] { return outcome.has_value(); });
        const auto* refused = paths::refused(*outcome);
        return refused ? refused->text : std::string();
    };
    Fault fault;
    fault.verb = Verb::MapHeld;
    fault.map = "mpatha";
    world.happens(fault);
    assert_contains(remove("mpatha"), "in use");
    const auto count = world.model().units.size();
    assert_text_equal(remove("mpathb"), "");
    assert_int_equal(world.model().units.size(), count - 1);
}

void what_is_in_force_is_told(void**) {
    World world;
    world.asked = Intents();
    world.take_charge();
    const auto plain = world.manager->upkeep(nullptr);
    assert_true(plain.auto_failback == model::Switch::On && plain.failback_rate == 0);
    assert_true(plain.auto_probing == model::Switch::On && plain.probing_rate == 5);
    const auto key = world.unit().unit.key;
    assert_text_equal(world.wish([&](Intents& intents) {
        intents.everywhere.failback_rate = 60;
        intents.units[key].settings.auto_failback = false;
        intents.units[key].settings.probing_rate = 20;
    }),
                      "");
    const auto own = world.manager->upkeep(&world.unit().unit);
    assert_true(own.auto_failback == model::Switch::Off && own.failback_rate == 60);
    assert_true(own.auto_probing == model::Switch::On && own.probing_rate == 20);
    assert_contains(world.wish([](Intents& intents) { intents.everywhere.probing_rate = 3601; }),
                    "3601");
    assert_true(world.why == Refusal::InvalidParameter);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(taking_charge_touches_no_table),
        cmocka_unit_test(a_disabled_path_leaves_its_table_and_comes_back_to_its_place),
        cmocka_unit_test(the_last_usable_path_is_not_disabled),
        cmocka_unit_test(nor_is_the_last_one_that_works),
        cmocka_unit_test(nor_is_one_that_became_the_last_that_works),
        cmocka_unit_test(a_disabled_path_is_not_asked_for_anything),
        cmocka_unit_test(what_was_failed_is_failed_again),
        cmocka_unit_test(all_io_goes_through_the_override_path_and_back),
        cmocka_unit_test(a_failed_override_path_is_gone_back_to),
        cmocka_unit_test(an_override_path_that_does_not_work_is_refused),
        cmocka_unit_test(weights_arrange_the_groups),
        cmocka_unit_test(the_selector_of_one_unit_and_of_all),
        cmocka_unit_test(what_cannot_be_had_whole_is_taken_back_whole),
        cmocka_unit_test(a_kernel_that_does_not_do_what_it_says_is_found_out),
        cmocka_unit_test(half_of_many_is_left_to_who_comes_after),
        cmocka_unit_test(a_suspended_map_is_not_waited_for),
        cmocka_unit_test(a_lost_path_that_comes_back_takes_its_place),
        cmocka_unit_test(a_table_that_the_kernel_refuses_for_a_device_that_is_gone_does_without_it),
        cmocka_unit_test(a_lost_path_joins_its_table_when_it_may_carry_io),
        cmocka_unit_test(a_path_that_may_not_carry_io_is_not_enabled),
        cmocka_unit_test(a_disabled_path_stays_out_when_its_device_comes_back),
        cmocka_unit_test(a_path_of_another_size_is_not_let_in),
        cmocka_unit_test(a_path_that_leads_elsewhere_by_now_is_not_let_in),
        cmocka_unit_test(who_takes_over_makes_what_was_kept_true),
        cmocka_unit_test(inactive_tables_are_cleared_by_who_takes_over),
        cmocka_unit_test(a_table_that_somebody_else_loads_is_put_right),
        cmocka_unit_test(who_is_not_in_charge_any_more_changes_nothing),
        cmocka_unit_test(paths_are_probed_failed_and_reinstated),
        cmocka_unit_test(a_path_is_reinstated_when_it_may_carry_io),
        cmocka_unit_test(a_unit_is_removed_unless_it_is_in_use),
        cmocka_unit_test(what_is_in_force_is_told),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
