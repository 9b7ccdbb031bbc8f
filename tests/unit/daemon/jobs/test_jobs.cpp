// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of a removal, with clocks, holders and a path manager of the test's own.
#include "daemon/jobs/jobs.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace mpapi;
using namespace mpapi::jobs;
using namespace std::chrono_literals;
using holders::Findings;
using holders::Holder;
using holders::Kind;

namespace {

const Holder kMount{Kind::Mount, "/srv/db", "xfs on /dev/mapper/mpath1", "unmount /srv/db"};
const Holder kProcess{Kind::Process, "4711", "dd, user 0", "end process 4711 (dd)"};
const Holder kPartition{Kind::Device, "/dev/mapper/p1", "partition",
                        "remove it: dmsetup remove p1"};
constexpr char kTryAgain[] = "org.mpapi.Multipath1.Error.TryAgain";
constexpr char kTimedOut[] = "org.mpapi.Multipath1.Error.TimedOut";

class FakeLookup final : public holders::Lookup {
  public:
    void look(model::DeviceNumber map, Answer answer) override {
        ++looks;
        looked_at = map;
        if (at_once)
            answer(found);
        else
            waiting = std::move(answer);
    }
    std::shared_ptr<void> watch(std::function<void()> changed) override {
        watcher = std::move(changed);
        return {this, [this](void*) { watcher = nullptr; }};
    }
    void answer() { std::exchange(waiting, nullptr)(found); }

