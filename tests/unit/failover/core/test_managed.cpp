// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An address through its life, over hands that write down what they are told to do.
#include "failover/core/managed.hpp"

#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <memory>
#include <vector>

using namespace mpapi;
using namespace mpapi::failover;
using namespace std::chrono_literals;

namespace {

const Ip kAddress = *Ip::parse("192.0.2.7");
const HardwareAddress kLow = *HardwareAddress::parse("02:00:00:00:00:01");
const HardwareAddress kOwn = *HardwareAddress::parse("02:00:00:00:00:05");
const HardwareAddress kHigh = *HardwareAddress::parse("02:00:00:00:00:09");
const LinkState kUp{true, true, true, kOwn};

class Notes : public Managed::Hands {
  public:
    Status add(const Ip&) override { return done("add", !refuses_add); }
    Status remove(const Ip&) override { return done("remove", !refuses_remove); }
    Result<std::chrono::nanoseconds> probe(const Ip&, const Nonce& nonce) override {
        last_nonce = nonce;
        if (auto sent = done("probe", !refuses_send); !sent) return sent.error();
        return waits;
    }
    Status announce(const Ip&, Forms) override { return done("announce", !refuses_send); }
    void changed(State) override {}
    void conflict(const Claim&) override { text += "conflict "; }

    std::string take() { return std::exchange(text, {}); }

    bool refuses_add = false, refuses_remove = false, refuses_send = false;
    std::chrono::nanoseconds waits{0};
    Nonce last_nonce{};
    std::string text;

  private:
    Status done(const char* what, bool well) {
        text += std::string(what) + " ";
        if (!well) return Error{what, "address", "", EIO};
        return Done{};
    }
};

class World {
  public:
    explicit World(Wish wish = {}, const Ip& ip = kAddress)
      : managed(ip, std::move(wish), hands, [this](std::uint32_t bound) {
          return static_cast<std::uint32_t>(drawn++ % bound);
      }) {
        managed.link(kUp, now);
    }
    // Until nothing is to be done for that long.
    void pass(Ms time) {
        const Time end = now + time;
        while (managed.next() && *managed.next() <= end) {
            now = std::max(now, *managed.next());
            managed.due(now);
        }
        now = end;
    }
    void hear(const HardwareAddress& from, Claim::Kind kind = Claim::Kind::Use,
              bool marked = false) {
        managed.heard({managed.ip(), kind, from, marked, std::nullopt}, now);
    }
    void hear_answer(const HardwareAddress& from) {
        managed.heard({managed.ip(), Claim::Kind::Use, from, false, std::nullopt, true}, now);
    }
    void link(bool there, bool up, bool carrier, const HardwareAddress& address = kOwn) {
        managed.link({there, up, carrier, address}, now);
    }
    void expect(State state, const std::string& notes, int line) {
        const std::string found = hands.take();
        if (managed.state() != state || found != notes)
            fail_msg("line %d: state %s (%s), did: %s", line,
                     std::string(name_of(managed.state())).c_str(), managed.reason().c_str(),
                     found.c_str());
    }

