// SPDX-License-Identifier: LGPL-2.1-or-later
// Arbitration and defence as stories of nodes that share a unit.
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/disks/ownership/two_nodes.hpp"

using namespace mpapi;
using namespace mpapi::disks;
using namespace mpapi::disks::played;
using namespace std::chrono_literals;

namespace {

constexpr ReservationKey kA = 0xA, kB = 0xB, kC = 0xC;

std::string outcome(const Node& node) {
    if (!node.answer) return "no answer yet";
    return *node.answer
               ? "won"
               : std::to_string(node.answer->error().errnum) + " " + node.answer->error().reason;
}

void assert_won(const Node& node) {
    if (outcome(node) != "won") fail_msg("not won: %s", outcome(node).c_str());
    assert_true(node.ownership->owned());
    assert_true(node.holds());
}

void assert_lost(const Node& node, const char* why) {
    assert_true(node.answer && !*node.answer);
    if (node.answer->error().errnum != EBADE) fail_msg("%s", outcome(node).c_str());
    assert_contains(node.answer->error().reason, why);
    assert_false(node.ownership->owned());
    assert_false(node.holds());
}

struct Two {
    World world;
    Node a{world, kA, {1, 2}};
    Node b{world, kB, {11, 12}};
};

void a_lone_challenger_wins_at_once_on_every_path(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(0ms);
    assert_won(two.a);
    assert_true(two.a.registered(1) && two.a.registered(2));
    assert_int_equal(two.a.kept, kA);
}

void a_live_defender_wins(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(10s);
    two.b.arbitrate();
    two.world.pass(8s);
    assert_lost(two.b, "defends it");
    assert_true(two.a.ownership->owned() && two.a.holds());
    assert_true(two.a.losses.empty());
}

// Whatever the phases of the two: also when the defender stands still for 2 s at any moment.
void a_live_defender_wins_even_when_it_stalls_for_two_seconds(void**) {
    for (auto begin = 0ms; begin < 3000ms; begin += 250ms)
        for (auto stall = 0ms; stall < 7000ms; stall += 250ms) {
            Two two;
            two.a.arbitrate();
            two.world.pass(begin);
            two.b.arbitrate();
            two.world.pass(stall);
            two.a.frozen = true;
            two.world.pass(2s);
            two.a.frozen = false;
            two.world.pass(8s);
            assert_lost(two.b, "");
            assert_true(two.a.ownership->owned() && two.a.holds());
        }
}

void a_dead_defender_loses_within_ten_seconds(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.frozen = true;
    two.b.arbitrate();
    two.world.pass(6900ms);
    assert_false(two.b.answer.has_value());
    two.world.pass(200ms);
    assert_won(two.b);
    assert_false(two.a.registered(1) || two.a.registered(2));
}

void a_dead_defender_that_wakes_up_notices_and_undoes_nothing(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.frozen = true;
    two.b.arbitrate();
    two.world.pass(8s);
    assert_won(two.b);
    two.a.frozen = false;
    two.a.log.clear();
    two.world.pass(20s);
    assert_int_equal(two.a.losses.size(), 1);
    assert_contains(two.a.losses[0], "our key was removed");
    assert_true(two.a.ownership->state() == OwnershipState::None);
    for (const auto& command : two.a.log)
        assert_text_equal(command, "read");
    assert_int_equal(two.a.kept, 0);
    assert_true(two.b.holds());
}

void of_two_challengers_of_a_dead_holder_one_wins(void**) {
    for (auto apart = 0ms; apart <= 9000ms; apart += 100ms) {
        World world;
        Node dead{world, kC, {21}};
        dead.arbitrate();
        world.pass(1s);
        dead.frozen = true;
        Node a{world, kA, {1, 2}}, b{world, kB, {11, 12}};
        a.arbitrate();
        world.pass(apart);
        b.arbitrate();
        world.pass(20s);
        assert_won(a);
        assert_lost(b, "");
        assert_false(b.registered(11) || b.registered(12));
        assert_false(dead.registered(21));
    }
}

void of_two_challengers_of_a_free_unit_one_wins(void**) {
    Two two;
    two.a.arbitrate();
    two.b.arbitrate();
    two.world.pass(20s);
    assert_true(two.a.answer && two.b.answer);
    assert_true(bool(*two.a.answer) != bool(*two.b.answer));
    assert_true(two.a.holds() != two.b.holds());
}

void a_challenger_registers_once(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(1s);
    two.b.arbitrate();
    two.world.pass(10s);
    assert_int_equal(std::count(two.b.log.begin(), two.b.log.end(), "enroll"), 1);
}

void the_loss_is_noticed_within_one_interval(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(10s);
    // A rival that does not play by the rules.
    two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
    two.world.unit.preempt(11, kB, kA, Node::kType);
    two.world.pass(3s);
    assert_int_equal(two.a.losses.size(), 1);
    assert_contains(two.a.losses[0], "0x000000000000000b");
}

void a_reservation_that_was_cleared_is_lost(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(10s);
    two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
    two.world.unit.clear(11, kB);
    two.world.pass(30s);
    assert_int_equal(two.a.losses.size(), 1);
    assert_contains(two.a.losses[0], "nobody holds");
    assert_true(two.world.unit.registrations().empty());
}

// The array takes the port away through which it is held.
void drop_reservation(Two& two) {
    const auto nexuses = two.a.paths;
    for (const san::Nexus nexus : nexuses) {
        if (!two.world.unit.holds(nexus)) continue;
        two.world.unit.register_key(std::vector{nexus}, 0, 0, true, true);
        std::erase(two.a.paths, nexus);
        two.a.known.push_back(nexus);
    }
    assert_false(two.a.holds());
}

void a_reservation_that_the_device_dropped_is_taken_again(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    drop_reservation(two);
    two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
    two.world.pass(3s);
    assert_true(two.a.ownership->owned() && two.a.holds());
    assert_int_equal(two.a.losses.size(), 0);
    assert_false(two.b.registered(11)); // in the same round
    drop_reservation(two);              // with the last path nothing of ours is left
    two.world.pass(3s);
    assert_int_equal(two.a.losses.size(), 1);
    assert_contains(two.a.losses[0], "our key was removed");
}

void a_dropped_reservation_that_a_rival_took_first_is_lost(void**) {
    for (const char* when : {"read", "reserve"}) {
        Two two;
        two.a.arbitrate();
        two.world.pass(4s);
        drop_reservation(two);
        two.a.before = [&](const std::string& command) {
            if (command != when) return;
            two.a.before = nullptr;
            two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
            two.world.unit.reserve(11, kB, Node::kType);
        };
        two.world.pass(3s);
        assert_int_equal(two.a.losses.size(), 1);
        assert_contains(two.a.losses[0], "0x000000000000000b");
        assert_true(two.world.unit.holds(11));
    }
}

void a_device_that_keeps_no_reservation_is_given_up(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.before = [&](const std::string& command) {
        if (command != "read") return;
        for (const san::Nexus nexus : two.a.paths)
            if (two.world.unit.holds(nexus)) two.world.unit.release(nexus, kA, Node::kType);
    };
    two.world.pass(3s);
    assert_int_equal(two.a.losses.size(), 1);
    assert_contains(two.a.losses[0], "nobody holds");
    assert_int_equal(std::count(two.a.log.begin(), two.a.log.end(), "reserve"), 2);
}

void a_path_is_let_in_when_a_dropped_reservation_is_taken_again(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    drop_reservation(two);
    two.a.bring_back(3);
    two.world.pass(0ms);
    assert_int_equal(two.a.answer->error().errnum, EAGAIN);
    assert_false(two.a.registered(3));
    assert_true(two.a.ownership->owned() && two.a.holds());
    two.a.bring_back(3);
    two.world.pass(0ms);
    assert_ok(*two.a.answer);
    assert_true(two.a.registered(3));
}

void a_path_that_returns_is_registered_at_once(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.paths.push_back(3);
    two.a.ownership->path_returned();
    two.world.pass(0ms);
    assert_true(two.a.registered(3));
    assert_true(two.a.ownership->owned());
}

void a_path_that_returns_after_a_loss_is_not_registered(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
    two.world.unit.preempt(11, kB, kA, Node::kType);
    two.a.paths.push_back(3);
    two.a.ownership->path_returned();
    two.world.pass(30s);
    assert_false(two.a.registered(1) || two.a.registered(2) || two.a.registered(3));
    assert_int_equal(two.a.losses.size(), 1);
}

// The rival strikes between our look and our registration.
void a_path_registered_beside_a_preempt_is_taken_out_again(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.paths.push_back(3);
    two.a.before = [&](const std::string& command) {
        if (command != "enroll sd3") return;
        two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
        two.world.unit.preempt(11, kB, kA, Node::kType);
    };
    two.a.ownership->path_returned();
    two.world.pass(5s);
    assert_int_equal(two.a.losses.size(), 1);
    assert_false(two.a.registered(3));
}

void a_path_is_let_in_when_it_is_registered(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.bring_back(3);
    assert_false(two.a.answer.has_value());
    assert_false(two.a.registered(3));
    two.world.settle();
    assert_ok(*two.a.answer);
    assert_true(two.a.registered(3) && two.a.ownership->owned());
}

void a_path_that_cannot_be_registered_stays_out(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.fail_enroll_path = true;
    two.a.bring_back(3);
    two.world.settle();
    assert_int_equal(two.a.answer->error().errnum, EIO);
    assert_true(two.a.ownership->owned());
    two.a.fail_enroll_path = false;
    two.a.bring_back(3);
    two.world.settle();
    assert_ok(*two.a.answer);
    assert_true(two.a.registered(3));
}

void paths_of_a_unit_that_is_not_ours_are_nobodys_business(void**) {
    Two two;
    two.a.bring_back(3);
    assert_ok(*two.a.answer);
    assert_true(two.a.log.empty() && !two.a.registered(3));
}

// A challenger registers once.
void none_is_let_in_during_a_challenge(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.a.frozen = true;
    two.b.arbitrate();
    two.world.pass(1s);
    two.b.bring_back(13);
    assert_int_equal(two.b.answer->error().errnum, EAGAIN);
    two.world.pass(7s);
    assert_true(two.b.ownership->owned() && !two.b.registered(13));
    two.b.bring_back(13);
    two.world.settle();
    assert_ok(*two.b.answer);
    assert_true(two.b.registered(13));
}

// All paths were dead: the one that comes back says that the unit is still ours.
void a_path_that_comes_back_confirms_the_ownership(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(1s);
    two.a.hangs = true;
    two.world.pass(5900ms);
    assert_true(two.a.ownership->owned());
    two.a.hangs = false;
    two.a.bring_back(1);
    two.world.pass(0ms);
    assert_ok(*two.a.answer);
    assert_true(two.a.ownership->state() == OwnershipState::Owned);
    two.a.hangs = true; // what it waited for before never comes
    two.world.pass(6s);
    assert_true(two.a.losses.empty());
    two.world.pass(2s);
    assert_int_equal(two.a.losses.size(), 1);
}

void a_path_that_comes_back_finds_the_unit_lost(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(4s);
    two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
    two.world.unit.preempt(11, kB, kA, Node::kType);
    two.a.bring_back(3);
    two.world.settle();
    assert_ok(*two.a.answer); // not ours any more: nothing to be registered for
    assert_int_equal(two.a.losses.size(), 1);
    assert_false(two.a.registered(1) || two.a.registered(3));
}

// Whenever the rival strikes, or the defence is stopped, while a path is let in: there is an
// answer, and no key of ours is left behind.
void whatever_ends_the_ownership_meanwhile_leaves_no_key(void**) {
    for (const bool stopped : {false, true})
        for (int at = 1; at <= 3; ++at) {
            Two two;
            two.a.arbitrate();
            two.world.pass(4s);
            int command = 0;
            std::optional<Status> admitted;
            two.a.before = [&](const std::string& what) {
                if (what != "read" && what != "enroll sd3") return;
                if (++command != at) return; // once: later ones are more than `at`
                if (stopped) {
                    two.a.stop_defense();
                    return;
                }
                two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
                two.world.unit.preempt(11, kB, kA, Node::kType);
            };
            two.a.ownership->admit(std::make_shared<Node::Returning>(two.a, 3),
                                   [&](Status status) { admitted = std::move(status); });
            two.world.pass(5s);
            assert_true(admitted.has_value());
            if (!*admitted) assert_int_equal(admitted->error().errnum, EAGAIN);
            assert_false(two.a.ownership->owned());
            assert_false(two.a.registered(1) || two.a.registered(2) || two.a.registered(3));
        }
}

void a_hanging_device_is_unconfirmed_and_then_given_up(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(1s);
    two.a.hangs = true;
    two.world.pass(5900ms);
    assert_true(two.a.ownership->owned());
    two.world.pass(200ms);
    assert_int_equal(two.a.losses.size(), 1);
    assert_contains(two.a.losses[0], "unknown");
    two.a.hangs = false;
    two.world.pass(30s);
    assert_true(two.a.ownership->state() == OwnershipState::None);
    assert_true(two.a.holds()); // at the device: it can be taken back by arbitration
    two.a.arbitrate();
    two.world.pass(0ms);
    assert_won(two.a);
}

void a_device_that_hangs_while_a_rival_is_removed_is_given_up_too(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(1s);
    two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
    two.a.before = [&](const std::string& command) { two.a.hangs |= command != "read"; };
    two.world.pass(12s);
    assert_int_equal(two.a.losses.size(), 1);
    assert_contains(two.a.losses[0], "unknown");
}

void a_restarted_daemon_goes_on_defending(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(5s);
    two.a.start();
    two.a.resume();
    two.world.pass(0ms);
    assert_won(two.a);
    two.b.arbitrate();
    two.world.pass(10s);
    assert_lost(two.b, "");
}

void a_daemon_that_was_down_too_long_learns_that_it_lost(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(5s);
    two.a.ownership.reset();
    two.b.arbitrate();
    two.world.pass(10s);
    assert_won(two.b);
    two.a.start();
    two.a.resume();
    two.world.pass(0ms);
    assert_lost(two.a, "our key was removed");
    assert_int_equal(two.a.losses.size(), 1);
    assert_true(two.b.holds());
}

void stopping_gives_up_everything_at_the_device(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(5s);
    two.a.stop_defense();
    two.world.pass(0ms);
    assert_ok(*two.a.answer);
    assert_true(two.world.unit.registrations().empty());
    assert_true(two.a.losses.empty());
    assert_int_equal(two.a.kept, 0);
    two.b.arbitrate();
    two.world.pass(0ms);
    assert_won(two.b);
}

void what_cannot_be_released_stays_defended(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(5s);
    two.a.fail_release = true;
    two.a.stop_defense();
    two.world.pass(0ms);
    assert_false(bool(*two.a.answer));
    assert_true(two.a.ownership->owned());
    two.b.arbitrate();
    two.world.pass(10s);
    assert_lost(two.b, "");
}

void stopping_needs_ownership(void**) {
    Two two;
    two.a.stop_defense();
    assert_int_equal(two.a.answer->error().errnum, EPERM);
    assert_true(two.a.log.empty());
}

void arbitrating_twice_is_once(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(1s);
    two.a.arbitrate();
    assert_won(two.a);
    Node c{two.world, kC, {21}};
    c.arbitrate();
    c.ownership->arbitrate(
        [](const Status& second) { assert_int_equal(second.error().errnum, EALREADY); });
    two.world.pass(10s);
}

void a_key_that_another_node_uses_too_is_refused(void**) {
    World world;
    Node a{world, kA, {1}}, twin{world, kA, {11}};
    a.arbitrate();
    world.pass(1s);
    twin.arbitrate();
    world.pass(10s);
    assert_int_equal(twin.answer->error().errnum, EEXIST);
    assert_true(a.holds());
}

void a_twin_that_appears_later_is_told_once_and_not_preempted(void**) {
    Two two;
    two.a.arbitrate();
    two.world.pass(1s);
    two.world.unit.register_key(std::vector<san::Nexus>{31}, 0, kA, true, true);
    two.world.pass(30s);
    assert_true(two.a.ownership->owned() && two.a.registered(1) && two.a.registered(2));
    assert_int_equal(two.a.notes.size(), 1);
    assert_contains(two.a.notes[0], "another initiator has registered our key");
}

void a_reservation_of_another_type_is_left_alone(void**) {
    Two two;
    two.world.unit.register_key(std::vector<san::Nexus>{11}, 0, kB, true, true);
    two.world.unit.reserve(11, kB, scsi::ReservationType::ExclusiveAccess);
    two.a.arbitrate();
    two.world.pass(10s);
    assert_lost(two.a, "reserved in another way");
    assert_false(two.a.registered(1));
}

void what_multipathd_does_not_take_is_told(void**) {
    Two two;
    two.a.keeping = Error{"hand the key to", "multipathd", "it says fail", 0};
    two.a.arbitrate();
    two.world.pass(1s);
    assert_won(two.a);
    assert_int_equal(two.a.notes.size(), 1);
    assert_contains(two.a.notes[0], "multipathd");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_challenger_wins_at_once_on_every_path),
        cmocka_unit_test(a_live_defender_wins),
        cmocka_unit_test(a_live_defender_wins_even_when_it_stalls_for_two_seconds),
        cmocka_unit_test(a_dead_defender_loses_within_ten_seconds),
        cmocka_unit_test(a_dead_defender_that_wakes_up_notices_and_undoes_nothing),
        cmocka_unit_test(of_two_challengers_of_a_dead_holder_one_wins),
        cmocka_unit_test(of_two_challengers_of_a_free_unit_one_wins),
        cmocka_unit_test(a_challenger_registers_once),
        cmocka_unit_test(the_loss_is_noticed_within_one_interval),
        cmocka_unit_test(a_reservation_that_was_cleared_is_lost),
        cmocka_unit_test(a_reservation_that_the_device_dropped_is_taken_again),
        cmocka_unit_test(a_dropped_reservation_that_a_rival_took_first_is_lost),
        cmocka_unit_test(a_device_that_keeps_no_reservation_is_given_up),
        cmocka_unit_test(a_path_is_let_in_when_a_dropped_reservation_is_taken_again),
        cmocka_unit_test(a_path_that_returns_is_registered_at_once),
        cmocka_unit_test(a_path_that_returns_after_a_loss_is_not_registered),
        cmocka_unit_test(a_path_registered_beside_a_preempt_is_taken_out_again),
        cmocka_unit_test(a_path_is_let_in_when_it_is_registered),
        cmocka_unit_test(a_path_that_cannot_be_registered_stays_out),
        cmocka_unit_test(paths_of_a_unit_that_is_not_ours_are_nobodys_business),
        cmocka_unit_test(none_is_let_in_during_a_challenge),
        cmocka_unit_test(a_path_that_comes_back_confirms_the_ownership),
        cmocka_unit_test(a_path_that_comes_back_finds_the_unit_lost),
        cmocka_unit_test(whatever_ends_the_ownership_meanwhile_leaves_no_key),
        cmocka_unit_test(a_hanging_device_is_unconfirmed_and_then_given_up),
        cmocka_unit_test(a_device_that_hangs_while_a_rival_is_removed_is_given_up_too),
        cmocka_unit_test(a_restarted_daemon_goes_on_defending),
        cmocka_unit_test(a_daemon_that_was_down_too_long_learns_that_it_lost),
        cmocka_unit_test(stopping_gives_up_everything_at_the_device),
        cmocka_unit_test(what_cannot_be_released_stays_defended),
        cmocka_unit_test(stopping_needs_ownership),
        cmocka_unit_test(arbitrating_twice_is_once),
        cmocka_unit_test(a_key_that_another_node_uses_too_is_refused),
        cmocka_unit_test(a_twin_that_appears_later_is_told_once_and_not_preempted),
        cmocka_unit_test(a_reservation_of_another_type_is_left_alone),
        cmocka_unit_test(what_multipathd_does_not_take_is_told),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
