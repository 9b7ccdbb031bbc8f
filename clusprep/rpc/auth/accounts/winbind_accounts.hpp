// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NTLM logons against the domain, by winbind: it passes challenge and response to a domain
// controller and hands back the session key and the user's SIDs. It takes the response only from
// who may use its privileged pipe: members of the group winbindd_priv.
//
// winbind waits for domain controllers, so it is asked on a thread of its own
// (accounts/worker.hpp).
#pragma once

#include "clusprep/rpc/auth/accounts/worker.hpp"
#include "clusprep/rpc/auth/ntlm/accounts.hpp"

#include <map>

namespace mpapi::rpc {

class WinbindAccounts final : public NtlmAccounts {
  public:
    // The loop must outlive it.
    static Result<std::unique_ptr<WinbindAccounts>> start(sd_event* loop);

    void verify(const NtlmLogon& logon, Verified done) override;

  private:
    WinbindAccounts() = default;
    void answered(std::uint64_t number, const Result<NtlmSession>& session);

    std::uint64_t next_ = 0;
    std::map<std::uint64_t, Verified> pending_;
    std::unique_ptr<Worker> worker_; // goes first, with all that would refer to us
};

// Where a logon belongs: to our own accounts if its domain is empty, "." or a name of this host,
// else to winbind; to our own in any case where there is no winbind, for clients without a domain
// send whatever they like there.
class RoutedAccounts final : public NtlmAccounts {
  public:
    // Those asked outlive it; `domain` may be null. `own_names` in upper case.
    RoutedAccounts(NtlmAccounts& own, NtlmAccounts* domain, std::vector<std::u16string> own_names)
      : own_(own)
      , domain_(domain)
      , own_names_(std::move(own_names)) {}

    void verify(const NtlmLogon& logon, Verified done) override;

  private:
    NtlmAccounts& own_;
    NtlmAccounts* const domain_;
    const std::vector<std::u16string> own_names_;
};

} // namespace mpapi::rpc
