// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks on their way offline and back while paths come and go and the daemon is started anew.
#include "daemon/disks/offline/online_states.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <map>

#include <fcntl.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

class World final : public OfflineWork, public ClaimStore {
  public:
    World() { put({sda, sdb}); }

    // The daemon, new.
    void start() {
        answers.clear();
        states.reset();
        states = std::make_unique<OnlineStates>(
            OnlineStates::Means{
                *this, *this, marks, [this](const std::string&) { return disk; },
                [this](const daemon::MapRef& map, OnlineStates::Ended ended) {
                    log.push_back("load " + map.name);
                    table_read_only = !reload_helps;
                    later([ended] { ended(Done{}); });
                },
                [this](const std::string& device) { log.push_back("udev " + device); },
                [this](const std::string&, bool online) {
                    log.push_back(online ? "online" : "offline");
                },
                [this](int, const std::string& text) { notes.push_back(text); }},
            disk ? std::vector{disk} : std::vector<DiskPtr>{});
        settle();
    }
    void put(const std::vector<model::DeviceNumber>& paths, model::DeviceNumber number = {253, 0}) {
        auto made = std::make_shared<Disk>();
        made->id = "3600";
        made->unit = 7;
        made->map_name = "mpatha";
        made->block = {"dm-0", number};
        for (const auto path : paths) {
            Nexus nexus;
            nexus.number = path;
            made->nexuses.push_back(nexus);
        }
        change(std::move(made));
    }
    void change(DiskPtr to) {
        const auto before = std::exchange(disk, std::move(to));
        if (states) states->disk_changed(before, disk);
        settle();
    }
    std::string offline() {
        std::string answer = "no answer";
        states->take_offline("3600", [&](const std::optional<OfflineFailure>& failure) {
            answer = failure ? failure->why.message() : "done";
        });
        settle();
        return answer;
    }
    std::string online() {
        std::string answer = "no answer";
        states->bring_online("3600", [&](const Status& status) {
            answer = status ? "done" : status.error().message();
        });
        settle();
        return answer;
    }
    void settle() {
        while (!answers.empty()) {
            const auto answer = std::move(answers.front());
            answers.pop_front();
            answer();
        }
    }
    bool logged(const std::string& what) const {
        return std::find(log.begin(), log.end(), what) != log.end();
    }
    std::string marked() const {
        std::string all;
        for (const auto& [name, id] : marks.all())
            all += (all.empty() ? "" : " ") + name;
        return all;
    }

    // OfflineWork
    void take_offline(const BlockDisk&, std::function<void(TakenOffline)> then) override {
        log.push_back("take");
        if (during) std::exchange(during, nullptr)();
        later([this, then = std::move(then)] {
            TakenOffline taken;
            if (refusal)
                taken.failure.why = *refusal;
            else
                taken.claim = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
            then(std::move(taken));
        });
    }
    void make_writable(const BlockDisk&, std::function<void(Result<bool>)> then) override {
        log.push_back("writable");
        later([this, then = std::move(then)] {
            if (refusal) return then(*refusal);
            then(!table_read_only);
        });
    }
    void find_partitions(const BlockDisk&, Ended then) override {
        log.push_back("partitions");
        later([then = std::move(then)] { then(Done{}); });
    }
    void lock_path(dm::DeviceNumber path, Ended then) override {
        log.push_back("lock " + to_string(path));
        later(
            [this, then = std::move(then)] { then(refusal ? Status(*refusal) : Status(Done{})); });
    }

    // ClaimStore
    void keep(dm::DeviceNumber device, int) override { kept = to_string(device); }
    void forget(dm::DeviceNumber) override { kept.clear(); }
    std::vector<KeptClaim> take_kept() override { return std::move(left); }

    static constexpr model::DeviceNumber sda{8, 0}, sdb{8, 16}, sdc{8, 32};
    RuntimeMarks marks{""};
    DiskPtr disk;
    std::unique_ptr<OnlineStates> states;
    std::deque<std::function<void()>> answers;
    std::function<void()> during;
    std::vector<std::string> log, notes;
    std::optional<Error> refusal;
    bool table_read_only = false, reload_helps = true;
    std::string kept;
    std::vector<KeptClaim> left; // to the next start()

