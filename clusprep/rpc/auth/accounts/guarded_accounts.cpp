// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/guarded_accounts.hpp"

#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "common/text/utf16.hpp"

#include <algorithm>

namespace mpapi::rpc {

GuardedAccounts::GuardedAccounts(NtlmAccounts& accounts, Timers& timers, OnFailedLogon failed,
                                 const Attempts::Limits& limits)
  : accounts_(accounts)
  , timers_(timers)
  , failed_(std::move(failed))
  , attempts_(limits) {}

void GuardedAccounts::verify(const NtlmLogon& logon, Verified done) {
    // The domain is left out: for our own accounts it is whatever the client likes.
    auto account = to_utf8(ntlm::upper_case(logon.user)).value_or(std::string{});
    take_turn(std::make_shared<Attempt>(Attempt{logon, std::move(done), std::move(account)}));
}

// The address's turn is asked for again after each wait, for others may have failed meanwhile; the
// account's is not, or those who guess would keep its owner waiting for ever.
void GuardedAccounts::take_turn(std::shared_ptr<Attempt> attempt) {
    const auto now = timers_.now();
    auto turn = attempts_.turn_of_address(attempt->logon.peer.network, now);
    if (!std::exchange(attempt->waited_for_account, true))
        turn = std::max(turn, attempts_.turn_of_account(attempt->account, now));
    if (turn <= now) return ask(attempt);
    if (waiting_ >= kMostWaiting)
        return attempt->done(Error{"log on", "", "too many attempts wait for their turn"});
    ++waiting_;
    timers_.at(turn, [this, alive = std::weak_ptr<bool>(alive_), attempt = std::move(attempt)] {
        if (alive.expired()) return;
        --waiting_;
        take_turn(attempt);
    });
}

void GuardedAccounts::ask(const std::shared_ptr<Attempt>& attempt) {
    accounts_.verify(attempt->logon, [this, alive = std::weak_ptr<bool>(alive_),
                                      attempt](const Result<NtlmSession>& session) {
        if (!alive.expired()) answered(*attempt, session);
        attempt->done(session);
    });
}

void GuardedAccounts::answered(const Attempt& attempt, const Result<NtlmSession>& session) {
    if (session) return attempts_.succeeded(attempt.account);
    const auto failures =
        attempts_.failed(attempt.logon.peer.network, attempt.account, timers_.now());
    if (!failed_) return;
    auto name = attempt.logon.user;
    if (!attempt.logon.domain.empty()) name = attempt.logon.domain + u"\\" + name;
    failed_({attempt.logon.peer, to_utf8(name).value_or(std::string{}), session.error().message(),
             failures.address, failures.account});
}

} // namespace mpapi::rpc
