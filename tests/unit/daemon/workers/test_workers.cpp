// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/workers/workers.hpp"

#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <functional>
#include <future>
#include <set>
#include <thread>
#include <vector>

using namespace mpapi;
using namespace mpapi::daemon;
using namespace std::chrono_literals;

namespace {

// A job made of functions.
struct Work final : Job {
    std::function<void(Progress&)> on_run;
    std::function<void()> on_done;
    std::function<void(const Stall&)> on_stalled = [](const Stall&) { fail_msg("stalled"); };
    std::function<void()> on_returned = [] {};

    using Job::Job;
    void run(Progress& progress) override { on_run(progress); }
    void done() override { on_done(); }
    void stalled(const Stall& stall) override { on_stalled(stall); }
    void returned() override { on_returned(); }
};

std::shared_ptr<Work> work(std::uint32_t host, std::function<void(Progress&)> run,
                           std::function<void()> done) {
    auto made = std::make_shared<Work>(host);
    made->on_run = std::move(run);
    made->on_done = std::move(done);
    return made;
}

// A loop, a pool on it, and commands that return when the test opens their gate.
struct World {
    EventLoop loop;
    std::unique_ptr<Workers> workers;
    std::promise<void> open_gate;
    std::shared_future<void> gate{open_gate.get_future()};

    explicit World(Config::Commands limits) {
        sd_event* raw = nullptr;
        assert_int_equal(sd_event_new(&raw), 0);
        loop.reset(raw);
        auto created = Workers::create(raw, limits);
        assert_ok(created);
        workers = std::move(*created);
    }

    template <typename Condition>
    void run_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) fail_msg("not within 20 s");
            sd_event_run(loop.get(), 100'000);
        }
    }
};

Config::Commands limits(unsigned threads, unsigned per_host, unsigned replacements) {
    Config::Commands limits;
    limits.threads = threads;
    limits.per_host = per_host;
    limits.replacements = replacements;
    limits.timeout = 50ms;
    return limits;
}

void a_completion_runs_on_the_loop_and_the_work_does_not(void**) {
    World world(limits(2, 2, 1));
    std::thread::id worked, completed;
    world.workers->submit(work(
        1, [&](Progress&) { worked = std::this_thread::get_id(); },
        [&] { completed = std::this_thread::get_id(); }));
    world.run_until([&] { return completed != std::thread::id(); });
    assert_true(completed == std::this_thread::get_id());
    assert_true(worked != completed);
}

void many_jobs_of_many_hosts_all_complete_once(void**) {
    World world(limits(4, 2, 1));
    std::vector<int> completed(5000, 0);
    std::size_t total = 0;
    for (std::size_t i = 0; i < completed.size(); ++i)
        world.workers->submit(work(
            static_cast<std::uint32_t>(i % 7),
            [](Progress& progress) { progress.begin("INQUIRY", 10s); },
            [&, i] { ++completed[i], ++total; }));
    world.run_until([&] { return total == completed.size(); });
    for (int times : completed)
        assert_int_equal(times, 1);
    assert_int_equal(world.workers->counters().commands, completed.size());
    assert_in_range(world.workers->counters().workers, 1, 4);
}

void a_host_never_holds_more_than_its_share(void**) {
    World world(limits(8, 2, 1));
    std::atomic<int> inside{0}, most{0};
    std::size_t total = 0;
    for (int i = 0; i < 200; ++i)
        world.workers->submit(work(
            3,
            [&](Progress& progress) {
                progress.begin("INQUIRY", 10s);
                int now = ++inside;
                int seen = most;
                while (seen < now && !most.compare_exchange_weak(seen, now)) {
                }
                std::this_thread::yield();
                --inside;
            },
            [&] { ++total; }));
    world.run_until([&] { return total == 200; });
    assert_in_range(most, 1, 2);
}

