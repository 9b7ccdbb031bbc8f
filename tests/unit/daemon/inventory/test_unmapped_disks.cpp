// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Disks in no map: what each is called, what it costs when one changes, and who is asked again.
#include "tests/unit/daemon/inventory/scripted_world.hpp"

using namespace mpapi;
using namespace mpapi::daemon;

namespace {

void disks_that_cannot_be_told_apart_are_two_objects(void**) {
    World world;
    world.add("sda", 0);
    world.add("sdb", 1);
    world.add("sdc", 2);
    world.map(map_facts("m", 0, {sd(0), sd(1)}));
    world.daemon.enumerated();
    world.add("sdd", 3);
    world.daemon.settle();
    const auto keys_are_two = [&] {
        Auditor::references(world.daemon.model());
        std::set<std::string> keys;
        for (const auto& disk : world.daemon.model().disks)
            keys.insert(disk.key);
        assert_int_equal(keys.size(), 2); // object paths are made of them
    };
    keys_are_two();
    world.daemon.inventory().exclusions_changed();
    world.daemon.settle();
    keys_are_two();
    const model::Sequence second = world.daemon.path("sdb").id;
    world.map(map_facts("m", 0, {sd(1)}));
    world.daemon.settle();
    assert_int_equal(world.daemon.path("sdb").id, second);
    world.map(map_facts("m", 0, {sd(1), sd(0)}));
    world.daemon.settle();
    assert_int_equal(world.daemon.path("sdb").id, second);
    Auditor::references(world.daemon.model());
}

void one_disk_of_many_that_changes_is_work_for_one(void**) {
    World world(std::chrono::seconds(20)); // a busy machine is no trouble of a disk
    constexpr std::uint32_t many = 500;
    const auto facts = [](std::uint32_t i) {
        return disk_facts("sd" + std::to_string(i), sd(i), 1, i < 9 ? 2 + i : 1, i);
    };
    for (std::uint32_t i = 0; i < many; ++i) {
        world.devices.put(sd(i), {i});
        world.daemon.inventory().disk_present(facts(i));
    }
    world.daemon.enumerated();
    world.daemon.settle();
    const model::SnapshotPtr before = world.daemon.inventory().snapshot();
    assert_int_equal(before->disks.size(), many);
    const auto told_of = [&](std::uint32_t i) {
        for (const auto& disk : world.daemon.model().disks)
            if (disk.number == sd(i)) return disk.exclusion_detail;
        return std::string("gone");
    };

    world.daemon.policy.exclusions = 0;
    DiskFacts held = facts(234);
    held.holders = {"dm-7"};
    world.daemon.inventory().disk_present(held);
    world.daemon.settle();
    assert_int_equal(world.daemon.policy.exclusions, 1);
    assert_text_equal(told_of(234), "in use by dm-7");
    std::size_t other_blocks = 0;
    const auto& blocks = world.daemon.model().disks.blocks();
    for (std::size_t i = 0; i < blocks.size(); ++i)
        other_blocks += blocks[i] != before->disks.blocks().at(i);
    assert_int_equal(other_blocks, 1);

    // Another of the same unit concerns the one that was alone, a third nobody.
    const auto leads_to = [&](std::uint32_t i, unsigned unit) {
        world.devices.change(sd(i), [unit](ScriptedDisk& disk) { disk.unit = unit; });
        world.daemon.policy.exclusions = 0;
        world.daemon.inventory().inquiry_data_changed("sd" + std::to_string(i));
        world.daemon.settle();
    };
    leads_to(3, 2);
    assert_int_equal(world.daemon.policy.exclusions, 2);
    assert_text_equal(told_of(2), "nobody made a map of it (one of several)");
    leads_to(4, 2);
    assert_int_equal(world.daemon.policy.exclusions, 1);
    assert_text_equal(told_of(4), told_of(2));
    world.map(map_facts("m", 0, {sd(3), sd(4)}));
    world.daemon.settle();
    assert_text_equal(told_of(2), "nobody made a map of it");
    assert_text_equal(told_of(3), "gone");
    world.daemon.inventory().map_gone(dm_number(0));
    world.daemon.settle();
    assert_text_equal(told_of(3), told_of(2));
    world.daemon.policy.exclusions = 0;
    world.daemon.inventory().exclusions_changed();
    world.daemon.settle();
    assert_int_equal(world.daemon.policy.exclusions, many);
}

void a_disk_in_no_map_that_does_not_answer_is_asked_again_a_few_at_a_time(void**) {
    ScriptedDevices devices;
    ObjectIds ids;
    Scripted daemon(devices, ids, std::chrono::milliseconds(50), std::chrono::seconds(1));
    daemon.enumerated();
    constexpr std::uint32_t many = 40;
    const auto put_all_in = [&](Mood mood) {
        for (std::uint32_t i = 0; i < many; ++i)
            devices.put(sd(i), {i, 1, 1, mood});
    };
    const auto in_trouble = [&] {
        const auto& disks = daemon.model().disks;
        return std::count_if(disks.begin(), disks.end(),
                             [](const model::Disk& disk) { return bool(disk.trouble); });
    };
    put_all_in(Mood::Silent);
    for (std::uint32_t i = 0; i < many; ++i)
        daemon.inventory().disk_present(disk_facts("sd" + std::to_string(i), sd(i), i, i));
    daemon.settle();
    assert_int_equal(in_trouble(), many);
    // Nobody says a word, and all are due at about the same time.
    put_all_in(Mood::Hangs);
    std::uint64_t most = 0;
    daemon.run_until([&] {
        const WorkCounters now = daemon.inventory().counters();
        most = std::max(most, now.jobs_waiting);
        return now.commands_stuck >= 4;
    });
    assert_in_range(most, 1, 8);
    put_all_in(Mood::Good);
    daemon.run_until([&] { return in_trouble() == 0; });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(disks_that_cannot_be_told_apart_are_two_objects),
        cmocka_unit_test(one_disk_of_many_that_changes_is_work_for_one),
        cmocka_unit_test(a_disk_in_no_map_that_does_not_answer_is_asked_again_a_few_at_a_time),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