    Time now{std::chrono::hours(1)};
    Notes hands;
    std::uint64_t drawn = 0;
    Managed managed;
};

#define expect_that(world, state, notes) (world).expect(State::state, notes, __LINE__)

Wish without_probe(Policy policy = Policy::Once) {
    Wish wish;
    wish.profile = Profile::None;
    wish.announce.count = 1;
    wish.policy = policy;
    return wish;
}

void a_free_address_is_probed_added_and_announced(void**) {
    World world;
    world.managed.go_online(world.now);
    world.pass(150ms);
    expect_that(world, Probing, "probe probe probe ");
    world.pass(150ms);
    expect_that(world, Announcing, "add announce ");
    world.pass(4s);
    expect_that(world, Online, "announce announce announce ");
    world.pass(1h);
    expect_that(world, Online, "");
    assert_int_equal(world.managed.counters().probes, 3);
    assert_int_equal(world.managed.counters().announcements, 4);
}

void without_a_profile_it_is_announced_before_the_call_returns(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    expect_that(world, Online, "add announce ");
}

void an_address_that_somebody_has_is_never_added(void**) {
    World world;
    world.managed.go_online(world.now);
    world.pass(60ms);
    (void)world.hands.take();
    world.hear(kHigh);
    expect_that(world, Conflict, "conflict remove ");
    assert_true(world.managed.rival()->from == kHigh);
    assert_contains(world.managed.reason(), "02:00:00:00:00:09");
    world.pass(1h);
    expect_that(world, Conflict, "");
}

void our_own_frames_are_no_rivals(void**) {
    World world;
    world.managed.go_online(world.now);
    world.hear(kOwn);
    world.hear(kOwn, Claim::Kind::Probe);
    assert_true(world.managed.state() == State::Probing);
    world.pass(1s);
    world.hear(kOwn);
    assert_int_equal(world.managed.counters().conflicts, 0);
}

void of_two_of_ours_that_probe_the_lower_one_gets_it(void**) {
    World world;
    world.managed.go_online(world.now);
    world.hear(kHigh, Claim::Kind::Probe, true);
    assert_true(world.managed.state() == State::Probing);
    world.hear(kLow, Claim::Kind::Probe, true);
    assert_true(world.managed.state() == State::Conflict);
}

void after_a_conflict_it_can_be_tried_again(void**) {
    World world;
    world.managed.go_online(world.now);
    world.hear(kHigh);
    world.managed.go_online(world.now);
    world.pass(10s);
    assert_true(world.managed.state() == State::Online);
}

void after_ten_conflicts_it_is_tried_once_a_minute(void**) {
    World world;
    for (int i = 0; i < 10; ++i) {
        world.managed.go_online(world.now);
        world.pass(30ms);
        world.hear(kHigh);
    }
    assert_int_equal(world.managed.counters().conflicts, 10);
    (void)world.hands.take();
    world.managed.go_online(world.now);
    world.pass(59s);
    expect_that(world, Probing, "");
    world.pass(20s);
    assert_true(world.managed.state() == State::Online);
}

void a_link_that_comes_and_goes_does_not_make_it_wait_longer(void**) {
    World world;
    for (int i = 0; i < 10; ++i) {
        world.managed.go_online(world.now);
        world.pass(30ms);
        world.hear(kHigh);
    }
    world.managed.go_online(world.now);
    for (int i = 0; i < 20; ++i) {
        world.link(true, true, false);
        world.link(true, true, true);
        world.pass(1s);
    }
    world.pass(1min);
    assert_true(world.managed.state() == State::Online);
}

void a_probe_that_is_seen_when_online_is_left_to_the_kernel(void**) {
    World world(without_probe(Policy::Never));
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.hear(kHigh, Claim::Kind::Probe);
    expect_that(world, Online, "");
}

void a_rival_is_met_as_the_policy_says(void**) {
    World never(without_probe(Policy::Never));
    never.managed.go_online(never.now);
    (void)never.hands.take();
    never.hear(kHigh);
    expect_that(never, Conflict, "conflict remove ");

    World once(without_probe(Policy::Once));
    once.managed.go_online(once.now);
    (void)once.hands.take();
    once.hear(kHigh);
    expect_that(once, Defending, "conflict announce ");
    once.pass(10s);
    expect_that(once, Online, "");
    once.hear(kHigh);
    once.pass(9s);
    once.hear(kHigh);
    expect_that(once, Conflict, "conflict announce conflict remove ");

    World always(without_probe(Policy::Always));
    always.managed.go_online(always.now);
    (void)always.hands.take();
    for (int i = 0; i < 3; ++i)
        always.hear(kHigh);
    expect_that(always, Defending, "conflict announce conflict conflict ");
    always.pass(10s);
    expect_that(always, Defending, "announce ");
    always.pass(10s);
    expect_that(always, Online, "");
}

// Else both of two might give up: the one for the mark, the other for what the kernel of the one
// said meanwhile.
void what_the_kernel_of_one_of_ours_says_is_its_own_word(void**) {
    World world(without_probe(Policy::Never));
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.hear(kHigh, Claim::Kind::Use, true);
    world.hear(kHigh);
    expect_that(world, Defending, "conflict announce conflict ");
    world.pass(30s);
    world.hear(kHigh); // it may be without this software by now
    assert_true(world.managed.state() == State::Conflict);
}

void a_late_word_of_who_gave_it_back_is_no_reason_to_yield(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    world.hear(kLow, Claim::Kind::Probe, true);
    (void)world.hands.take();
    world.hear(kLow);
    expect_that(world, Defending, "conflict announce ");
}

void a_late_announcement_of_who_gave_it_back_is_asked_about_and_outlived(void**) {
    World world;
    world.managed.go_online(world.now);
    while (world.managed.state() == State::Probing)
        world.pass(1ms);
    (void)world.hands.take();
    world.hear(kLow, Claim::Kind::Use, true);
    world.hear(kLow, Claim::Kind::Use, true);
    world.pass(99ms);
    expect_that(world, Defending, "conflict probe conflict probe ");
    world.pass(1ms);
    expect_that(world, Defending, "announce ");
    world.pass(1h);
    expect_that(world, Online, "announce announce announce ");
    assert_int_equal(world.managed.counters().defences, 1);
}

void who_is_still_there_answers_and_has_the_address(void**) {
    World world(without_probe(Policy::Always));
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.hear(kLow, Claim::Kind::Use, true);
    world.pass(90ms);
    world.hear_answer(kLow);
    expect_that(world, Conflict, "conflict probe probe conflict remove ");
    assert_true(world.managed.next() == std::nullopt);
}

void the_question_waits_for_its_pace(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    world.hands.waits = 500ms;
    world.hear(kLow, Claim::Kind::Use, true);
    (void)world.hands.take();
    world.pass(1099ms);
    expect_that(world, Defending, "probe ");
    world.hear_answer(kLow);
    expect_that(world, Conflict, "conflict remove ");
}

void who_cannot_ask_yields(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.hands.refuses_send = true;
    world.hear(kLow, Claim::Kind::Use, true);
    expect_that(world, Conflict, "conflict probe remove ");
    assert_int_equal(world.managed.counters().send_errors, 1);

    World later(without_probe());
    later.managed.go_online(later.now);
    later.hear(kLow, Claim::Kind::Use, true);
    (void)later.hands.take();
    later.hands.refuses_send = true;
    later.pass(1s);
    expect_that(later, Conflict, "probe remove ");
}

void while_it_is_asked_whose_it_is_nobody_is_turned_to_us(void**) {
    Wish wish = without_probe();
    wish.announce = {.count = 4, .apart = {Ms(30)}};
    World world(wish);
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.hear(kLow, Claim::Kind::Use, true);
    world.pass(99ms);
    expect_that(world, Defending, "conflict probe probe ");
    world.pass(200ms);
    expect_that(world, Defending, "announce announce announce announce ");
}

void taken_anew_it_has_its_first_moment_again(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    world.pass(1h);
    world.managed.lost(world.now);
    (void)world.hands.take();
    world.hear(kLow, Claim::Kind::Use, true);
    expect_that(world, Defending, "conflict probe ");
    world.pass(1h);
    (void)world.hands.take();
    world.hear(kLow, Claim::Kind::Use, true);
    expect_that(world, Conflict, "conflict remove ");
}

void a_storm_of_answers_is_answered_once_an_interval(void**) {
    World world(without_probe(Policy::Always));
    world.managed.go_online(world.now);
    for (int i = 0; i < 1000; ++i) {
        world.hear(kHigh);
        world.pass(25ms);
    }
    assert_int_equal(world.managed.counters().conflicts, 1000);
    assert_int_equal(world.managed.counters().defences, 3);
    assert_int_equal(world.managed.counters().announcements, 4);
}

void the_policy_can_be_another_while_it_is_online(void**) {
    World world(without_probe(Policy::Never));
    world.managed.go_online(world.now);
    world.managed.set_policy(Policy::Always);
    for (int i = 0; i < 10; ++i)
        world.hear(kHigh);
    assert_true(world.managed.state() == State::Defending);
}

void offline_takes_it_off_the_interface(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    (void)world.hands.take();
    assert_ok(world.managed.go_offline());
    expect_that(world, Offline, "remove ");
    world.hear(kHigh);
    world.link(true, false, false);
    world.link(true, true, true);
    world.pass(1h);
    expect_that(world, Offline, "");
}

void a_removal_that_fails_is_told(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    world.hands.refuses_remove = true;
    const auto removed = world.managed.go_offline();
    assert_false(removed.has_value());
    assert_true(world.managed.state() == State::Failed);
}

void a_kernel_that_does_not_take_it_makes_it_failed(void**) {
    World world(without_probe());
    world.hands.refuses_add = true;
    world.managed.go_online(world.now);
    expect_that(world, Failed, "add remove ");
    assert_contains(world.managed.reason(), "Input/output error");
}

void an_announcement_that_does_not_leave_clears_nothing(void**) {
    World world;
    world.managed.go_online(world.now);
    world.pass(300ms);
    world.hands.refuses_send = true;
    world.pass(1s);
    assert_true(world.managed.state() == State::Announcing);
    assert_int_equal(world.managed.counters().send_errors, 1);
    world.hands.refuses_send = false;
    world.pass(10s);
    assert_true(world.managed.state() == State::Online);
}

void an_address_that_nobody_could_be_asked_for_is_not_taken(void**) {
    World world;
    world.hands.refuses_send = true;
    world.managed.go_online(world.now);
    world.pass(10s);
    assert_true(world.managed.state() == State::Failed);
    if (world.hands.take().find("add") != std::string::npos) fail_msg("it was added");
}

void a_link_that_goes_down_takes_it_off_and_up_asks_anew(void**) {
    World world;
    world.managed.go_online(world.now);
    world.pass(10s);
    (void)world.hands.take();
    world.link(true, false, false);
    expect_that(world, Offline, "remove ");
    world.link(true, true, false);
    expect_that(world, Offline, "");
    world.link(true, true, true);
    world.pass(10s);
    expect_that(world, Online, "probe probe probe add announce announce announce announce ");
}

void an_interface_that_is_removed_and_comes_again_has_it_again(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.link(false, false, false, {});
    expect_that(world, Offline, "remove ");
    world.link(true, true, true, kHigh);
    world.pass(1s);
    expect_that(world, Online, "probe probe probe add announce ");
}

// That nobody has it was true when it was wanted.
void what_was_off_the_interface_is_asked_for_whatever_the_profile(void**) {
    World down(without_probe());
    down.managed.go_online(down.now);
    down.link(true, false, false);
    down.link(true, true, true);
    (void)down.hands.take();
    down.hear(kHigh);
    expect_that(down, Conflict, "conflict remove ");

    World restarted(without_probe());
    restarted.managed.take_up(false, restarted.now);
    restarted.pass(1s);
    expect_that(restarted, Online, "probe probe probe add announce ");
}

void a_probe_that_waits_for_its_pace_puts_the_end_off(void**) {
    World world;
    world.hands.waits = 500ms;
    world.managed.go_online(world.now);
    world.pass(1s);
    expect_that(world, Probing, "probe probe ");
    world.pass(500ms);
    world.hear(kHigh);
    expect_that(world, Conflict, "probe conflict remove ");
}

void a_link_that_goes_in_the_midst_of_probing_starts_it_anew(void**) {
    World world;
    world.managed.go_online(world.now);
    world.pass(60ms);
    world.link(true, true, false);
    (void)world.hands.take();
    world.pass(1h);
    expect_that(world, Offline, "");
    world.link(true, true, true);
    world.pass(160ms);
    expect_that(world, Probing, "probe probe probe ");
}

void a_carrier_that_returns_is_announced_to(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.link(true, true, false);
    expect_that(world, Online, "");
    world.link(true, true, true);
    expect_that(world, Online, "announce ");
}

void another_hardware_address_is_announced(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.link(true, true, true, kHigh);
    expect_that(world, Online, "announce ");
    world.hear(kHigh); // is us now
    expect_that(world, Online, "");
}

void without_a_link_it_waits_for_one(void**) {
    World world;
    world.link(true, false, false);
    world.managed.go_online(world.now);
    expect_that(world, Offline, "");
    assert_contains(world.managed.reason(), "down");
}

void what_somebody_removes_is_put_back_until_it_is_a_fight(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    (void)world.hands.take();
    world.managed.lost(world.now);
    expect_that(world, Online, "add announce ");
    for (int i = 0; i < 4; ++i)
        world.managed.lost(world.now);
    assert_int_equal(world.managed.counters().restored, 5);
    assert_true(world.managed.state() == State::Online);
    world.managed.lost(world.now);
    assert_true(world.managed.state() == State::Failed);
}

void what_is_removed_now_and_then_is_always_put_back(void**) {
    World world(without_probe());
    world.managed.go_online(world.now);
    for (int i = 0; i < 50; ++i) {
        world.pass(15s);
        world.managed.lost(world.now);
    }
    assert_true(world.managed.state() == State::Online);
}

void one_that_is_still_there_is_taken_up_without_a_question(void**) {
    World world;
    world.managed.take_up(true, world.now);
    expect_that(world, Announcing, "add announce ");
}

void one_that_is_gone_is_asked_for_when_it_is_taken_up(void**) {
    World world;
    world.managed.take_up(false, world.now);
    world.pass(10s);
    expect_that(world, Online, "probe probe probe add announce announce announce announce ");
}

void an_announcement_on_request_begins_the_row_again(void**) {
    World world;
    world.managed.announce(world.now);
    expect_that(world, Offline, "");
    world.managed.go_online(world.now);
    world.pass(10s);
    (void)world.hands.take();
    world.managed.announce(world.now);
    expect_that(world, Announcing, "announce ");
    world.pass(10s);
    expect_that(world, Online, "announce announce announce ");
}

void a_solicitation_that_is_looped_back_is_no_rival(void**) {
    World world({}, *Ip::parse("2001:db8::7"));
    world.managed.go_online(world.now);
    world.pass(25ms);
    Claim claim{world.managed.ip(), Claim::Kind::Probe, kHigh, false, world.hands.last_nonce};
    world.managed.heard(claim, world.now);
    assert_true(world.managed.state() == State::Probing);
    (*claim.nonce)[0] ^= 1;
    world.managed.heard(claim, world.now);
    assert_true(world.managed.state() == State::Conflict);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_free_address_is_probed_added_and_announced),
        cmocka_unit_test(without_a_profile_it_is_announced_before_the_call_returns),
        cmocka_unit_test(an_address_that_somebody_has_is_never_added),
        cmocka_unit_test(our_own_frames_are_no_rivals),
        cmocka_unit_test(of_two_of_ours_that_probe_the_lower_one_gets_it),
        cmocka_unit_test(after_a_conflict_it_can_be_tried_again),
        cmocka_unit_test(after_ten_conflicts_it_is_tried_once_a_minute),
        cmocka_unit_test(a_link_that_comes_and_goes_does_not_make_it_wait_longer),
        cmocka_unit_test(a_probe_that_is_seen_when_online_is_left_to_the_kernel),
        cmocka_unit_test(a_rival_is_met_as_the_policy_says),
        cmocka_unit_test(what_the_kernel_of_one_of_ours_says_is_its_own_word),
        cmocka_unit_test(a_late_word_of_who_gave_it_back_is_no_reason_to_yield),
        cmocka_unit_test(a_late_announcement_of_who_gave_it_back_is_asked_about_and_outlived),
        cmocka_unit_test(who_is_still_there_answers_and_has_the_address),
        cmocka_unit_test(the_question_waits_for_its_pace),
        cmocka_unit_test(who_cannot_ask_yields),
        cmocka_unit_test(while_it_is_asked_whose_it_is_nobody_is_turned_to_us),
        cmocka_unit_test(taken_anew_it_has_its_first_moment_again),
        cmocka_unit_test(a_storm_of_answers_is_answered_once_an_interval),
        cmocka_unit_test(the_policy_can_be_another_while_it_is_online),
        cmocka_unit_test(offline_takes_it_off_the_interface),
        cmocka_unit_test(a_removal_that_fails_is_told),
        cmocka_unit_test(a_kernel_that_does_not_take_it_makes_it_failed),
        cmocka_unit_test(an_announcement_that_does_not_leave_clears_nothing),
        cmocka_unit_test(an_address_that_nobody_could_be_asked_for_is_not_taken),
        cmocka_unit_test(a_link_that_goes_down_takes_it_off_and_up_asks_anew),
        cmocka_unit_test(an_interface_that_is_removed_and_comes_again_has_it_again),
        cmocka_unit_test(what_was_off_the_interface_is_asked_for_whatever_the_profile),
        cmocka_unit_test(a_probe_that_waits_for_its_pace_puts_the_end_off),
        cmocka_unit_test(a_link_that_goes_in_the_midst_of_probing_starts_it_anew),
        cmocka_unit_test(a_carrier_that_returns_is_announced_to),
        cmocka_unit_test(another_hardware_address_is_announced),
        cmocka_unit_test(without_a_link_it_waits_for_one),
        cmocka_unit_test(what_somebody_removes_is_put_back_until_it_is_a_fight),
        cmocka_unit_test(what_is_removed_now_and_then_is_always_put_back),
        cmocka_unit_test(one_that_is_still_there_is_taken_up_without_a_question),
        cmocka_unit_test(one_that_is_gone_is_asked_for_when_it_is_taken_up),
        cmocka_unit_test(an_announcement_on_request_begins_the_row_again),
        cmocka_unit_test(a_solicitation_that_is_looped_back_is_no_rival),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
