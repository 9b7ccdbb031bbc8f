// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/attempts.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::rpc;
using namespace std::chrono_literals;

namespace {

const Attempts::Time start{1000h};

void a_few_failures_cost_nothing(void**) {
    Attempts attempts;
    for (int i = 0; i < 5; ++i)
        attempts.failed("192.0.2.1", "ALICE", start);
    assert_true(attempts.turn_of_address("192.0.2.1", start) == start);
    assert_true(attempts.turn_of_account("ALICE", start) == start);
}

void the_wait_doubles_up_to_a_most(void**) {
    Attempts attempts;
    auto now = start;
    std::chrono::milliseconds expected = 250ms;
    for (int i = 0; i < 40; ++i) {
        const auto failures = attempts.failed("192.0.2.1", "ALICE", now);
        assert_int_equal(failures.address, i + 1);
        assert_int_equal(failures.account, i + 1);
        if (i < 5) continue;
        const auto address = attempts.turn_of_address("192.0.2.1", now);
        assert_true(address - now == std::min(expected, std::chrono::milliseconds(30s)));
        assert_true(attempts.turn_of_account("ALICE", now) - now ==
                    std::min(expected, std::chrono::milliseconds(2s)));
        expected = std::min(expected * 2, std::chrono::milliseconds(1min));
        now = address;
    }
}

void an_account_waits_no_longer_for_many_failures_at_once(void**) {
    Attempts attempts;
    for (int i = 0; i < 300; ++i)
        attempts.failed("192.0.2." + std::to_string(i), "ALICE", start);
    assert_true(attempts.turn_of_account("ALICE", start) - start == 2s);
    attempts.failed("192.0.2.1", "ALICE", start + 1s);
    assert_true(attempts.turn_of_account("ALICE", start) - start == 3s);
}

void an_address_waits_for_each_of_its_failures(void**) {
    Attempts attempts;
    for (int i = 0; i < 50; ++i)
        attempts.failed("192.0.2.1", std::to_string(i), start);
    assert_true(attempts.turn_of_address("192.0.2.1", start) - start > 15min);
}

void others_are_not_concerned(void**) {
    Attempts attempts;
    for (int i = 0; i < 20; ++i)
        attempts.failed("192.0.2.1", "ALICE", start);
    assert_true(attempts.turn_of_address("192.0.2.2", start) == start);
    assert_true(attempts.turn_of_account("BOB", start) == start);
}

void failures_are_forgotten_after_a_while(void**) {
    Attempts attempts;
    for (int i = 0; i < 20; ++i)
        attempts.failed("192.0.2.1", "ALICE", start);
    const auto later = start + 16min;
    assert_true(attempts.turn_of_address("192.0.2.1", later) == later);
    assert_int_equal(attempts.failed("192.0.2.1", "ALICE", later).address, 1);
}

void success_clears_the_account_and_not_the_address(void**) {
    Attempts attempts;
    for (int i = 0; i < 20; ++i)
        attempts.failed("192.0.2.1", "ALICE", start);
    attempts.succeeded("ALICE");
    assert_true(attempts.turn_of_account("ALICE", start) == start);
    assert_true(attempts.turn_of_address("192.0.2.1", start) > start);
}

void memory_is_bounded_and_the_oldest_goes(void**) {
    Attempts::Limits limits;
    limits.kept = 10;
    limits.address_free = 0;
    Attempts attempts(limits);
    for (int i = 0; i < 100; ++i)
        attempts.failed("192.0.2." + std::to_string(i), "A" + std::to_string(i),
                        start + std::chrono::milliseconds(i));
    const auto now = start + 100ms;
    for (int i = 0; i < 100; ++i)
        assert_int_equal(attempts.turn_of_address("192.0.2." + std::to_string(i), now) > now,
                         i >= 90);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_few_failures_cost_nothing),
        cmocka_unit_test(the_wait_doubles_up_to_a_most),
        cmocka_unit_test(an_account_waits_no_longer_for_many_failures_at_once),
        cmocka_unit_test(an_address_waits_for_each_of_its_failures),
        cmocka_unit_test(others_are_not_concerned),
        cmocka_unit_test(failures_are_forgotten_after_a_while),
        cmocka_unit_test(success_clears_the_account_and_not_the_address),
        cmocka_unit_test(memory_is_bounded_and_the_oldest_goes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