std::shared_ptr<Job> hanging(World& world, std::uint32_t host, std::vector<Stall>& stalls,
                             int& returned) {
    auto job = work(
        host,
        [gate = world.gate](Progress& progress) {
            progress.begin("REPORT TARGET PORT GROUPS", 50ms);
            gate.wait();
        },
        [] { fail_msg("the late result was used"); });
    job->on_stalled = [&stalls](const Stall& stall) { stalls.push_back(stall); };
    job->on_returned = [&returned] { ++returned; };
    return job;
}

void a_command_that_does_not_return_is_written_off_and_named(void**) {
    World world(limits(1, 2, 2));
    std::vector<Stall> stalls;
    int returned = 0;
    bool other_host_served = false;
    world.workers->submit(hanging(world, 1, stalls, returned));
    world.workers->submit(work(
        2, [](Progress& progress) { progress.begin("INQUIRY", 1s); }, [] {}));
    world.run_until([&] { return stalls.size() == 1; });
    assert_text_equal(stalls[0].command, "REPORT TARGET PORT GROUPS");
    assert_text_equal(stalls[0].reason, "no answer after 0.05 s");
    assert_int_equal(world.workers->counters().commands_stuck, 1);

    world.workers->submit(work(
        1, [](Progress& progress) { progress.begin("INQUIRY", 1s); },
        [&] { other_host_served = true; }));
    world.run_until([&] { return other_host_served; });

    assert_int_equal(returned, 0);
    world.open_gate.set_value();
    world.run_until([&] { return returned == 1; });
    assert_int_equal(world.workers->counters().commands_stuck, 0);
    assert_int_equal(world.workers->counters().commands_stalled, 1);
}

void a_dead_host_is_refused_at_once_and_others_are_served(void**) {
    World world(limits(2, 2, 4));
    std::vector<Stall> stalls;
    int returned = 0, served = 0;
    for (int i = 0; i < 10; ++i)
        world.workers->submit(hanging(world, 1, stalls, returned));
    world.run_until([&] { return stalls.size() == 10; });
    assert_int_equal(world.workers->counters().commands_stuck, 2);
    std::multiset<std::string> reasons;
    for (const Stall& stall : stalls)
        reasons.insert(stall.reason);
    assert_int_equal(reasons.count("no answer after 0.05 s"), 2);
    assert_int_equal(reasons.count("host1 has 2 commands that do not return"), 8);

    for (std::uint32_t host = 2; host < 50; ++host)
        world.workers->submit(work(
            host, [](Progress&) {}, [&] { ++served; }));
    world.run_until([&] { return served == 48; });
    world.open_gate.set_value();
    world.run_until([&] { return returned == 10; });
}

void threads_stay_bounded_when_every_host_is_dead(void**) {
    World world(limits(2, 1, 3));
    std::vector<Stall> stalls;
    int returned = 0;
    for (std::uint32_t host = 0; host < 100; ++host)
        world.workers->submit(hanging(world, host, stalls, returned));
    world.run_until([&] { return stalls.size() == 100; });
    assert_int_equal(world.workers->counters().workers, 5);
    assert_int_equal(world.workers->counters().commands_stuck, 5);
    assert_int_equal(world.workers->counters().jobs_waiting, 0);
    world.open_gate.set_value();
    world.run_until([&] { return returned == 100; });
    world.run_until([&] { return world.workers->counters().workers <= 2; });
}

void closing_leaves_only_stuck_workers_behind(void**) {
    World world(limits(2, 2, 2));
    std::vector<Stall> stalls;
    int returned = 0;
    world.workers->submit(hanging(world, 1, stalls, returned));
    world.run_until([&] { return stalls.size() == 1; });
    assert_int_equal(world.workers->close(5s), 1);
    world.open_gate.set_value();
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_completion_runs_on_the_loop_and_the_work_does_not),
        cmocka_unit_test(many_jobs_of_many_hosts_all_complete_once),
        cmocka_unit_test(a_host_never_holds_more_than_its_share),
        cmocka_unit_test(a_command_that_does_not_return_is_written_off_and_named),
        cmocka_unit_test(a_dead_host_is_refused_at_once_and_others_are_served),
        cmocka_unit_test(threads_stay_bounded_when_every_host_is_dead),
        cmocka_unit_test(closing_leaves_only_stuck_workers_behind),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
