// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Accounts that know one user, and sources of time and randomness that never differ.
#pragma once

#include "clusprep/rpc/auth/ntlm/context.hpp"
#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/auth/ntlm/text.hpp"

#include "tests/unit/cmocka.hpp"

#include <random>

namespace mpapi::rpc::test {

class OneAccount final : public NtlmAccounts {
  public:
    void verify(const NtlmLogon& logon, Verified done) override {
        last = logon;
        if (later) {
            pending = [logon, done] { done(answer(logon)); };
            return;
        }
        done(answer(logon));
    }

    NtlmLogon last;
    bool later = false; // answers when pending() is called
    std::function<void()> pending;

  private:
    static Result<NtlmSession> answer(const NtlmLogon& logon) {
        const auto key = ntlm::response_key(ntlm::nt_hash(u"secret"), logon.user, logon.domain);
        const auto parsed = ntlm::parse_response(logon.response);
        if (!parsed) return parsed.error();
        const auto proof = ntlm::proof_of(key, logon.server_challenge, parsed->blob);
        if (logon.user != u"alice" || !ntlm::equal_secrets(proof, parsed->proof))
            return Error{"log on", "", "denied"};
        return NtlmSession{ntlm::session_base_key(key, proof),
                           {"NODE1\\alice", {}, AuthType::Ntlm}};
    }
};

inline NtlmSources fixed_sources() {
    return {[] { return std::chrono::system_clock::time_point(std::chrono::seconds(1700000000)); },
            [random = std::make_shared<std::mt19937>(7)](std::span<std::uint8_t> bytes) {
                for (auto& byte : bytes)
                    byte = static_cast<std::uint8_t>((*random)());
            }};
}

inline NtlmHost this_host() {
    return {u"NODE1", u"NODE1", u"node1.example.org", u"example.org"};
}

inline NtlmCredentials credentials(std::string_view user = "DOM\\alice",
                                   std::string_view password = "secret") {
    auto made = NtlmCredentials::of(user, password);
    assert_ok(made);
    return std::move(*made);
}

} // namespace mpapi::rpc::test
