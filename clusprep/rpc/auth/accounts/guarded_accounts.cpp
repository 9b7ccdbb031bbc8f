// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/guarded_accounts.hpp"

#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "common/text/utf16.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

Error too_many() {
    return {"log on", "", "too many attempts wait for their turn"};
}

} // namespace

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
    if (waiting_count_ >= kMostWaiting && !make_room(attempt->logon.peer.network))
        return attempt->done(too_many());
    waiting_[attempt->logon.peer.network].insert(attempt);
    ++waiting_count_;
    timers_.at(turn, [this, alive = std::weak_ptr<bool>(alive_), attempt = std::move(attempt)] {
        if (alive.expired() || attempt->sent_away) return;
        leave(attempt);
        take_turn(attempt);
    });
}

// Those who guess from a few places must not take the room of everybody else. False: nowhere do
// more wait than in this network.
bool GuardedAccounts::make_room(const std::string& network) {
    const auto most =
        std::max_element(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
            return a.second.size() < b.second.size();
        });
    const auto own = waiting_.find(network);
    if (most->second.size() <= (own == waiting_.end() ? 0 : own->second.size()) + 1) return false;
    const auto attempt = *most->second.begin();
    leave(attempt);
    attempt->sent_away = true;
    std::exchange(attempt->done, nullptr)(too_many());
    return true;
}

void GuardedAccounts::leave(const std::shared_ptr<Attempt>& attempt) {
    const auto network = waiting_.find(attempt->logon.peer.network);
    network->second.erase(attempt);
    if (network->second.empty()) waiting_.erase(network);
    --waiting_count_;
}

void GuardedAccounts::ask(const std::shared_ptr<Attempt>& attempt) {
    accounts_.verify(attempt->logon, [this, alive = std::weak_ptr<bool>(alive_),
                                      attempt](const Result<NtlmSession>& session) {
        if (!alive.expired() && answered(*attempt, session))
            return attempt->done(Error{"log on", "", ""});
        attempt->done(session);
    });
}

bool GuardedAccounts::answered(const Attempt& attempt, const Result<NtlmSession>& session) {
    if (session) {
        attempts_.succeeded(attempt.account);
        return false;
    }
    const auto failures =
        attempts_.failed(attempt.logon.peer.network, attempt.account, timers_.now());
    if (!failed_) return false;
    auto name = attempt.logon.user;
    if (!attempt.logon.domain.empty()) name = attempt.logon.domain + u"\\" + name;
    failed_({attempt.logon.peer, to_utf8(name).value_or(std::string{}), session.error().message(),
             failures.address, failures.account});
    return true;
}

} // namespace mpapi::rpc
