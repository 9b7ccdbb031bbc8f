// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What happens to a SAN and what the model says of it: each change once, and the right end.
#include "tests/unit/daemon/inventory/story.hpp"

#include "common/system/read_file.hpp"

using namespace mpapi;
using namespace mpapi::daemon;
using san::Fault;
using san::Verb;

namespace {

std::string story_san() {
    auto text = read_file(MPAPI_SOURCE_ROOT "/tests/story.toml", std::size_t{1} << 20);
    assert_ok(text);
    return std::move(*text);
}

Fault on_disk(Verb verb, std::string disk) {
    Fault fault;
    fault.verb = verb;
    fault.disk = std::move(disk);
    return fault;
}

Fault on_unit(Verb verb, std::string unit) {
    Fault fault;
    fault.verb = verb;
    fault.unit = std::move(unit);
    return fault;
}

Fault on_map(Verb verb, std::string map) {
    Fault fault;
    fault.verb = verb;
    fault.map = std::move(map);
    return fault;
}

Fault group_state(std::uint16_t group, model::AccessState state) {
    Fault fault;
    fault.verb = Verb::GroupState;
    fault.array = "north";
    fault.group = group;
    fault.state = state;
    return fault;
}

std::vector<std::string> devices(const model::Unit& unit) {
    std::vector<std::string> names;
    for (const auto& path : unit.paths)
        names.push_back(path.device);
    std::sort(names.begin(), names.end());
    return names;
}

void the_model_is_what_the_description_says(void**) {
    Story story(story_san());
    assert_int_equal(story.model().units.size(), 2);
    const model::Unit& one = story.unit("mpatha");
    assert_text_equal(one.unit.key, "360014050000000000000000000000001");
    assert_text_equal(one.unit.unit_name, "60014050000000000000000000000001");
    assert_true(one.unit.unit_name_type == model::NameType::Naa);
    assert_true(one.unit.unit_name_source == model::Source::Vpd);
    assert_text_equal(one.unit.vendor, "MPAPI");
    assert_text_equal(one.unit.product, "ARRAY");
    assert_text_equal(one.unit.serial_number, "ONE");
    assert_int_equal(one.unit.size, 1u << 30);
    assert_true(one.unit.asymmetric && one.unit.explicit_alua && one.unit.implicit_alua);
    assert_true(one.unit.queue_if_no_path);
    assert_true(one.unit.queueing == model::Queueing::No);
    assert_int_equal(one.paths.size(), 4);
    assert_int_equal(one.groups.size(), 2);
    assert_true(one.groups[0].access_state == model::AccessState::ActiveOptimized);
    assert_true(one.groups[1].access_state == model::AccessState::Standby);
    assert_int_equal(one.groups[0].target_ports.size(), 2);
    assert_true(one.read_times->target_port_groups.load() != 0);
    for (const model::Path& path : one.paths) {
        assert_true(path.state == model::PathState::Okay);
        assert_true(path.identity == model::Identity::Verified);
        assert_true(path.group_known);
        const auto* target = model::find(story.model().target_ports, path.target_port);
        assert_non_null(target);
        assert_int_equal(target->relative_port_id, path.relative_port_id);
        assert_non_null(model::find(story.model().initiator_ports, path.initiator_port));
    }
    assert_int_equal(story.model().initiator_ports->size(), 2);
    assert_int_equal(story.model().target_ports->size(), 4);
    assert_int_equal(story.model().products->size(), 1);
    assert_int_equal(story.model().disks.size(), 0);
    assert_int_equal(story.model().plugins->size(), 1);
    assert_true(story.model().manager.ready);
    assert_text_equal(story.told(), "");
}

void a_path_that_is_lost_and_restored_is_told_once_each(void**) {
    Story story(story_san());
    const std::string device = devices(story.unit("mpatha"))[0];
    story.happens(on_disk(Verb::PathLost, device));
    story.run_until([&] { return story.path(device).state == model::PathState::PathError; });
    story.settle();
    int told = 0;
    for (const auto& line : story.narrator.lines)
        told += line == "path " + device + ": state okay -> path-error";
    assert_int_equal(told, 1);
    story.narrator.lines.clear();

    story.happens(on_disk(Verb::PathRestored, device));
    story.run_until([&] { return story.path(device).state == model::PathState::Okay; });
    story.settle();
    told = 0;
    for (const auto& line : story.narrator.lines)
        told += line == "path " + device + ": state path-error -> okay";
    assert_int_equal(told, 1);
    assert_true(story.path(device).identity == model::Identity::Verified);
    assert_false(bool(story.path(device).trouble));
}

void an_array_that_fails_over_changes_each_group_of_each_unit_once(void**) {
    Story story(story_san());
    Fault failover;
    failover.verb = Verb::ArrayFailsOver;
    failover.array = "north";
    story.happens(failover);
    const std::string text = story.told();
    for (const char* line : {"group 1 of mpatha: access active-optimized -> standby\n",
                             "group 2 of mpatha: access standby -> active-optimized\n",
                             "group 1 of mpathb: access active-optimized -> standby\n",
                             "group 2 of mpathb: access standby -> active-optimized\n"}) {
        const auto at = text.find(line);
        if (at == text.npos || text.find(line, at + 1) != text.npos)
            fail_msg("not once: %sin:\n%s", line, text.c_str());
    }
}

void each_access_state_is_shown(void**) {
    Story story(story_san());
    using model::AccessState;
    for (const AccessState state : {AccessState::Standby, AccessState::Unavailable,
                                    AccessState::Transitioning, AccessState::ActiveOptimized}) {
        story.happens(group_state(1, state));
        story.run_until([&] { return story.unit("mpatha").groups[0].access_state == state; });
        if (state == AccessState::Transitioning)
            for (const auto& path : story.unit("mpatha").paths)
                if (path.target_port_group == 1 && path.dm_active)
                    assert_true(path.state == model::PathState::Transitioning);
    }
}

void the_last_path_lost_leaves_the_unit_visible(void**) {
    Story story(story_san());
    for (const auto& device : devices(story.unit("mpatha")))
        story.happens(on_disk(Verb::PathLost, device));
    story.run_until(
        [&] { return story.unit("mpatha").unit.queueing == model::Queueing::NoUsablePath; });
    story.settle();
    const model::Unit& unit = story.unit("mpatha");
    assert_int_equal(unit.paths.size(), 4);
    for (const auto& path : unit.paths)
        assert_true(path.state == model::PathState::PathError);
}

void a_reused_lun_is_found_and_told_for_each_path(void**) {
    Story story(story_san());
    Fault reused = on_unit(Verb::LunReused, "one");
    reused.designator.value = std::string("\x60\x01\x40\x50\0\0\0\0\0\0\0\0\0\0\0\x99", 16);
    reused.serial = "OTHER";
    story.happens(reused);
    story.run_until([&] {
        return std::all_of(story.unit("mpatha").paths.begin(), story.unit("mpatha").paths.end(),
                           [](const auto& p) { return p.identity == model::Identity::Changed; });
    });
    story.settle();
    // The map goes on saying what it was made of.
    assert_text_equal(story.unit("mpatha").unit.unit_name, "60014050000000000000000000000001");
    int told = 0;
    for (const auto& line : story.narrator.lines)
        told += line.find("identity verified -> changed") != line.npos;
    assert_int_equal(told, 4);
    for (const auto& path : story.unit("mpathb").paths)
        assert_true(path.identity == model::Identity::Verified);
}

void a_command_that_hangs_makes_its_path_unknown_and_nothing_else(void**) {
    Story story(story_san());
    const std::string device = devices(story.unit("mpatha"))[1];
    story.happens(on_disk(Verb::CommandHangs, device));
    story.inventory().inquiry_data_changed(device);
    story.run_until([&] { return story.path(device).state == model::PathState::Unknown; });
    const model::Path& path = story.path(device);
    assert_true(bool(path.trouble));
    assert_text_equal(path.trouble->command, "INQUIRY");
    assert_text_equal(path.trouble->reason, "no answer after 0.2 s");
    assert_true(path.trouble->since != 0);
    assert_true(path.identity == model::Identity::Unverified);
    for (const auto& other : story.unit("mpatha").paths)
        if (other.device != device) assert_true(other.state == model::PathState::Okay);
    assert_int_equal(story.inventory().counters().commands_stuck, 1);
    // It is not asked again, however often something happens.
    for (int i = 0; i < 10; ++i)
        story.inventory().inquiry_data_changed(device);
    story.settle();
    assert_int_equal(story.inventory().counters().commands_stuck, 1);

    story.happens(on_disk(Verb::CommandReleased, device));
    story.run_until([&] { return story.path(device).state == model::PathState::Okay; });
    story.settle();
    assert_false(bool(story.path(device).trouble));
    assert_int_equal(story.inventory().counters().commands_stuck, 0);
}

void a_removed_disk_leaves_its_map_and_comes_back_under_the_same_number(void**) {
    Story story(story_san());
    const std::string device = devices(story.unit("mpatha"))[2];
    const model::Path path = story.path(device);
    const model::Sequence id = path.id;
    story.happens(on_disk(Verb::DiskRemoved, device));
    story.run_until([&] { return story.unit("mpatha").paths.size() == 3; });
    Fault added;
    added.verb = Verb::DiskAdded;
    added.unit = "one";
    added.array = "north";
    added.initiator = path.address.host == 3 ? "a" : "b";
    added.port = std::array{"A0", "A1", "B0", "B1"}[path.relative_port_id - 1u];
    story.happens(added);
    story.run_until([&] { return story.unit("mpatha").paths.size() == 4; });
    story.settle();
    bool same = false;
    for (const auto& back : story.unit("mpatha").paths)
        same |= back.id == id;
    assert_true(same);
}

void a_map_removed_and_made_again_keeps_its_number(void**) {
    Story story(story_san());
    const model::Sequence id = story.unit("mpatha").unit.id;
    story.happens(on_map(Verb::MapRemoved, "mpatha"));
    const std::string gone = story.told();
    assert_non_null(strstr(gone.c_str(), "-unit mpatha\n"));
    assert_int_equal(story.model().units.size(), 1);
    assert_int_equal(story.model().disks.size(), 4);
    for (const auto& disk : story.model().disks)
        assert_text_equal(disk.exclusion, "not-a-path");
    story.happens(on_unit(Verb::MapMade, "one"));
    const std::string back = story.told();
    assert_non_null(strstr(back.c_str(), "+unit mpatha\n"));
    assert_int_equal(story.unit("mpatha").unit.id, id);
    assert_int_equal(story.model().disks.size(), 0);
    assert_int_equal(story.unit("mpatha").groups.size(), 2);
}

void a_renamed_map_is_the_same_unit(void**) {
    Story story(story_san());
    Fault renamed = on_map(Verb::MapRenamed, "mpatha");
    renamed.name = "archive";
    story.happens(renamed);
    assert_text_equal(story.told(), "unit archive: name mpatha -> archive\n");
}

void a_suspended_map_says_so(void**) {
    Story story(story_san());
    story.happens(on_map(Verb::MapSuspended, "mpatha"));
    const model::Sequence id = story.unit("mpatha").unit.id;
    story.inventory().refresh(id);
    story.run_until([&] { return story.unit("mpatha").unit.suspended; });
    assert_true(story.unit("mpatha").unit.queueing == model::Queueing::Suspended);
    story.happens(on_map(Verb::MapResumed, "mpatha"));
    story.inventory().refresh(id);
    story.run_until([&] { return !story.unit("mpatha").unit.suspended; });
}

void two_maps_of_one_unit_are_both_shown_and_flagged(void**) {
    Story story(story_san());
    Fault reused = on_unit(Verb::LunReused, "two");
    reused.designator.value = std::string("\x60\x01\x40\x50\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    reused.rescanned = true;
    story.happens(reused);
    story.settle();
    // mpathb was made anew of what is unit one by its name.
    int flagged = 0;
    story.model().units.for_each(
        [&](const model::Unit& unit) { flagged += unit.unit.duplicate_designator; });
    assert_true(flagged == 2 || story.unit("mpathb").paths[0].identity == model::Identity::Changed);
}

void numbers_outlive_the_daemon(void**) {
    char pattern[] = "/tmp/mpapi-story-XXXXXX";
    const std::string state = mkdtemp(pattern);
    std::map<std::string, model::Sequence> first, second;
    const auto collect = [](const Story& story, auto& into) {
        story.model().units.for_each([&](const model::Unit& unit) {
            into["unit " + unit.unit.key] = unit.unit.id;
            for (const auto& path : unit.paths)
                into["path " + path.device] = path.id;
            for (const auto& group : unit.groups)
                into["group " + unit.unit.key + std::to_string(group.number)] = group.id;
        });
        for (const auto& port : *story.model().target_ports)
            into["target " + port.port_id] = port.id;
    };
    {
        Story story(story_san(), state);
        collect(story, first);
    }
    {
        Story story(story_san(), state);
        collect(story, second);
    }
    std::filesystem::remove_all(state);
    assert_int_equal(first.size(), 2 + 8 + 4 + 4);
    assert_true(first == second);
}

void nonsense_from_a_device_is_told_once_with_its_reason(void**) {
    Story story(story_san());
    const std::string device = devices(story.unit("mpatha"))[0];
    Fault lie = on_disk(Verb::Reply, device);
    lie.operation = 0x12;
    lie.page = 0x83;
    lie.bytes = {0x00, 0x83, 0x00, 0x10, 0x01, 0x03, 0x00, 0xff};
    story.happens(lie);
    story.inventory().inquiry_data_changed(device);
    story.run_until([&] { return bool(story.path(device).trouble); });
    assert_true(story.path(device).identity == model::Identity::Unverified);
    assert_text_equal(story.path(device).trouble->command, "INQUIRY VPD page 83h");
    story.told();
    for (int i = 0; i < 5; ++i) {
        story.inventory().inquiry_data_changed(device);
        assert_text_equal(story.told(), "");
    }
}

void groups_that_cannot_be_read_are_unknown_and_say_why(void**) {
    Story story(story_san());
    for (const auto& device : devices(story.unit("mpatha"))) {
        Fault lie = on_disk(Verb::Reply, device);
        lie.operation = 0xa3;
        lie.page = 0x0a;
        lie.bytes = {0x00, 0x00, 0x00, 0x08, 0x00, 0x0f, 0x00, 0x01, 0x00, 0x00, 0x00, 0xff};
        story.happens(lie);
    }
    story.inventory().refresh(story.unit("mpatha").unit.id);
    story.run_until(
        [&] { return story.unit("mpatha").groups[0].access_state == model::AccessState::Unknown; });
    assert_true(bool(story.unit("mpatha").groups[0].trouble));
    assert_text_equal(story.unit("mpatha").groups[0].trouble->command, "REPORT TARGET PORT GROUPS");
    assert_true(story.unit("mpathb").groups[0].access_state == model::AccessState::ActiveOptimized);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_model_is_what_the_description_says),
        cmocka_unit_test(a_path_that_is_lost_and_restored_is_told_once_each),
        cmocka_unit_test(an_array_that_fails_over_changes_each_group_of_each_unit_once),
        cmocka_unit_test(each_access_state_is_shown),
        cmocka_unit_test(the_last_path_lost_leaves_the_unit_visible),
        cmocka_unit_test(a_reused_lun_is_found_and_told_for_each_path),
        cmocka_unit_test(a_command_that_hangs_makes_its_path_unknown_and_nothing_else),
        cmocka_unit_test(a_removed_disk_leaves_its_map_and_comes_back_under_the_same_number),
        cmocka_unit_test(a_map_removed_and_made_again_keeps_its_number),
        cmocka_unit_test(a_renamed_map_is_the_same_unit),
        cmocka_unit_test(a_suspended_map_says_so),
        cmocka_unit_test(two_maps_of_one_unit_are_both_shown_and_flagged),
        cmocka_unit_test(numbers_outlive_the_daemon),
        cmocka_unit_test(nonsense_from_a_device_is_told_once_with_its_reason),
        cmocka_unit_test(groups_that_cannot_be_read_are_unknown_and_say_why),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
