// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SPNEGO (RFC 4178, MS-SPNG), both sides, around Kerberos and NTLM.
//
// The acceptor takes the first mechanism of the client's list that it offers. If that is not the
// client's favourite, the client's first token is dropped, the answer says request-mic, and without
// a right mechListMIC nobody comes in: the list is then what somebody between could have cut. A MIC
// that is sent without need is checked and answered all the same (a client that made a MIC for NTLM
// does so, MS-SPNG 3.1.5.1). A client that sends a bare NTLMSSP message in place of SPNEGO's is
// served as if it had said NTLM (MS-SPNG 3.2.5.2's universal receiver, as far as anybody uses it).
//
// The initiator offers what it has credentials for, Kerberos first. It sends a MIC when the server
// asks for one, chose another mechanism, or the mechanism is NTLM, and demands one back in the
// first two cases.
#pragma once

#include "clusprep/rpc/auth/mechanism.hpp"
#include "clusprep/rpc/auth/spnego/tokens.hpp"

namespace mpapi::rpc {

// Makes a context of the mechanism, or says why not.
using MakeMechanism = std::function<Result<std::unique_ptr<Mechanism>>()>;

struct SpnegoMechanisms {
    MakeMechanism kerberos; // empty: not offered
    MakeMechanism ntlm;     // empty: not offered
};

// Everything but the exchange is the mechanism's own business.
class SpnegoContext : public SecurityContext {
  public:
    bool complete() const override { return complete_; }
    const Principal& principal() const override { return chosen_->principal(); }
    void sign_header(bool negotiated) override;
    std::size_t signature_length(AuthLevel level, std::size_t data_length) const override;
    Status protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                   std::size_t length, std::span<std::uint8_t> signature) override;
    Status unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                     std::size_t length, std::span<const std::uint8_t> signature) override;

  protected:
    explicit SpnegoContext(SpnegoMechanisms mechanisms)
      : mechanisms_(std::move(mechanisms)) {}

    // A context of this mechanism becomes the chosen one.
    Status choose(spnego::Mechanism mechanism);
    bool offers(spnego::Mechanism mechanism) const;

    const SpnegoMechanisms mechanisms_;
    std::unique_ptr<Mechanism> chosen_;
    std::vector<std::uint8_t> mechanism_list_; // as it went over the wire
    bool complete_ = false;

  private:
    std::optional<bool> sign_header_;
};

class SpnegoAcceptor final : public SpnegoContext {
  public:
    explicit SpnegoAcceptor(SpnegoMechanisms mechanisms)
      : SpnegoContext(std::move(mechanisms)) {}

    void step(std::span<const std::uint8_t> token, StepDone done) override;

  private:
    void begin(std::span<const std::uint8_t> token, StepDone done);
    void go_on(std::span<const std::uint8_t> token, StepDone done);
    void bare(std::span<const std::uint8_t> token, StepDone done);
    Result<Token> answer(const Token& inner, std::optional<Token> mic);

    enum class Stage { Begin, GoOn, Bare, Over };

    Stage stage_ = Stage::Begin;
    std::optional<spnego::Mechanism> announced_; // to be named in the next answer
    bool mic_required_ = false;
};

class SpnegoInitiator final : public SpnegoContext {
  public:
    explicit SpnegoInitiator(SpnegoMechanisms mechanisms)
      : SpnegoContext(std::move(mechanisms)) {}

    void step(std::span<const std::uint8_t> token, StepDone done) override;

  private:
    void begin(Error why_not, StepDone done);
    void go_on(std::span<const std::uint8_t> token, StepDone done);
    Result<Token> answer(const Token& inner);

    enum class Stage { Begin, FirstAnswer, GoOn, Over };

    Stage stage_ = Stage::Begin;
    std::vector<spnego::Mechanism> offered_;
    bool mic_required_ = false; // of both
    bool ntlm_ = false;
    bool mic_sent_ = false;
    bool mic_checked_ = false;
    bool server_done_ = false;
    std::optional<Token> server_mic_;
};

} // namespace mpapi::rpc