    Findings found;
    bool at_once = true;
    unsigned looks = 0;
    model::DeviceNumber looked_at;
    Answer waiting;
    std::function<void()> watcher;
};

class World final : public daemon::ModelSource, public JobsObserver {
  public:
    World()
      : jobs(*this, lookup,
             [this](const model::LogicalUnit& unit, paths::Ended then) {
                 removing.push_back(unit);
                 ended = std::move(then);
             },
             {[this] { return now; }, [] { return model::Time{1'700'000'000'000'000}; }}) {
        jobs.set_observer(this);
    }
    ~World() override { jobs.set_observer(nullptr); }

    model::SnapshotPtr snapshot() const override { return current; }
    daemon::WorkCounters counters() const override { return {}; }
    void settle(std::chrono::milliseconds, std::function<void(Status)> done) override {
        done(Done{});
    }
    void refresh(model::Sequence) override {}
    void look_again(model::Sequence) override {}

    model::LogicalUnit unit(model::Sequence id) {
        auto unit = std::make_shared<model::Unit>();
        unit->unit.id = id;
        unit->unit.key = "3600" + std::to_string(id);
        unit->unit.name = "mpath" + std::to_string(id);
        unit->unit.number = {253, static_cast<std::uint32_t>(id)};
        step([&](model::Snapshot& next) { next.units.put(unit); });
        return unit->unit;
    }
    void gone(model::Sequence id) {
        step([&](model::Snapshot& next) { next.units.erase(id); });
    }
    void renumbered(model::Sequence id, std::uint32_t minor) {
        auto unit = std::make_shared<model::Unit>(*current->units.find(id));
        unit->unit.number.minor = minor;
        step([&](model::Snapshot& next) { next.units.put(unit); });
    }

    std::uint64_t remove(model::Sequence id, std::chrono::microseconds wait = 0s,
                         uid_t user = 1000) {
        const auto path = jobs.start_removal(unit(id), user, wait);
        assert_ok(path);
        assert_text_equal(*path, object_path(last));
        return last;
    }
    void refuse(paths::Refusal why, const std::string& text) {
        std::exchange(ended, nullptr)(paths::Refused{why, text});
    }
    void made() { std::exchange(ended, nullptr)(paths::Made{}); }
    void later(std::chrono::microseconds time) {
        now += time;
        if (due && *due <= now) jobs.pass();
    }

    const Job& job(std::uint64_t number) {
        const Job* found = jobs.find(number);
        if (!found) fail_msg("there is no job %u", static_cast<unsigned>(number));
        return *found;
    }
    void expect(std::uint64_t number, State state, const char* error, std::string_view message) {
        const Job& found = job(number);
        if (found.state != state || found.error != error || found.message != message)
            fail_msg("it is %s, \"%s\": %s", name_of(found.state).data(), found.error.c_str(),
                     found.message.c_str());
        assert_text_equal(found.stage, "");
        assert_true(found.progress == (state == State::Done ? 1 : -1));
    }

    void job_added(const Job& added) override {
        last = added.number;
        shown.push_back(added);
    }
    void job_changed(const Job& before, const Job& after) override {
        assert_false(before == after);
        for (auto& each : shown)
            if (each.number == after.number) {
                assert_true(each == before);
                each = after;
            }
    }
    void job_removed(const Job& job) override {
        assert_int_equal(
            std::erase_if(shown, [&](const Job& each) { return each.number == job.number; }), 1);
    }
    void due_at(std::optional<Jobs::Clock::time_point> when) override { due = when; }

    model::SnapshotPtr current = std::make_shared<model::Snapshot>();
    Jobs::Clock::time_point now{1h};
    FakeLookup lookup;
    std::vector<model::LogicalUnit> removing;
    paths::Ended ended;
    std::vector<Job> shown;
    std::uint64_t last = 0;
    std::optional<Jobs::Clock::time_point> due;
    Jobs jobs;

  private:
    template <typename Change>
    void step(Change&& change) {
        auto next = std::make_shared<model::Snapshot>(*current);
        ++next->generation;
        change(*next);
        const auto before = std::exchange(current, next);
        jobs.model_changed(before, current, {}, now);
    }
};

void what_nobody_holds_is_removed_and_done_when_the_model_has_it_no_more(void**) {
    World world;
    const auto number = world.remove(1);
    const Job begun = world.job(number);
    assert_text_equal(begun.kind, "remove");
    assert_text_equal(begun.object, "/org/mpapi/Multipath1/lu/36001");
    assert_int_equal(begun.user, 1000);
    assert_true(begun.started_at == 1'700'000'000'000'000);
    assert_text_equal(begun.stage, "removing the map");
    assert_true(world.lookup.looked_at == (model::DeviceNumber{253, 1}));
    assert_int_equal(world.removing.size(), 1);
    assert_text_equal(world.removing[0].name, "mpath1");
    world.made();
    assert_true(world.job(number).state == State::Running);
    world.gone(1);
    world.expect(number, State::Done, "", "The map mpath1 was removed.");
}

void a_model_that_is_quicker_than_the_answer_is_no_other_end(void**) {
    World world;
    const auto number = world.remove(1);
    world.gone(1);
    assert_true(world.job(number).state == State::Running);
    world.made();
    world.expect(number, State::Done, "", "The map mpath1 was removed.");
}

void a_map_that_stays_or_comes_back_is_told_after_a_while(void**) {
    World world;
    const auto number = world.remove(1);
    world.made();
    world.later(9s);
    assert_true(world.job(number).state == State::Running);
    world.later(1s);
    world.expect(number, State::Failed, kTimedOut,
                 "The map mpath1 was removed, but is still, or again, there.");
}

void who_holds_it_is_named_with_the_next_step(void**) {
    World world;
    world.lookup.found.holders = {kMount, kProcess};
    const auto number = world.remove(1);
    world.expect(number, State::Failed, kTryAgain,
                 "The map mpath1 is in use: /srv/db (xfs on /dev/mapper/mpath1), process 4711 (dd, "
                 "user 0). Unmount /srv/db, then try again.");
    assert_true(world.job(number).holders == world.lookup.found.holders);
    assert_true(world.removing.empty());

    world.lookup.found.holders.assign(100, kProcess);
    const auto many = world.remove(2);
    assert_contains(world.job(many).message, "process 4711 (dd, user 0) and 61 more.");
    assert_int_equal(world.job(many).holders.size(), Removal::kMostHolders);
}

void what_could_not_be_looked_at_is_told_and_is_no_obstacle(void**) {
    World world;
    world.lookup.found.trouble = "processes could not be looked at: nobody answers";
    const auto number = world.remove(1);
    assert_text_equal(world.job(number).message,
                      "Processes could not be looked at: nobody answers.");
    assert_int_equal(world.removing.size(), 1);
    world.lookup.found.holders = {kMount};
    const auto held = world.remove(2);
    assert_contains(world.job(held).message,
                    "then try again. Processes could not be looked at: nobody answers.");
}

void a_refusal_of_the_path_manager_is_its_end(void**) {
    World world;
    const auto number = world.remove(1);
    world.refuse(paths::Refusal::Unsupported, "Nobody manages paths here.");
    world.expect(number, State::Failed, "org.mpapi.Multipath1.Error.Unsupported",
                 "Nobody manages paths here.");
}

// Somebody opened it between the look and the removal.
void after_a_busy_map_it_is_looked_once_more_for_who_it_is(void**) {
    World world;
    const auto number = world.remove(1);
    world.lookup.found.holders = {kProcess};
    world.refuse(paths::Refusal::TryAgain, "It is open.");
    assert_int_equal(world.lookup.looks, 2);
    world.expect(number, State::Failed, kTryAgain,
                 "The map mpath1 is in use: process 4711 (dd, user 0). End process 4711 (dd), then "
                 "try again.");

    world.lookup.found.holders = {};
    const auto unseen = world.remove(2);
    world.refuse(paths::Refusal::TryAgain, "It is open.");
    world.expect(unseen, State::Failed, kTryAgain,
                 "The map mpath2 is in use: It is open. Nobody was found who holds it; a target "
                 "(LIO, nvmet) or a file system that was unmounted lazily leaves no trace.");
}

// multipathd takes them away with the map; another path manager does not.
void idle_partitions_are_in_the_way_only_where_the_path_manager_says_so(void**) {
    World world;
    world.lookup.found.partitions = {kPartition};
    const auto number = world.remove(1);
    assert_int_equal(world.removing.size(), 1);
    assert_true(world.job(number).holders.empty());
    world.refuse(paths::Refusal::TryAgain, "It is open.");
    world.expect(number, State::Failed, kTryAgain,
                 "The map mpath1 is in use: /dev/mapper/p1 (partition). Remove it: dmsetup remove "
                 "p1, then try again.");
}

void holders_are_waited_for_and_looked_for_every_few_seconds(void**) {
    World world;
    world.lookup.found.holders = {kProcess};
    const auto number = world.remove(1, 60s);
    assert_text_equal(world.job(number).stage, "waiting for process 4711 (dd, user 0)");
    assert_true(world.job(number).holders == std::vector{kProcess});
    world.later(4s);
    assert_int_equal(world.lookup.looks, 1);
    world.later(1s);
    assert_int_equal(world.lookup.looks, 2);
    world.lookup.found.holders = {};
    world.later(5s);
    assert_int_equal(world.removing.size(), 1);
    assert_true(world.job(number).holders.empty());
    world.made();
    world.gone(1);
    world.expect(number, State::Done, "", "The map mpath1 was removed.");
    assert_false(static_cast<bool>(world.lookup.watcher));
}

void an_unmount_is_heard_of_but_looks_are_at_least_a_second_apart(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    world.remove(1, 60s);
    assert_true(static_cast<bool>(world.lookup.watcher));
    world.now += 100ms;
    for (int times = 0; times < 100; ++times)
        world.lookup.watcher();
    assert_int_equal(world.lookup.looks, 1);
    assert_true(*world.due == world.now + 900ms);
    world.later(900ms);
    assert_int_equal(world.lookup.looks, 2);
    world.later(2s);
    world.lookup.found.holders = {};
    world.lookup.watcher();
    world.later(0s);
    assert_int_equal(world.removing.size(), 1);
}

void when_the_time_is_over_it_fails_with_who_still_holds_it(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    const auto number = world.remove(1, 7s);
    world.later(5s);
    world.later(1999ms);
    assert_true(world.job(number).state == State::Running);
    world.later(1ms);
    world.expect(number, State::Failed, kTimedOut,
                 "The map mpath1 is still in use: /srv/db (xfs on /dev/mapper/mpath1). Unmount "
                 "/srv/db, then try again.");
    assert_true(world.removing.empty());
}

void a_map_that_is_busy_for_no_visible_reason_is_tried_until_the_time_is_over(void**) {
    World world;
    const auto number = world.remove(1, 8s);
    world.refuse(paths::Refusal::TryAgain, "It is open.");
    assert_text_equal(world.job(number).stage, "waiting until nobody has the map open");
    assert_int_equal(world.removing.size(), 1);
    world.later(5s);
    assert_int_equal(world.removing.size(), 2);
    world.refuse(paths::Refusal::TryAgain, "It is open.");
    world.later(3s);
    assert_int_equal(world.removing.size(), 3);
    world.refuse(paths::Refusal::TryAgain, "It is open.");
    assert_true(world.job(number).state == State::Failed);
    assert_text_equal(world.job(number).error, kTimedOut);
}

// Numbers are given to others: the unit is found again before each look.
void what_it_is_called_now_is_looked_at_and_removed(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    world.remove(1, 60s);
    world.renumbered(1, 9);
    world.lookup.found.holders = {};
    world.later(5s);
    assert_true(world.lookup.looked_at == (model::DeviceNumber{253, 9}));
    assert_true(world.removing.at(0).number == (model::DeviceNumber{253, 9}));
}

void a_map_that_others_remove_meanwhile_is_done(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    const auto waiting = world.remove(1, 60s);
    world.gone(1);
    world.expect(waiting, State::Done, "", "The map mpath1 was removed by somebody else.");
    world.lookup.at_once = false;
    const auto looking = world.remove(2);
    world.gone(2);
    world.expect(looking, State::Done, "", "The map mpath2 was removed by somebody else.");
    world.lookup.answer(); // too late, and nothing happens
    assert_true(world.removing.empty());
    world.lookup.at_once = true;
    world.lookup.found.holders = {};
    const auto removing = world.remove(3);
    world.gone(3);
    world.refuse(paths::Refusal::ObjectNotFound, "It is gone.");
    world.expect(removing, State::Done, "", "The map mpath3 was removed.");
}

void canceled_it_leaves_the_map_alone(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    const auto number = world.remove(1, 60s);
    assert_ok(world.jobs.cancel(number, 1000));
    world.expect(number, State::Canceled, "", "Canceled; the map mpath1 was left as it is.");
    assert_false(static_cast<bool>(world.lookup.watcher));
    world.lookup.found.holders = {};
    world.later(1min);
    assert_true(world.removing.empty());
    // Twice is once, and an end is an end.
    assert_ok(world.jobs.cancel(number, 1000));
    assert_true(world.job(number).state == State::Canceled);
}

// What the kernel was asked to do is not taken back: the end tells what happened.
void canceled_while_the_map_is_being_removed_it_ends_as_that_ends(void**) {
    World world;
    const auto busy = world.remove(1, 60s);
    assert_ok(world.jobs.cancel(busy, 0));
    assert_true(world.job(busy).state == State::Running);
    world.refuse(paths::Refusal::TryAgain, "It is open.");
    world.expect(busy, State::Canceled, "", "It is open.");
    const auto gone = world.remove(2, 60s);
    assert_ok(world.jobs.cancel(gone, 0));
    world.made();
    world.gone(2);
    world.expect(gone, State::Done, "", "The map mpath2 was removed.");
}

void only_root_and_who_started_it_may_cancel(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    const auto number = world.remove(1, 60s);
    assert_int_equal(world.jobs.cancel(number, 1001).error().errnum, EACCES);
    assert_true(world.job(number).state == State::Running);
    assert_int_equal(world.jobs.cancel(number + 1, 1000).error().errnum, ENOENT);
    assert_ok(world.jobs.cancel(number, 0));
    assert_true(world.job(number).state == State::Canceled);
}

void a_unit_is_removed_by_one_job_at_a_time_and_there_are_not_too_many(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    world.remove(1, 60s);
    const auto again = world.jobs.start_removal(world.unit(1), 0, 0s);
    assert_int_equal(again.error().errnum, EBUSY);
    assert_contains(again.error().message(), "/org/mpapi/Multipath1/job/1 does so already");
    for (model::Sequence id = 2; id <= Jobs::kMostRunning; ++id)
        world.remove(id, 60s);
    assert_int_equal(world.jobs.start_removal(world.unit(99), 0, 0s).error().errnum, EBUSY);
    assert_ok(world.jobs.cancel(1, 0));
    assert_ok(world.jobs.start_removal(world.unit(99), 0, 0s));
}

void one_that_ended_is_shown_for_ten_minutes(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    const auto number = world.remove(1);
    assert_true(*world.due == world.now + 10min);
    world.later(10min - 1s);
    assert_int_equal(world.shown.size(), 1);
    world.later(1s);
    assert_null(world.jobs.find(number));
    assert_true(world.shown.empty());
    assert_false(world.due.has_value());
    assert_int_equal(world.remove(2), number + 1); // numbers are not used again
}

void one_that_ended_goes_when_there_are_many_newer_ones(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    const auto running = world.remove(1, 1h);
    const auto first = world.remove(2);
    for (unsigned more = 0; more < Jobs::kMostNewer - 1; ++more)
        world.remove(2);
    assert_non_null(world.jobs.find(first));
    world.remove(2);
    assert_null(world.jobs.find(first));
    assert_non_null(world.jobs.find(running));
    assert_int_equal(world.shown.size(), Jobs::kMostNewer + 1);
}

void each_end_is_told_once(void**) {
    World world;
    std::string told;
    world.jobs.tell_ends([&](const Job& job) {
        told += std::to_string(job.number) + " " + std::string(name_of(job.state)) + "\n";
    });
    world.lookup.found.holders = {kMount};
    world.remove(1);
    const auto waiting = world.remove(2, 60s);
    assert_text_equal(told, "1 failed\n");
    assert_ok(world.jobs.cancel(waiting, 0));
    assert_ok(world.jobs.cancel(waiting, 0));
    world.lookup.found.holders = {};
    world.remove(3);
    world.made();
    world.gone(3);
    world.later(1h);
    assert_text_equal(told, "1 failed\n2 canceled\n3 done\n");
}

void a_wait_without_end_has_one(void**) {
    World world;
    world.lookup.found.holders = {kMount};
    const auto number = world.remove(1, std::chrono::microseconds::max());
    assert_true(world.job(number).state == State::Running);
    world.later(Jobs::kLongestWait);
    assert_true(world.job(number).state == State::Failed);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_holds_is_removed_and_done_when_the_model_has_it_no_more),
        cmocka_unit_test(a_model_that_is_quicker_than_the_answer_is_no_other_end),
        cmocka_unit_test(a_map_that_stays_or_comes_back_is_told_after_a_while),
        cmocka_unit_test(who_holds_it_is_named_with_the_next_step),
        cmocka_unit_test(what_could_not_be_looked_at_is_told_and_is_no_obstacle),
        cmocka_unit_test(a_refusal_of_the_path_manager_is_its_end),
        cmocka_unit_test(after_a_busy_map_it_is_looked_once_more_for_who_it_is),
        cmocka_unit_test(idle_partitions_are_in_the_way_only_where_the_path_manager_says_so),
        cmocka_unit_test(holders_are_waited_for_and_looked_for_every_few_seconds),
        cmocka_unit_test(an_unmount_is_heard_of_but_looks_are_at_least_a_second_apart),
        cmocka_unit_test(when_the_time_is_over_it_fails_with_who_still_holds_it),
        cmocka_unit_test(a_map_that_is_busy_for_no_visible_reason_is_tried_until_the_time_is_over),
        cmocka_unit_test(what_it_is_called_now_is_looked_at_and_removed),
        cmocka_unit_test(a_map_that_others_remove_meanwhile_is_done),
        cmocka_unit_test(canceled_it_leaves_the_map_alone),
        cmocka_unit_test(canceled_while_the_map_is_being_removed_it_ends_as_that_ends),
        cmocka_unit_test(only_root_and_who_started_it_may_cancel),
        cmocka_unit_test(a_unit_is_removed_by_one_job_at_a_time_and_there_are_not_too_many),
        cmocka_unit_test(one_that_ended_is_shown_for_ten_minutes),
        cmocka_unit_test(one_that_ended_goes_when_there_are_many_newer_ones),
        cmocka_unit_test(each_end_is_told_once),
        cmocka_unit_test(a_wait_without_end_has_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
