// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who knows whether an NTLMv2 response is right: our own file of accounts, winbind, a test.
#pragma once

#include "clusprep/rpc/auth/ntlm/messages.hpp"
#include "clusprep/rpc/auth/security_context.hpp"

#include <functional>

namespace mpapi::rpc {

// One attempt, as the client sent it.
struct NtlmLogon {
    std::u16string user; // not empty
    std::u16string domain;
    std::u16string workstation;
    ntlm::Challenge server_challenge{};
    std::vector<std::uint8_t> response; // well-formed NTLMv2 (ntlm::parse_response)
    PeerAddress peer;
};

struct NtlmSession {
    ntlm::Key base_key{};
    Principal principal;
};

class NtlmAccounts {
  public:
    using Verified = std::function<void(Result<NtlmSession>)>;

    virtual ~NtlmAccounts() = default;
    // `done` is called once, from within the call or later from the loop. Whoever waits for it may
    // be gone by then: that is the caller's business. An error never tells an unknown account from
    // a wrong password.
    virtual void verify(const NtlmLogon& logon, Verified done) = 0;
};

} // namespace mpapi::rpc
