// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/ping_sets.hpp"

#include "bytes.hpp"

#include <set>

using namespace mpapi::dcom;
using namespace std::chrono_literals;

namespace {

const std::string home = "192.0.2.1";
const std::string away = "192.0.2.2";

// Objects 1 to 9 exist.
struct Pinger {
    PingSets sets;
    Time now{1000s};
    std::multiset<Oid> touched;

    explicit Pinger(const PingLimits& limits = {})
      : sets(limits, counting()) {}

    ResolverError change(SetId set, std::uint16_t sequence, std::vector<Oid> add,
                         std::vector<Oid> remove, SetId& answer, const std::string& from = home) {
        touched.clear();
        return sets.complex_ping(
            {set, sequence, add, remove, from}, now, [](Oid oid) { return oid >= 1 && oid <= 9; },
            [&](Oid oid) { touched.insert(oid); }, answer);
    }
    ResolverError ping(SetId set) {
        touched.clear();
        return sets.simple_ping(set, now, [&](Oid oid) { touched.insert(oid); });
    }
};

void assert_error(ResolverError actual, ResolverError expected) {
    assert_int_equal(actual, expected);
}

void a_set_is_made_and_pings_what_it_holds(void**) {
    Pinger pinger;
    SetId set = 0;
    assert_error(pinger.change(0, 1, {1, 2}, {}, set), ResolverError::Ok);
    assert_true(set != 0);
    assert_true(pinger.touched == std::multiset<Oid>({1, 2}));
    assert_error(pinger.ping(set), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({1, 2}));
    assert_error(pinger.change(set, 2, {3}, {1}, set), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({2, 3}));
}

void a_set_that_is_not_there_is_an_error_and_answers_nothing(void**) {
    Pinger pinger;
    SetId answer = 77;
    assert_error(pinger.ping(5), ResolverError::InvalidSet);
    assert_error(pinger.ping(0), ResolverError::InvalidSet);
    assert_error(pinger.change(5, 1, {1}, {}, answer), ResolverError::InvalidSet);
    assert_int_equal(answer, 77);
    assert_int_equal(pinger.sets.size(), 0);
}

void an_object_that_is_not_there_is_left_out_and_said(void**) {
    Pinger pinger;
    SetId set = 0;
    assert_error(pinger.change(0, 1, {1, 99, 2}, {}, set), ResolverError::InvalidOid);
    assert_true(set != 0);
    assert_true(pinger.touched == std::multiset<Oid>({1, 2}));
}

void a_late_message_pings_and_changes_nothing(void**) {
    Pinger pinger;
    SetId set = 0;
    pinger.change(0, 5, {1}, {}, set);
    assert_error(pinger.change(set, 4, {2}, {1}, set), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({1}));
    // 65535 came before 5, and 5 + 32767 after it.
    assert_error(pinger.change(set, 65535, {2}, {1}, set), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({1}));
    assert_error(pinger.change(set, 5 + 32767, {2}, {}, set), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({1, 2}));
}

void a_set_dies_after_three_periods_without_a_ping(void**) {
    Pinger pinger;
    SetId set = 0;
    pinger.change(0, 1, {1}, {}, set);
    pinger.now += 359s;
    pinger.sets.expire(pinger.now);
    assert_error(pinger.ping(set), ResolverError::Ok);
    pinger.now += 360s;
    pinger.sets.expire(pinger.now);
    assert_error(pinger.ping(set), ResolverError::InvalidSet);
    assert_int_equal(pinger.sets.size(), 0);
}

void what_is_gone_is_in_no_set(void**) {
    Pinger pinger;
    SetId set = 0;
    pinger.change(0, 1, {1, 2}, {}, set);
    pinger.sets.forget(1);
    pinger.ping(set);
    assert_true(pinger.touched == std::multiset<Oid>({2}));
}

void sets_and_what_they_hold_are_limited(void**) {
    Pinger pinger({3, 2, 2});
    SetId set = 0;
    SetId first = 0;
    assert_error(pinger.change(0, 1, {1, 2, 3}, {}, first), ResolverError::OutOfMemory);
    assert_true(pinger.touched == std::multiset<Oid>({1, 2}));
    // Room is made before it is used, and what is there already needs none.
    assert_error(pinger.change(first, 2, {2, 4}, {1}, first), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({2, 4}));
    assert_error(pinger.change(0, 1, {}, {}, set), ResolverError::Ok);
    assert_error(pinger.change(0, 1, {}, {}, set), ResolverError::OutOfMemory); // of this address
    assert_error(pinger.change(0, 1, {}, {}, set, away), ResolverError::Ok);
    assert_error(pinger.change(0, 1, {}, {}, set, away), ResolverError::OutOfMemory); // of all
    pinger.now += 400s;
    pinger.sets.expire(pinger.now);
    assert_error(pinger.change(0, 1, {}, {}, set), ResolverError::Ok);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_made_and_pings_what_it_holds),
        cmocka_unit_test(a_set_that_is_not_there_is_an_error_and_answers_nothing),
        cmocka_unit_test(an_object_that_is_not_there_is_left_out_and_said),
        cmocka_unit_test(a_late_message_pings_and_changes_nothing),
        cmocka_unit_test(a_set_dies_after_three_periods_without_a_ping),
        cmocka_unit_test(what_is_gone_is_in_no_set),
        cmocka_unit_test(sets_and_what_they_hold_are_limited),
    };
    return cmocka_run_group_tests_name("ping sets", tests, nullptr, nullptr);
}
