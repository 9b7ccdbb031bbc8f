// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/guarded_accounts.hpp"

#include "tests/unit/clusprep/rpc/auth/played_timers.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;
using namespace std::chrono_literals;

namespace {

// Says yes to those whose workstation is "good"; when it is slow, all at once and when told to.
class Played final : public NtlmAccounts {
  public:
    void verify(const NtlmLogon& logon, Verified done) override {
        ++asked;
        if (slow)
            under_way.emplace_back([=] { tell(logon, done); });
        else
            tell(logon, done);
    }
    void tell_all() {
        for (const auto& answer : std::exchange(under_way, {}))
            answer();
    }
    int asked = 0;
    bool slow = false;
    std::vector<std::function<void()>> under_way;

  private:
    static void tell(const NtlmLogon& logon, const Verified& done) {
        if (logon.workstation == u"good")
            done(NtlmSession{{}, {"NODE1\\x", {}, AuthType::Ntlm}});
        else
            done(Error{"log on", "", "denied"});
    }
};

struct World {
    Played accounts;
    PlayedTimers timers;
    std::vector<FailedLogon> reports;
    GuardedAccounts guarded{accounts, timers,
                            [this](const FailedLogon& report) { reports.push_back(report); }};
    int answers = 0, successes = 0;
    std::string last_reason;

    void attempt(const std::string& address, std::u16string user, bool good) {
        NtlmLogon logon;
        logon.user = std::move(user);
        logon.domain = u"DOM";
        logon.workstation = good ? u"good" : u"bad";
        logon.peer = address;
        guarded.verify(logon, [this](const Result<NtlmSession>& session) {
            ++answers;
            successes += session.has_value();
            if (!session) last_reason = session.error().reason;
        });
    }
};

void failures_are_reported_with_their_counts(void**) {
    World world;
    world.attempt("192.0.2.1", u"alice", false);
    world.attempt("192.0.2.1", u"bob", false);
    world.attempt("192.0.2.2", u"Bob", false);
    assert_int_equal(world.reports.size(), 3);
    assert_text_equal(world.reports[2].account, "DOM\\Bob");
    assert_text_equal(world.reports[2].peer.address, "192.0.2.2");
    assert_contains(world.reports[2].reason, "denied");
    assert_int_equal(world.reports[1].failures_of_address, 2);
    assert_int_equal(world.reports[2].failures_of_address, 1);
    assert_int_equal(world.reports[2].failures_of_account, 2);
    assert_text_equal(world.last_reason, ""); // told already
}

void many_connections_try_no_more_than_one(void**) {
    World world;
    for (int i = 0; i < 100; ++i)
        world.attempt("192.0.2.1", u"user" + std::u16string(1, static_cast<char16_t>(u'0' + i)),
                      false);
    // 5 that cost nothing, the sixth makes the others wait.
    assert_int_equal(world.accounts.asked, 6);
    world.timers.pass(250ms);
    assert_int_equal(world.accounts.asked, 7);
    world.timers.pass(500ms);
    assert_int_equal(world.accounts.asked, 8);
    world.timers.pass(60s);
    assert_int_equal(world.accounts.asked, 13); // after 1, 2, 4, 8 and 16 s
    assert_int_equal(world.answers, world.accounts.asked);
}

void many_right_ones_at_once_do_not_wait(void**) {
    World world;
    for (int i = 0; i < 200; ++i)
        world.attempt("192.0.2.1", u"alice", true);
    assert_int_equal(world.successes, 200);
    assert_int_equal(world.timers.waiting(), 0);
}

void an_owner_gets_in_while_others_guess(void**) {
    World world;
    for (int i = 0; i < 40; ++i)
        world.attempt("192.0.2." + std::to_string(i), u"alice", false);
    world.attempt("198.51.100.1", u"alice", true);
    assert_int_equal(world.successes, 0);
    world.timers.pass(2s);
    assert_int_equal(world.successes, 1);
}

void an_owner_gets_in_after_any_number_of_failures_at_once(void**) {
    World world;
    world.accounts.slow = true; // so that all of them are asked before one has failed
    for (int i = 0; i < 300; ++i)
        world.attempt("192.0.2." + std::to_string(i), u"alice", false);
    world.accounts.tell_all();
    world.accounts.slow = false;
    world.attempt("198.51.100.1", u"alice", true);
    world.timers.pass(2s);
    assert_int_equal(world.successes, 1);
}

void an_account_that_exists_waits_like_one_that_does_not(void**) {
    World world;
    for (int i = 0; i < 6; ++i)
        world.attempt("192.0.2.1", u"alice", false);
    world.attempt("192.0.2.1", u"alice", true);
    assert_int_equal(world.successes, 0);
    world.timers.pass(249ms);
    assert_int_equal(world.successes, 0);
    world.timers.pass(1ms);
    assert_int_equal(world.successes, 1);
}

void too_many_that_wait_are_sent_away(void**) {
    World world;
    for (std::size_t i = 0; i < 6 + GuardedAccounts::kMostWaiting; ++i)
        world.attempt("192.0.2.1", u"alice", false);
    const int before = world.answers;
    world.attempt("192.0.2.1", u"alice", false);
    assert_int_equal(world.answers, before + 1);
    assert_int_equal(world.timers.waiting(), GuardedAccounts::kMostWaiting);
}

void those_who_wait_elsewhere_leave_room_for_an_owner(void**) {
    World world;
    for (int i = 0; i < 2000; ++i) // of two links
        world.attempt("2001:db8:0:" + std::to_string(i % 2) + "::" + std::to_string(i), u"alice",
                      false);
    assert_int_equal(world.timers.waiting(), GuardedAccounts::kMostWaiting);
    const int before = world.answers;
    world.attempt("198.51.100.1", u"alice", true);
    assert_int_equal(world.answers, before + 1); // one of theirs was sent away
    assert_int_equal(world.successes, 0);
    world.timers.pass(2s);
    assert_int_equal(world.successes, 1);
}

void who_waits_may_outlive_the_accounts(void**) {
    PlayedTimers timers;
    int answers = 0;
    {
        Played accounts;
        GuardedAccounts guarded(accounts, timers, {});
        NtlmLogon logon;
        logon.peer = "192.0.2.1";
        for (int i = 0; i < 7; ++i)
            guarded.verify(logon, [&](const Result<NtlmSession>&) { ++answers; });
    }
    timers.pass(1h);
    assert_int_equal(answers, 6);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_reported_with_their_counts),
        cmocka_unit_test(many_connections_try_no_more_than_one),
        cmocka_unit_test(many_right_ones_at_once_do_not_wait),
        cmocka_unit_test(an_owner_gets_in_while_others_guess),
        cmocka_unit_test(an_owner_gets_in_after_any_number_of_failures_at_once),
        cmocka_unit_test(an_account_that_exists_waits_like_one_that_does_not),
        cmocka_unit_test(too_many_that_wait_are_sent_away),
        cmocka_unit_test(those_who_wait_elsewhere_leave_room_for_an_owner),
        cmocka_unit_test(who_waits_may_outlive_the_accounts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
