// SPDX-License-Identifier: LGPL-2.1-or-later
//
// When probes, announcements and defences leave, by a clock that the tests move.
#include "failover/core/announcing.hpp"
#include "failover/core/defence.hpp"
#include "failover/core/pace.hpp"
#include "failover/core/probing.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::failover;
using namespace std::chrono_literals;

namespace {

const Time kStart{std::chrono::hours(1)};
const HardwareAddress kLow = *HardwareAddress::parse("02:00:00:00:00:01");
const HardwareAddress kOwn = *HardwareAddress::parse("02:00:00:00:00:05");
const HardwareAddress kHigh = *HardwareAddress::parse("02:00:00:00:00:09");

std::uint32_t least(std::uint32_t) {
    return 0;
}
std::uint32_t most(std::uint32_t bound) {
    return bound - 1;
}

// Milliseconds after the start of each probe, and of the end.
std::vector<long> probes(Profile profile, int family, Draw draw) {
    Probing probing(ProbeTimes::of(profile, family), kStart, kStart, std::move(draw));
    std::vector<long> times;
    for (;;) {
        const Time now = probing.next();
        assert_true(probing.due(now - 1ns) == Probing::Step::Wait);
        times.push_back(std::chrono::duration_cast<Ms>(now - kStart).count());
        if (probing.due(now) == Probing::Step::Free) return times;
    }
}

std::vector<long> announcements(const AnnounceTimes& wanted, int family, std::size_t count) {
    Announcing announcing(wanted, family);
    announcing.begin(kStart);
    std::vector<long> times;
    while (announcing.next() && times.size() < count) {
        const Time now = *announcing.next();
        assert_false(announcing.due(now - 1ns));
        assert_true(announcing.due(now));
        times.push_back(std::chrono::duration_cast<Ms>(now - kStart).count());
    }
    return times;
}

void expect(const std::vector<long>& found, const std::vector<long>& expected) {
    if (found == expected) return;
    std::string text;
    for (const long each : found)
        text += std::to_string(each) + " ";
    fail_msg("found %s", text.c_str());
}

void the_profile_of_the_rfc_has_its_times(void**) {
    expect(probes(Profile::Rfc5227, AF_INET, least), {0, 1000, 2000, 4000});
    expect(probes(Profile::Rfc5227, AF_INET, most), {1000, 3000, 5000, 7000});
    expect(probes(Profile::Rfc5227, AF_INET6, least), {0, 1000});
    expect(probes(Profile::Rfc5227, AF_INET6, most), {1000, 2000});
}

void the_fast_profile_ends_within_its_time(void**) {
    expect(probes(Profile::Fast, AF_INET, least), {0, 50, 100, 200});
    expect(probes(Profile::Fast, AF_INET, most), {20, 90, 160, 260});
    expect(probes(Profile::Fast, AF_INET6, most), {20, 90, 160, 260});
}

void no_profile_is_free_at_once(void**) {
    expect(probes(Profile::None, AF_INET, most), {0});
}

void a_limited_rate_puts_the_first_probe_off(void**) {
    Probing probing(ProbeTimes::of(Profile::Fast, AF_INET), kStart, kStart + 60s, most);
    assert_true(probing.next() == kStart + 60s);
}

void whoever_uses_the_address_is_in_conflict_with_who_asks_for_it(void**) {
    Claim claim;
    claim.from = kHigh;
    claim.marked = true;
    assert_true(Probing::conflicts(claim, kOwn, std::nullopt));
}

void of_two_that_ask_at_once_a_stranger_goes_first(void**) {
    Claim claim;
    claim.kind = Claim::Kind::Probe;
    for (const auto& from : {kLow, kHigh}) {
        claim.from = from;
        assert_true(Probing::conflicts(claim, kOwn, std::nullopt));
    }
}

void of_two_of_ours_the_lower_address_goes_first(void**) {
    Claim claim;
    claim.kind = Claim::Kind::Probe;
    claim.marked = true;
    claim.from = kLow;
    assert_true(Probing::conflicts(claim, kOwn, std::nullopt));
    claim.from = kHigh;
    assert_false(Probing::conflicts(claim, kOwn, std::nullopt));
}

void a_solicitation_that_comes_back_is_our_own(void**) {
    Claim claim;
    claim.kind = Claim::Kind::Probe;
    claim.from = kLow;
    claim.nonce = Nonce{1, 2, 3, 4, 5, 6};
    assert_false(Probing::conflicts(claim, kOwn, claim.nonce));
    assert_true(Probing::conflicts(claim, kOwn, Nonce{6, 5, 4, 3, 2, 1}));
    claim.nonce.reset();
    assert_true(Probing::conflicts(claim, kOwn, std::nullopt));
}

void the_first_announcement_leaves_at_once_and_the_others_spread(void**) {
    expect(announcements({}, AF_INET, 9), {0, 1000, 2000, 4000});
    expect(announcements({.count = 6, .apart = {Ms(100), Ms(500)}}, AF_INET, 9),
           {0, 100, 600, 1100, 1600, 2100});
    expect(announcements({.count = 2, .apart = {}}, AF_INET, 9), {0, 2000});
    expect(announcements({.count = 0}, AF_INET, 9), {0});
}

void advertisements_are_three_and_a_second_apart(void**) {
    expect(announcements({}, AF_INET6, 9), {0, 1000, 2000});
    expect(announcements({.count = 9, .apart = {Ms(10), Ms(1500)}}, AF_INET6, 9), {0, 1000, 2500});
}

void a_refresh_goes_on_after_the_row(void**) {
    expect(announcements({.count = 2, .apart = {Ms(100)}, .refresh = Ms(5000)}, AF_INET, 5),
           {0, 100, 5100, 10100, 15100});
}

void late_announcements_are_not_made_up_for(void**) {
    Announcing announcing({.count = 3, .apart = {Ms(100)}}, AF_INET);
    announcing.begin(kStart);
    assert_true(announcing.due(kStart + 10s));
    assert_false(announcing.due(kStart + 10s));
    assert_true(announcing.due(kStart + 10s + 100ms));
    assert_false(announcing.settled());
    assert_true(announcing.due(kStart + 20s));
    assert_true(announcing.settled());
}

using Answer = Defence::Answer;

Claim use(const HardwareAddress& from, bool marked = false) {
    Claim claim;
    claim.from = from;
    claim.marked = marked;
    return claim;
}

void who_never_defends_gives_up_at_the_first(void**) {
    Defence defence(Policy::Never);
    assert_true(defence.met(use(kHigh), kOwn, kStart) == Answer::GiveUp);
}

void who_defends_once_gives_up_at_the_second_within_the_interval(void**) {
    Defence defence(Policy::Once);
    assert_true(defence.met(use(kHigh), kOwn, kStart) == Answer::Announce);
    assert_true(defence.met(use(kLow), kOwn, kStart + 10s - 1ns) == Answer::GiveUp);
}

void who_defends_once_defends_again_after_the_interval(void**) {
    Defence defence(Policy::Once);
    for (int i = 0; i < 5; ++i)
        assert_true(defence.met(use(kHigh), kOwn, kStart + i * 10s) == Answer::Announce);
}

void who_always_defends_does_it_once_in_the_interval(void**) {
    Defence defence(Policy::Always);
    unsigned announced = 0;
    // A thousand answers in 30 seconds.
    for (int i = 0; i < 1000; ++i) {
        const Time now = kStart + i * 30ms;
        if (defence.due(now) == Answer::Announce) ++announced;
        const Answer answer = defence.met(use(kLow), kOwn, now);
        assert_true(answer != Answer::GiveUp);
        if (answer == Answer::Announce) ++announced;
    }
    assert_int_equal(announced, 3);
}

void what_was_left_unanswered_is_answered_at_the_end_of_the_interval(void**) {
    Defence defence(Policy::Always);
    assert_true(defence.met(use(kLow), kOwn, kStart) == Answer::Announce);
    assert_true(defence.met(use(kLow), kOwn, kStart + 1s) == Answer::Nothing);
    assert_true(*defence.next() == kStart + 10s);
    assert_true(defence.due(kStart + 10s - 1ns) == Answer::Nothing);
    assert_true(defence.due(kStart + 10s) == Answer::Announce);
    assert_true(defence.under_way());
    assert_true(defence.due(kStart + 20s) == Answer::Nothing);
    assert_false(defence.under_way());
}

void of_two_of_ours_exactly_one_keeps_the_address_by_every_policy(void**) {
    for (const Policy policy : {Policy::Always, Policy::Once, Policy::Never}) {
        Defence low(policy), high(policy);
        assert_true(low.met(use(kHigh, true), kLow, kStart) == Answer::Announce);
        assert_true(high.met(use(kLow, true), kHigh, kStart) == Answer::GiveUp);
        for (int i = 1; i < 100; ++i)
            assert_true(low.met(use(kHigh, true), kLow, kStart + i * 500ms) != Answer::GiveUp);
    }
}

Claim answer_of(const HardwareAddress& from) {
    Claim claim = use(from);
    claim.answer = true;
    return claim;
}

void in_the_first_moment_a_lower_one_of_ours_is_asked_before_we_yield(void**) {
    for (const Policy policy : {Policy::Always, Policy::Once, Policy::Never}) {
        Defence defence(policy);
        defence.begin(kStart);
        assert_true(defence.met(use(kLow, true), kOwn, kStart + 100ms - 1ns) == Answer::Ask);
        assert_true(defence.asking() && defence.under_way());
        // Its announcement has two forms, and its kernel may have had a word to say too.
        assert_true(defence.met(use(kLow, true), kOwn, kStart + 110ms) == Answer::Nothing);
        assert_true(defence.met(use(kLow), kOwn, kStart + 110ms) == Answer::Nothing);
        assert_true(defence.met(answer_of(kLow), kOwn, kStart + 150ms) == Answer::GiveUp);
    }
}

void after_the_first_moment_we_yield_at_once(void**) {
    Defence defence(Policy::Always);
    defence.begin(kStart);
    assert_true(defence.met(use(kLow, true), kOwn, kStart + 100ms) == Answer::GiveUp);
}

void who_does_not_answer_has_gone(void**) {
    Defence defence(Policy::Never);
    defence.begin(kStart);
    assert_true(defence.met(use(kLow, true), kOwn, kStart + 1ms) == Answer::Ask);
    defence.put_off(50ms);
    assert_true(*defence.next() == kStart + 101ms);
    assert_true(defence.due(kStart + 101ms - 1ns) == Answer::Nothing);
    assert_true(defence.due(kStart + 101ms) == Answer::Ask); // once more
    assert_true(*defence.next() == kStart + 151ms);
    assert_true(defence.due(kStart + 151ms - 1ns) == Answer::Nothing);
    assert_true(defence.due(kStart + 151ms) == Answer::Announce);
    assert_false(defence.asking());
    assert_true(defence.under_way());
    // Where the answer was lost it is heard of again.
    assert_true(defence.met(use(kLow, true), kOwn, kStart + 152ms) == Answer::GiveUp);
}

void one_question_is_enough(void**) {
    const HardwareAddress lower = *HardwareAddress::parse("02:00:00:00:00:00");
    Defence defence(Policy::Always);
    defence.begin(kStart);
    assert_true(defence.met(use(kLow, true), kOwn, kStart) == Answer::Ask);
    assert_true(defence.met(use(lower, true), kOwn, kStart + 1ms) == Answer::GiveUp);
}

void strangers_are_met_while_one_of_ours_is_asked(void**) {
    Defence always(Policy::Always), never(Policy::Never);
    for (Defence* const each : {&always, &never}) {
        each->begin(kStart);
        assert_true(each->met(use(kLow, true), kOwn, kStart) == Answer::Ask);
    }
    assert_true(always.met(answer_of(kHigh), kOwn, kStart + 1ms) == Answer::Announce);
    assert_true(never.met(answer_of(kHigh), kOwn, kStart + 1ms) == Answer::GiveUp);
    // Announced just now: for the late word it is done again at the end of the interval.
    assert_true(always.due(kStart + 50ms) == Answer::Ask);
    assert_true(always.due(kStart + 100ms) == Answer::Nothing);
    assert_true(always.due(kStart + 10s + 1ms) == Answer::Announce);
}

void of_two_of_ours_that_take_it_at_one_moment_the_lower_one_keeps_it(void**) {
    for (const Policy policy : {Policy::Always, Policy::Once, Policy::Never}) {
        Defence low(policy), high(policy);
        low.begin(kStart);
        high.begin(kStart);
        assert_true(low.met(use(kHigh, true), kLow, kStart + 1ms) == Answer::Announce);
        assert_true(high.met(use(kLow, true), kHigh, kStart + 1ms) == Answer::Ask);
        assert_true(high.met(answer_of(kLow), kHigh, kStart + 2ms) == Answer::GiveUp);
        assert_false(low.asking());
    }
}

void the_pace_lets_a_burst_go_and_spreads_the_rest(void**) {
    Pace pace(1000, 4);
    Time now = kStart;
    std::vector<long> times;
    for (int i = 0; i < 8; ++i) {
        now = pace.next(now);
        times.push_back(std::chrono::duration_cast<Ms>(now - kStart).count());
        pace.leave(now);
    }
    expect(times, {0, 0, 0, 0, 1, 2, 3, 4});
    // Rested, it has its burst again, and not more.
    now = kStart + 10s;
    for (int i = 0; i < 4; ++i) {
        assert_true(pace.next(now) == now);
        pace.leave(now);
    }
    assert_true(pace.next(now) == now + 1ms);
    assert_true(pace.next(now, 2) == now + 3ms); // after two that wait
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_profile_of_the_rfc_has_its_times),
        cmocka_unit_test(the_fast_profile_ends_within_its_time),
        cmocka_unit_test(no_profile_is_free_at_once),
        cmocka_unit_test(a_limited_rate_puts_the_first_probe_off),
        cmocka_unit_test(whoever_uses_the_address_is_in_conflict_with_who_asks_for_it),
        cmocka_unit_test(of_two_that_ask_at_once_a_stranger_goes_first),
        cmocka_unit_test(of_two_of_ours_the_lower_address_goes_first),
        cmocka_unit_test(a_solicitation_that_comes_back_is_our_own),
        cmocka_unit_test(the_first_announcement_leaves_at_once_and_the_others_spread),
        cmocka_unit_test(advertisements_are_three_and_a_second_apart),
        cmocka_unit_test(a_refresh_goes_on_after_the_row),
        cmocka_unit_test(late_announcements_are_not_made_up_for),
        cmocka_unit_test(who_never_defends_gives_up_at_the_first),
        cmocka_unit_test(who_defends_once_gives_up_at_the_second_within_the_interval),
        cmocka_unit_test(who_defends_once_defends_again_after_the_interval),
        cmocka_unit_test(who_always_defends_does_it_once_in_the_interval),
        cmocka_unit_test(what_was_left_unanswered_is_answered_at_the_end_of_the_interval),
        cmocka_unit_test(of_two_of_ours_exactly_one_keeps_the_address_by_every_policy),
        cmocka_unit_test(in_the_first_moment_a_lower_one_of_ours_is_asked_before_we_yield),
        cmocka_unit_test(after_the_first_moment_we_yield_at_once),
        cmocka_unit_test(who_does_not_answer_has_gone),
        cmocka_unit_test(one_question_is_enough),
        cmocka_unit_test(strangers_are_met_while_one_of_ours_is_asked),
        cmocka_unit_test(of_two_of_ours_that_take_it_at_one_moment_the_lower_one_keeps_it),
        cmocka_unit_test(the_pace_lets_a_burst_go_and_spreads_the_rest),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
