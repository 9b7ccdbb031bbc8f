// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NTLM (MS-NLMP 3.1 and 3.2), both sides, for connection-oriented RPC only: NTLMv2 with extended
// session security, 128-bit keys, key exchange and signing, or nothing. NTLMv1, LM, anonymous and
// guest logons do not exist here. Deviations:
//   - Connectionless mode and the flags that go with it are not spoken.
//   - Our client always adds a MIC and never an LMv2 response, also where the server's challenge
//     has no timestamp (3.1.5.1.2 couples them): a server that takes NTLMv2 takes that.
//   - Channel bindings and the target's name are sent (3.1.5.1.2) but not demanded of a client:
//     every call that does anything is sealed, and a relay has no key to seal with.
#pragma once

#include "clusprep/rpc/auth/mechanism.hpp"
#include "clusprep/rpc/auth/ntlm/accounts.hpp"
#include "clusprep/rpc/auth/ntlm/sealing.hpp"

#include <chrono>
#include <optional>

namespace mpapi::rpc {

// Clock and randomness; a test has its own. Neither fails: random() of the system ends the process
// when the kernel has none to give.
struct NtlmSources {
    std::function<std::chrono::system_clock::time_point()> now;
    std::function<void(std::span<std::uint8_t>)> random;

    static NtlmSources of_the_system();
};

// What a challenge tells of this host (MsvAv… names).
struct NtlmHost {
    std::u16string netbios_computer; // at most 15 characters, upper case
    std::u16string netbios_domain;   // the computer's name where it is in none
    std::u16string dns_computer;
    std::u16string dns_domain;
};

struct NtlmCredentials {
    std::u16string user;
    std::u16string domain;
    ntlm::Key nt_hash{};
    std::u16string workstation;

    // `user` as "DOMAIN\\user", "user@realm" or "user"; UTF-8.
    static Result<NtlmCredentials> of(std::string_view user, std::string_view password);
};

// Protection and MIC once there is a session key; the same on both sides.
class NtlmMechanism : public Mechanism {
  public:
    bool complete() const override { return session_.has_value(); }
    const Principal& principal() const override { return principal_; }
    void sign_header(bool) override {} // always does, see ntlm/sealing.hpp
    std::size_t signature_length(AuthLevel, std::size_t) const override {
        return ntlm::kSignatureLength;
    }
    Status protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                   std::size_t length, std::span<std::uint8_t> signature) override;
    Status unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                     std::size_t length, std::span<const std::uint8_t> signature) override;
    Result<Token> make_mic(std::span<const std::uint8_t> text) override;
    Status check_mic(std::span<const std::uint8_t> text,
                     std::span<const std::uint8_t> mic) override;

  protected:
    void establish(const ntlm::Key& exported_session_key, std::uint32_t flags, ntlm::Side side,
                   Principal principal);

  private:
    struct Session {
        ntlm::Direction sending;
        ntlm::Direction receiving;
        bool sealing;
    };
    Status usable(AuthLevel level, std::size_t pdu, std::size_t offset, std::size_t length,
                  std::size_t signature) const;

    std::optional<Session> session_;
    Principal principal_;
};

class NtlmAcceptor final : public NtlmMechanism {
  public:
    // The references must outlive the context.
    NtlmAcceptor(NtlmAccounts& accounts, const NtlmHost& host, const NtlmSources& sources,
                 PeerAddress peer);

    void step(std::span<const std::uint8_t> token, StepDone done) override;

  private:
    Result<Token> challenge(std::span<const std::uint8_t> token);
    void authenticate(std::span<const std::uint8_t> token, StepDone done);
    Result<Token> verified(const Result<NtlmSession>& session);

    enum class Expects { Negotiate, Authenticate, Nothing };

    NtlmAccounts& accounts_;
    const NtlmHost& host_;
    const NtlmSources& sources_;
    PeerAddress peer_;
    Expects expects_ = Expects::Negotiate;
    std::uint32_t flags_ = 0;
    ntlm::Challenge server_challenge_{};
    Token negotiate_, challenge_, authenticate_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class NtlmInitiator final : public NtlmMechanism {
  public:
    // `target` is the server's service principal ("host/node2.example.org").
    NtlmInitiator(NtlmCredentials credentials, const NtlmSources& sources, std::string target);

    void step(std::span<const std::uint8_t> token, StepDone done) override;

  private:
    Result<Token> authenticate(std::span<const std::uint8_t> challenge);

    enum class Makes { Negotiate, Authenticate, Nothing };

    NtlmCredentials credentials_;
    const NtlmSources& sources_;
    std::string target_;
    Makes makes_ = Makes::Negotiate;
    Token negotiate_;
};

} // namespace mpapi::rpc