  private:
    void later(std::function<void()> answer) { answers.push_back(std::move(answer)); }
};

World* fresh() {
    static std::unique_ptr<World> world;
    world = std::make_unique<World>();
    world->start();
    return world.get();
}

void there_and_back(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    assert_false(world.states->online("3600"));
    assert_text_equal(world.marked(), "253:0 8:0 8:16");
    assert_text_equal(world.kept, "253:0");
    assert_true(world.logged("udev dm-0"));
    assert_text_equal(world.offline(), "done");
    assert_int_equal(std::count(world.log.begin(), world.log.end(), "take"), 1);
    assert_text_equal(world.online(), "done");
    assert_true(world.states->online("3600"));
    assert_text_equal(world.marked(), "");
    assert_text_equal(world.kept, "");
    assert_true(world.logged("partitions"));
    assert_text_equal(world.online(), "done");
}

void who_refuses_is_told_and_nothing_is_marked(void**) {
    World& world = *fresh();
    world.refusal = Error{"take offline", "", "it is in use", EBUSY};
    assert_contains(world.offline(), "it is in use");
    assert_true(world.states->online("3600"));
    assert_text_equal(world.marked(), "");
    assert_false(world.logged("offline"));
}

void on_its_way_it_is_refused(void**) {
    World& world = *fresh();
    std::string second;
    world.during = [&] {
        world.states->take_offline("3600", [&](const std::optional<OfflineFailure>& failure) {
            second = failure->why.reason;
        });
    };
    assert_text_equal(world.offline(), "done");
    assert_contains(second, "on its way");
}

void a_path_that_returns_is_made_read_only(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.put({World::sda});
    assert_text_equal(world.marked(), "253:0 8:0");
    world.put({World::sda, World::sdc});
    assert_true(world.logged("lock 8:32"));
    assert_false(world.logged("lock 8:0"));
    assert_text_equal(world.marked(), "253:0 8:0 8:32");
    world.put({World::sda, World::sdb, World::sdc});
    assert_true(world.logged("lock 8:16"));
}

void a_path_that_came_while_it_went_offline_is_not_forgotten(void**) {
    World& world = *fresh();
    world.during = [&] {
        auto made = std::make_shared<Disk>(*world.disk);
        Nexus nexus;
        nexus.number = World::sdc;
        made->nexuses.push_back(nexus);
        world.disk = made;
    };
    assert_text_equal(world.offline(), "done");
    assert_true(world.logged("lock 8:32"));
}

void a_path_that_cannot_be_locked_is_told_and_tried_again(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.refusal = Error{"make read-only", "8:32", "", EIO};
    world.put({World::sda, World::sdb, World::sdc});
    assert_int_equal(world.notes.size(), 1);
    assert_contains(world.notes[0], "can be written to");
    world.refusal.reset();
    world.log.clear();
    world.put({World::sda, World::sdb, World::sdc});
    assert_true(world.logged("lock 8:32"));
}

// multipathd reloaded the table while a path was read-only.
void a_map_that_stays_read_only_has_its_table_loaded_again(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.table_read_only = true;
    assert_text_equal(world.online(), "done");
    assert_true(world.logged("load mpatha"));
    assert_true(world.states->online("3600"));
}

void a_map_that_stays_read_only_for_all_that_stays_offline(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.table_read_only = true;
    world.reload_helps = false;
    assert_contains(world.online(), "keeps it read-only");
    assert_false(world.states->online("3600"));
    assert_text_equal(world.kept, "253:0");
}

void what_cannot_be_made_writable_stays_offline(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.refusal = Error{"BLKROSET", "253:0", "", EIO};
    assert_contains(world.online(), "BLKROSET");
    assert_false(world.states->online("3600"));
    world.refusal.reset();
    assert_text_equal(world.online(), "done");
}

