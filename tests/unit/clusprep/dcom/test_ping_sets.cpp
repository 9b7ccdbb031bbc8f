// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/ping_sets.hpp"

#include "bytes.hpp"

#include <set>

using namespace mpapi::dcom;
using namespace std::chrono_literals;

namespace {

const std::string anna = "NODE1\\anna";
const std::string bert = "NODE1\\bert";

// Objects 1 to 4 are anna's, 5 to 9 bert's.
struct Pinger {
    PingSets sets;
    Time now{1000s};
    std::multiset<Oid> touched;

    explicit Pinger(const PingLimits& limits = {})
      : sets(limits, counting()) {}

    ResolverError change(SetId set, std::uint16_t sequence, std::vector<Oid> add,
                         std::vector<Oid> remove, SetId& answer) {
        touched.clear();
        return sets.complex_ping(
            {set, sequence, add, remove}, now,
            [](Oid oid) { return oid < 1 || oid > 9 ? nullptr
                                 : oid < 5          ? &anna
                                                    : &bert; },
            [&](Oid oid) { touched.insert(oid); }, answer);
    }
    SetId made_for(Oid oid) {
        SetId set = 0;
        change(0, 1, {oid}, {}, set);
        return set;
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

void no_set_is_made_without_an_object_that_is_there(void**) {
    Pinger pinger;
    SetId set = 0;
    assert_error(pinger.change(0, 1, {}, {}, set), ResolverError::InvalidOid);
    assert_error(pinger.change(0, 1, {0, 99, 100}, {}, set), ResolverError::InvalidOid);
    assert_int_equal(set, 0);
    assert_int_equal(pinger.sets.size(), 0);
}

void what_a_set_holds_is_limited(void**) {
    Pinger pinger({3, 2, 2});
    SetId set = 0;
    assert_error(pinger.change(0, 1, {1, 2, 3}, {}, set), ResolverError::OutOfMemory);
    assert_true(pinger.touched == std::multiset<Oid>({1, 2}));
    // Room is made before it is used, and what is there already needs none.
    assert_error(pinger.change(set, 2, {2, 4}, {1}, set), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({2, 4}));
}

void sets_are_limited_for_each_client_and_in_total(void**) {
    Pinger pinger({3, 2, 2});
    SetId set = 0;
    const SetId first = pinger.made_for(1);
    pinger.made_for(1);
    assert_error(pinger.change(0, 1, {2}, {}, set), ResolverError::OutOfMemory);
    assert_error(pinger.change(0, 1, {5}, {}, set), ResolverError::Ok); // another's
    assert_error(pinger.change(0, 1, {6}, {}, set), ResolverError::OutOfMemory);
    assert_error(pinger.ping(first), ResolverError::Ok); // none gave way
    pinger.now += 400s;
    pinger.sets.expire(pinger.now);
    assert_error(pinger.change(0, 1, {2}, {}, set), ResolverError::Ok);
}

void a_set_that_holds_nothing_any_more_stays_and_gives_way(void**) {
    Pinger pinger({3, 2, 2});
    const SetId emptied = pinger.made_for(1);
    pinger.sets.forget(1);
    pinger.now += 1s;
    const SetId other = pinger.made_for(2);
    SetId set = 0;
    // Its client can go on with it ...
    assert_error(pinger.change(emptied, 2, {3}, {}, set), ResolverError::Ok);
    assert_true(pinger.touched == std::multiset<Oid>({3}));
    // ... but not when a set that holds something needs the room.
    pinger.sets.forget(3);
    const SetId next = pinger.made_for(4);
    assert_true(next != 0);
    assert_error(pinger.ping(emptied), ResolverError::InvalidSet);
    assert_error(pinger.ping(other), ResolverError::Ok);
    // Of all clients alike.
    const SetId away = pinger.made_for(5);
    pinger.sets.forget(2);
    assert_true(pinger.made_for(6) != 0);
    assert_error(pinger.ping(other), ResolverError::InvalidSet);
    assert_error(pinger.ping(away), ResolverError::Ok);
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
        cmocka_unit_test(no_set_is_made_without_an_object_that_is_there),
        cmocka_unit_test(what_a_set_holds_is_limited),
        cmocka_unit_test(sets_are_limited_for_each_client_and_in_total),
        cmocka_unit_test(a_set_that_holds_nothing_any_more_stays_and_gives_way),
    };
    return cmocka_run_group_tests_name("ping sets", tests, nullptr, nullptr);
}
