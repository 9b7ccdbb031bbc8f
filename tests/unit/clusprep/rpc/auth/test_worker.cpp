// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/worker.hpp"

#include "tests/unit/cmocka.hpp"

#include <latch>
#include <thread>
#include <vector>

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

EventLoop new_loop() {
    sd_event* loop = nullptr;
    if (sd_event_new(&loop) < 0) std::abort();
    return EventLoop(loop);
}

std::unique_ptr<Worker> started(sd_event* loop, std::size_t most = 64) {
    auto worker = Worker::start(loop, most);
    assert_ok(worker);
    return std::move(*worker);
}

void results_come_in_order_on_the_loops_thread(void**) {
    const auto loop = new_loop();
    const auto worker = started(loop.get(), 1000);
    const auto here = std::this_thread::get_id();
    std::vector<int> order;
    for (int i = 0; i < 100; ++i)
        assert_true(worker->submit([&, i]() -> std::function<void()> {
            const auto there = std::this_thread::get_id();
            return [&order, i, there, here] {
                assert_true(there != here && std::this_thread::get_id() == here);
                order.push_back(i);
            };
        }));
    while (order.size() < 100)
        if (sd_event_run(loop.get(), 10'000'000) <= 0) fail_msg("nothing came");
    for (int i = 0; i < 100; ++i)
        assert_int_equal(order[static_cast<std::size_t>(i)], i);
}

void more_than_its_measure_is_not_taken(void**) {
    const auto loop = new_loop();
    auto worker = started(loop.get(), 2);
    auto began = std::make_shared<std::latch>(1), end = std::make_shared<std::latch>(1);
    assert_true(worker->submit([=]() -> std::function<void()> {
        began->count_down();
        end->wait();
        return [] {};
    }));
    began->wait();
    const auto nothing = []() -> std::function<void()> { return [] {}; };
    assert_true(worker->submit(nothing));
    assert_true(worker->submit(nothing));
    assert_false(worker->submit(nothing));
    end->count_down();
}

void one_that_hangs_does_not_hold_up_the_end(void**) {
    const auto loop = new_loop();
    auto worker = started(loop.get());
    auto began = std::make_shared<std::latch>(1), end = std::make_shared<std::latch>(1);
    auto after = std::make_shared<std::latch>(1);
    bool yielded = false;
    assert_true(worker->submit([=, &yielded]() -> std::function<void()> {
        began->count_down();
        end->wait();
        return [keep = std::shared_ptr<void>(nullptr, [after](void*) { after->count_down(); }),
                &yielded] { yielded = true; };
    }));
    began->wait();
    worker.reset(); // at once
    end->count_down();
    after->wait(); // the late result is dropped
    while (sd_event_run(loop.get(), 0) > 0) {
    }
    assert_false(yielded);
}

void a_result_may_end_the_worker(void**) {
    const auto loop = new_loop();
    auto worker = started(loop.get());
    int results = 0;
    for (int i = 0; i < 2; ++i)
        assert_true(worker->submit([&]() -> std::function<void()> {
            return [&] {
                ++results;
                worker.reset();
            };
        }));
    while (results == 0)
        if (sd_event_run(loop.get(), 10'000'000) <= 0) fail_msg("nothing came");
    while (sd_event_run(loop.get(), 0) > 0) {
    }
    assert_int_equal(results, 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_order_on_the_loops_thread),
        cmocka_unit_test(more_than_its_measure_is_not_taken),
        cmocka_unit_test(one_that_hangs_does_not_hold_up_the_end),
        cmocka_unit_test(a_result_may_end_the_worker),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
