// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Accounts that are asked only when it is the attempt's turn (accounts/attempts.hpp), with every
// failure counted and reported.
#pragma once

#include "clusprep/rpc/auth/accounts/attempts.hpp"
#include "clusprep/rpc/auth/accounts/timers.hpp"
#include "clusprep/rpc/auth/ntlm/accounts.hpp"

#include <map>
#include <set>

namespace mpapi::rpc {

// For the log. The name is what the peer sent (well-formed, without control characters).
struct FailedLogon {
    PeerAddress peer;
    std::string account; // "DOMAIN\\user"
    std::string reason;
    unsigned failures_of_address = 0; // this one included; forgotten after a quarter of an hour
    unsigned failures_of_account = 0;
};
using OnFailedLogon = std::function<void(const FailedLogon&)>;

class GuardedAccounts final : public NtlmAccounts {
  public:
    // At a time. Beyond it one from where most of them come from is sent away.
    static constexpr std::size_t kMostWaiting = 1024;

    // Accounts and timers outlive it. `failed` may be empty; what it is told has no reason in the
    // error that the peer's connection gets, so that it is told once.
    GuardedAccounts(NtlmAccounts& accounts, Timers& timers, OnFailedLogon failed,
                    const Attempts::Limits& limits = {});

    void verify(const NtlmLogon& logon, Verified done) override;

  private:
    struct Attempt {
        NtlmLogon logon;
        Verified done;
        std::string account;
        bool waited_for_account = false;
        bool sent_away = false;
    };
    using Waiting = std::map<std::string, std::set<std::shared_ptr<Attempt>>>;

    void take_turn(std::shared_ptr<Attempt> attempt);
    bool make_room(const std::string& network);
    void leave(const std::shared_ptr<Attempt>& attempt);
    void ask(const std::shared_ptr<Attempt>& attempt);
    // Whether a failure was reported.
    bool answered(const Attempt& attempt, const Result<NtlmSession>& session);

    NtlmAccounts& accounts_;
    Timers& timers_;
    const OnFailedLogon failed_;
    Attempts attempts_;
    Waiting waiting_; // by network
    std::size_t waiting_count_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::rpc