void a_restarted_daemon_takes_it_again(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.log.clear();
    world.start();
    assert_false(world.states->online("3600"));
    assert_true(world.logged("take")); // no claim was kept in this world
    assert_true(world.notes.empty());
}

// Taken anew it would have been free in between.
void a_claim_that_was_kept_is_gone_on_with(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.log.clear();
    std::array<int, 2> ends{};
    assert_int_equal(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const Fd other_end(ends[0]);
    world.left.push_back({{253, 0}, Fd(ends[1])});
    world.start();
    assert_false(world.states->online("3600"));
    assert_false(world.logged("take"));
    assert_true(world.logged("lock 8:0") && world.logged("lock 8:16"));
    char byte = 0;
    assert_int_equal(::read(other_end.get(), &byte, 1), -1); // it is open
    assert_text_equal(world.online(), "done");
    assert_int_equal(::read(other_end.get(), &byte, 1), 0); // and closed
}

void a_claim_of_another_device_is_none_of_it(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.log.clear();
    world.left.push_back({{253, 7}, Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))});
    world.start();
    assert_true(world.logged("take"));
}

void what_a_restarted_daemon_cannot_take_stays_offline_and_is_told(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.refusal = Error{"take offline", "", "it is in use", EBUSY};
    world.start();
    assert_false(world.states->online("3600"));
    assert_int_equal(world.notes.size(), 1);
    assert_contains(world.notes[0], "could not be taken again");
    world.refusal.reset();
    assert_text_equal(world.online(), "done");
}

void a_disk_that_appears_after_the_start_is_taken_again(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    const auto disk = world.disk;
    world.disk = nullptr;
    world.states.reset();
    world.start();
    assert_true(world.states->online("3600"));
    world.change(disk);
    assert_false(world.states->online("3600"));
}

// Everything was stopped, the map too, and the daemon is the first that is there again.
void a_path_of_a_map_that_was_offline_is_left_to_the_next_map(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    const DiskPtr map = world.disk;
    auto path = std::make_shared<Disk>();
    path->id = "3600";
    path->block = {"sda", World::sda};
    world.disk = path;
    world.log.clear();
    world.start();
    assert_true(world.log.empty());
    world.change(map);
    assert_true(world.logged("take") && world.logged("offline"));
    assert_false(world.states->online("3600"));
}

void a_disk_that_is_gone_is_forgotten(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.change(nullptr);
    assert_true(world.states->online("3600"));
    assert_text_equal(world.marked(), "");
    assert_text_equal(world.kept, "");
}

void a_new_block_device_is_online(void**) {
    World& world = *fresh();
    assert_text_equal(world.offline(), "done");
    world.put({World::sda, World::sdb}, {253, 9});
    assert_true(world.states->online("3600"));
    assert_text_equal(world.marked(), "");
    assert_int_equal(world.notes.size(), 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(who_refuses_is_told_and_nothing_is_marked),
        cmocka_unit_test(on_its_way_it_is_refused),
        cmocka_unit_test(a_path_that_returns_is_made_read_only),
        cmocka_unit_test(a_path_that_came_while_it_went_offline_is_not_forgotten),
        cmocka_unit_test(a_path_that_cannot_be_locked_is_told_and_tried_again),
        cmocka_unit_test(a_map_that_stays_read_only_has_its_table_loaded_again),
        cmocka_unit_test(a_map_that_stays_read_only_for_all_that_stays_offline),
        cmocka_unit_test(what_cannot_be_made_writable_stays_offline),
        cmocka_unit_test(a_restarted_daemon_takes_it_again),
        cmocka_unit_test(a_claim_that_was_kept_is_gone_on_with),
        cmocka_unit_test(a_claim_of_another_device_is_none_of_it),
        cmocka_unit_test(what_a_restarted_daemon_cannot_take_stays_offline_and_is_told),
        cmocka_unit_test(a_disk_that_appears_after_the_start_is_taken_again),
        cmocka_unit_test(a_path_of_a_map_that_was_offline_is_left_to_the_next_map),
        cmocka_unit_test(a_disk_that_is_gone_is_forgotten),
        cmocka_unit_test(a_new_block_device_is_online),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
