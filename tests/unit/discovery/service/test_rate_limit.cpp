// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/rate_limit.hpp"

#include "../../cmocka.hpp"

using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

constexpr RateLimit::Limits kLimits{5, 10, 100};

const RateLimit::Time kStart{1h};

unsigned admitted(RateLimit& limit, std::uint32_t source, unsigned asked, RateLimit::Time now) {
    unsigned count = 0;
    for (unsigned i = 0; i < asked; ++i)
        count += limit.admit(source, now) ? 1 : 0;
    return count;
}

void a_source_has_its_burst_at_once(void**) {
    RateLimit limit(kLimits);
    assert_int_equal(admitted(limit, 1, 50, kStart), 10);
    assert_int_equal(admitted(limit, 2, 50, kStart), 10);
}

void over_time_a_source_has_its_rate(void**) {
    RateLimit limit(kLimits);
    unsigned count = 0;
    for (int i = 0; i < 100'000; ++i) // 10 000 a second, for 10 seconds
        count += limit.admit(1, kStart + i * 100us) ? 1 : 0;
    assert_in_range(count, 58, 60); // the burst, and 5 for each second
}

void who_was_quiet_has_its_burst_again(void**) {
    RateLimit limit(kLimits);
    assert_int_equal(admitted(limit, 1, 50, kStart), 10);
    assert_int_equal(admitted(limit, 1, 50, kStart + 200ms), 1);
    assert_int_equal(admitted(limit, 1, 50, kStart + 1min), 10);
}

void memory_is_bounded_and_who_asks_honestly_is_admitted_in_a_flood(void**) {
    RateLimit limit(kLimits);
    std::uint32_t source = 1000;
    for (int second = 0; second < 10; ++second) {
        const auto now = kStart + second * 1s;
        for (int i = 0; i < 10'000; ++i)
            limit.admit(++source, now);
        assert_true(limit.known() <= 100);
        assert_true(limit.admit(1, now));
    }
}

void who_floods_is_not_forgotten_for_others(void**) {
    RateLimit limit(kLimits);
    assert_int_equal(admitted(limit, 1, 50, kStart), 10);
    for (std::uint32_t other = 2; other < 101; ++other) {
        assert_true(limit.admit(other, kStart));
        assert_false(limit.admit(1, kStart));
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_source_has_its_burst_at_once),
        cmocka_unit_test(over_time_a_source_has_its_rate),
        cmocka_unit_test(who_was_quiet_has_its_burst_again),
        cmocka_unit_test(memory_is_bounded_and_who_asks_honestly_is_admitted_in_a_flood),
        cmocka_unit_test(who_floods_is_not_forgotten_for_others),
    };
    return cmocka_run_group_tests_name("rate limit", tests, nullptr, nullptr);
}
