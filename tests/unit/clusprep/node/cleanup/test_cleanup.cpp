// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/cleanup/cleanup.hpp"
#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include "tests/unit/cmocka.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>

using namespace mpapi;
using namespace mpapi::node;
using namespace std::chrono_literals;

namespace {

class FakeTimers final : public Timers {
  public:
    Handle after(std::chrono::microseconds time, std::function<void()> then) override {
        auto handle = std::make_shared<std::function<void()>>(std::move(then));
        waiting_.emplace(now + time, handle);
        return handle;
    }
    // Time passes, and what is due happens in its order.
    void pass(std::chrono::microseconds time) {
        const auto end = now + time;
        while (!waiting_.empty() && waiting_.begin()->first <= end) {
            now = std::max(now, waiting_.begin()->first);
            const auto then = waiting_.begin()->second.lock();
            waiting_.erase(waiting_.begin());
            if (then) (*then)();
        }
        now = end;
    }
    std::chrono::system_clock::time_point now{std::chrono::hours(500'000)};

  private:
    std::multimap<std::chrono::system_clock::time_point, std::weak_ptr<std::function<void()>>>
        waiting_;
};

// What is done is written down; a step that is to wait is ended by finish().
class World {
  public:
    World() {
        assert_non_null(::mkdtemp(folder_.data()));
        begin();
    }
    ~World() {
        cleanup.reset();
        ::unlink(file().c_str());
        ::rmdir(folder_.data());
    }
    std::string file() const { return std::string(folder_.data()) + "/cleanup"; }
    bool kept() const { return ::access(file().c_str(), F_OK) == 0; }
    // A daemon that was restarted.
    void begin() {
        cleanup.reset();
        told.clear();
        pending = nullptr;
        const auto does = [this](const char* what) {
            return [this, what](Cleanup::Then then) {
                done += std::string(what) + " ";
                if (slow == what)
                    pending = std::move(then);
                else if (broken == what)
                    then(Error{what, "", "it is broken"});
                else
                    then(Done{});
            };
        };
        cleanup.emplace(file(), Cleanup::Means{[this] { return timers.now; }, &timers,
                                               [this, does](bool wait, Cleanup::Then then) {
                                                   if (!wait) done += "not-waiting-";
                                                   does("stop")(std::move(then));
                                               },
                                               does("secret"), does("disks"),
                                               [this](const std::string& notice) {
                                                   notices += notice + "; ";
                                               }});
    }
    void finish() {
        const auto then = std::exchange(pending, nullptr);
        assert_true(bool(then));
        then(Done{});
    }
    void order(csvp::CleanupOrder order) {
        cleanup->clean_up(order, [this](const csvp::Outcome<Done>& outcome) {
            told += outcome ? "ok "
                            : (outcome.failure().code == csvp::Hresult::WaitTimeout ? "timeout "
                                                                                    : "failed ");
        });
    }

    FakeTimers timers;
    std::optional<Cleanup> cleanup;
    std::string done, told, notices, slow, broken;
    Cleanup::Then pending;

  private:
    std::array<char, 32> folder_{"/tmp/node-cleanup-XXXXXX"};
};

void without_a_delay_it_begins_at_once(void**) {
    World world;
    world.order({0ms, 10s});
    world.timers.pass(0ms);
    assert_text_equal(world.done, "stop secret disks ");
    assert_text_equal(world.told, "ok ");
    assert_false(world.kept());
    assert_false(world.cleanup->under_way());
}

void it_can_be_done_again(void**) {
    World world;
    for (int i = 0; i < 2; ++i) {
        world.order({0ms, 10s});
        world.timers.pass(0ms);
    }
    assert_text_equal(world.told, "ok ok ");
}

void a_delay_goes_by_first(void**) {
    World world;
    world.order({5000ms, 10s});
    world.timers.pass(4999ms);
    assert_text_equal(world.done, "");
    assert_true(world.kept());
    world.timers.pass(1ms);
    assert_text_equal(world.told, "ok ");
}

void the_cleanup_timer_runs_during_the_delay_and_the_job_goes_on(void**) {
    World world;
    world.order({5s, 2s});
    world.timers.pass(2s);
    assert_text_equal(world.told, "timeout ");
    assert_text_equal(world.done, "");
    world.timers.pass(3s);
    assert_text_equal(world.done, "stop secret disks ");
    assert_text_equal(world.told, "timeout ");
    assert_false(world.kept());
}

void a_service_that_does_not_stop_in_time_is_a_timeout_too(void**) {
    World world;
    world.slow = "stop";
    world.order({0ms, 2s});
    world.timers.pass(2s);
    assert_text_equal(world.told, "timeout ");
    assert_true(world.kept());
    world.finish();
    assert_text_equal(world.done, "stop secret disks ");
    assert_false(world.kept());
}

void flags_say_what_becomes_of_the_service(void**) {
    World world;
    world.order({0ms, 10s, false, true});
    world.timers.pass(0ms);
    assert_text_equal(world.done, "secret disks ");
    world.done.clear();
    world.order({0ms, 10s, true, false});
    world.timers.pass(0ms);
    assert_text_equal(world.done, "not-waiting-stop secret disks ");
}

void a_restart_in_the_delay_waits_for_the_rest_of_it(void**) {
    World world;
    world.order({5s, 2s});
    world.timers.pass(3s);
    world.begin();
    assert_ok(world.cleanup->resume());
    world.timers.pass(1999ms);
    assert_text_equal(world.done, "");
    world.timers.pass(1ms);
    assert_text_equal(world.done, "stop secret disks ");
    assert_false(world.kept());
}

void a_restart_in_the_middle_begins_the_steps_again(void**) {
    World world;
    world.slow = "disks";
    world.order({0ms, 10s});
    world.timers.pass(0ms);
    assert_text_equal(world.done, "stop secret disks ");
    world.timers.pass(100s);
    world.slow.clear();
    world.done.clear();
    world.begin();
    assert_ok(world.cleanup->resume());
    world.timers.pass(0ms);
    assert_text_equal(world.done, "stop secret disks ");
    assert_false(world.kept());
}

void there_is_nothing_to_resume_at_first(void**) {
    World world;
    assert_ok(world.cleanup->resume());
    world.timers.pass(1s);
    assert_text_equal(world.done, "");
}

void a_file_that_says_nothing_is_told_and_removed(void**) {
    World world;
    assert_ok(replace_file(world.file(), "nonsense", 0600));
    assert_ok(world.cleanup->resume());
    assert_contains(world.notices, "removed");
    assert_false(world.kept());
    assert_false(world.cleanup->under_way());
}

void a_second_call_joins_and_may_hurry(void**) {
    World world;
    world.order({100s, 200s, false});
    world.order({1s, 200s, true, false});
    world.timers.pass(1s);
    assert_text_equal(world.done, "not-waiting-stop secret disks ");
    assert_text_equal(world.told, "ok ok ");
}

void a_call_that_asks_for_more_meanwhile_gets_it(void**) {
    World world;
    world.slow = "secret";
    world.order({0ms, 10s, false});
    world.timers.pass(0ms);
    world.order({0ms, 10s, true});
    world.slow.clear();
    world.finish();
    assert_text_equal(world.done, "secret disks stop secret disks ");
    assert_text_equal(world.told, "ok ok ");
    assert_false(world.kept());
}

void a_step_that_fails_does_not_keep_others_from_being_done(void**) {
    for (const char* step : {"stop", "secret", "disks"}) {
        World world;
        world.broken = step;
        world.order({0ms, 10s});
        world.timers.pass(0ms);
        assert_text_equal(world.done, "stop secret disks ");
        assert_text_equal(world.told, "failed ");
        assert_contains(world.notices, "it is broken");
        assert_false(world.kept());
    }
}

void a_job_that_cannot_be_kept_is_refused(void**) {
    World world;
    Cleanup cleanup("/nowhere/at/all", Cleanup::Means{[&] { return world.timers.now; },
                                                      &world.timers,
                                                      {},
                                                      {},
                                                      {},
                                                      [](const std::string&) {}});
    bool refused = false;
    cleanup.clean_up({}, [&](const csvp::Outcome<Done>& outcome) { refused = !outcome; });
    assert_true(refused);
    assert_false(cleanup.under_way());
}

void a_clock_that_was_put_back_does_not_hold_it_up_for_years(void**) {
    World world;
    CleanupJob job;
    job.due = INT64_MAX;
    assert_ok(replace_file(world.file(), text(job), 0600));
    assert_ok(world.cleanup->resume());
    world.timers.pass(std::chrono::milliseconds(UINT32_MAX));
    assert_text_equal(world.done, "stop secret disks ");
}

void a_job_is_read_as_it_was_written(void**) {
    for (const CleanupJob& job : {CleanupJob{}, CleanupJob{1'700'000'000'000'000, false, false},
                                  CleanupJob{INT64_MAX, true, false}}) {
        const auto again = parse_cleanup_job(text(job));
        assert_ok(again);
        assert_true(*again == job);
    }
    const std::string whole = text(CleanupJob{});
    for (std::size_t size = 0; size < whole.size(); ++size)
        assert_false(parse_cleanup_job(whole.substr(0, size)).has_value());
    assert_false(parse_cleanup_job(whole + "x").has_value());
    assert_false(
        parse_cleanup_job("clusprep cleanup 1\ndue -1\nstop_service yes\nwait_for_service no\n")
            .has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_a_delay_it_begins_at_once),
        cmocka_unit_test(it_can_be_done_again),
        cmocka_unit_test(a_delay_goes_by_first),
        cmocka_unit_test(the_cleanup_timer_runs_during_the_delay_and_the_job_goes_on),
        cmocka_unit_test(a_service_that_does_not_stop_in_time_is_a_timeout_too),
        cmocka_unit_test(flags_say_what_becomes_of_the_service),
        cmocka_unit_test(a_restart_in_the_delay_waits_for_the_rest_of_it),
        cmocka_unit_test(a_restart_in_the_middle_begins_the_steps_again),
        cmocka_unit_test(there_is_nothing_to_resume_at_first),
        cmocka_unit_test(a_file_that_says_nothing_is_told_and_removed),
        cmocka_unit_test(a_second_call_joins_and_may_hurry),
        cmocka_unit_test(a_call_that_asks_for_more_meanwhile_gets_it),
        cmocka_unit_test(a_step_that_fails_does_not_keep_others_from_being_done),
        cmocka_unit_test(a_job_that_cannot_be_kept_is_refused),
        cmocka_unit_test(a_clock_that_was_put_back_does_not_hold_it_up_for_years),
        cmocka_unit_test(a_job_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
