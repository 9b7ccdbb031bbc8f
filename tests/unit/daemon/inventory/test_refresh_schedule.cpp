// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/refresh_schedule.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::daemon;
using namespace std::chrono_literals;

namespace {

const RefreshSchedule::Clock::time_point kStart{};

std::chrono::milliseconds until_due(const RefreshSchedule& schedule,
                                    RefreshSchedule::Clock::time_point from) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(*schedule.next() - from);
}

void the_interval_doubles_while_nothing_changes_and_ends_at_the_longest(void**) {
    RefreshSchedule schedule(5s, 60s);
    auto now = kStart;
    schedule.active(1, now);
    for (const auto expected : {5s, 10s, 20s, 40s, 60s, 60s, 60s}) {
        const auto wait = until_due(schedule, now);
        assert_true(wait >= expected * 11 / 16 && wait <= expected);
        now = *schedule.next();
        assert_int_equal(schedule.take_due(now).size(), 1);
        assert_false(schedule.next().has_value());
        schedule.quiet(1, now, now);
    }
}

void the_interval_counts_from_the_question(void**) {
    RefreshSchedule schedule(10s, 10s);
    schedule.quiet(1, kStart, kStart);
    const auto wait = until_due(schedule, kStart);
    schedule.quiet(1, kStart, kStart + 1s);
    assert_true(until_due(schedule, kStart) == wait);
    // A device that takes long is left alone for half of it, the grid apart.
    schedule.quiet(1, kStart, kStart + 30s);
    assert_in_range(until_due(schedule, kStart).count(), 33'000, 35'000);
}

void activity_brings_the_shortest_interval_back(void**) {
    RefreshSchedule schedule(5s, 60s);
    schedule.active(1, kStart);
    for (int i = 0; i < 9; ++i)
        schedule.quiet(1, kStart, kStart);
    schedule.active(1, kStart);
    assert_true(until_due(schedule, kStart) < 7s);
}

void ten_thousand_units_do_not_come_due_together(void**) {
    RefreshSchedule schedule(60s, 60s);
    for (mpapi::model::Sequence unit = 1; unit <= 10'000; ++unit)
        schedule.active(unit, kStart);
    std::size_t most = 0, total = 0, times = 0;
    while (const auto next = schedule.next()) {
        assert_true(*next >= kStart + 41s && *next <= kStart + 60s);
        const auto due = schedule.take_due(*next).size();
        most = std::max(most, due);
        total += due;
        ++times;
    }
    assert_int_equal(total, 10'000);
    assert_in_range(most, 1, 3000);
    // Nor does each of them wake the daemon.
    assert_in_range(times, 4, 6);
}

void due_by_can_only_bring_forward(void**) {
    RefreshSchedule schedule(5s, 60s);
    schedule.active(1, kStart);
    schedule.due_by(1, kStart + 1s);
    schedule.due_by(1, kStart + 3s);
    assert_true(*schedule.next() == kStart + 1s);
}

void a_forgotten_unit_never_comes_due(void**) {
    RefreshSchedule schedule(5s, 60s);
    schedule.active(1, kStart);
    schedule.active(2, kStart);
    schedule.forget(1);
    schedule.forget(77);
    const auto due = schedule.take_due(kStart + 1h);
    assert_int_equal(due.size(), 1);
    assert_int_equal(due[0], 2);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_doubles_while_nothing_changes_and_ends_at_the_longest),
        cmocka_unit_test(the_interval_counts_from_the_question),
        cmocka_unit_test(activity_brings_the_shortest_interval_back),
        cmocka_unit_test(ten_thousand_units_do_not_come_due_together),
        cmocka_unit_test(due_by_can_only_bring_forward),
        cmocka_unit_test(a_forgotten_unit_never_comes_due),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
