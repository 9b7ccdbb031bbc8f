// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SPNEGO: the first byte says which side the rest is for and what mechanisms it has. Its tokens are
// cut by a length of two bytes before each. The mechanisms are played: they take anything that is
// not empty, twice. What is required of a MIC must hold: who is asked for one does not get in
// without.
#include "clusprep/rpc/auth/spnego/context.hpp"
#include "clusprep/rpc/little_endian.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

using Token = SecurityContext::Token;

int mics_checked = 0;

class Played final : public Mechanism {
  public:
    void step(std::span<const std::uint8_t>, StepDone done) override {
        if (complete_) return done(Error{"play", "", "over"});
        complete_ = ++steps_ == 2;
        done(Token{0x6e, static_cast<std::uint8_t>(steps_)});
    }
    bool complete() const override { return complete_; }
    const Principal& principal() const override { return principal_; }
    void sign_header(bool) override {}
    std::size_t signature_length(AuthLevel, std::size_t) const override { return 16; }
    Status protect(AuthLevel, std::span<std::uint8_t>, std::size_t, std::size_t,
                   std::span<std::uint8_t>) override {
        return Done{};
    }
    Status unprotect(AuthLevel, std::span<std::uint8_t>, std::size_t, std::size_t,
                     std::span<const std::uint8_t>) override {
        return Done{};
    }
    Result<Token> make_mic(std::span<const std::uint8_t>) override { return Token{1, 2, 3}; }
    Status check_mic(std::span<const std::uint8_t>, std::span<const std::uint8_t> mic) override {
        if (mic.empty() || mic[0] != 1) return Error{"check", "", "wrong"};
        ++mics_checked;
        return Done{};
    }

  private:
    int steps_ = 0;
    bool complete_ = false;
    Principal principal_{"x@Y", {}, AuthType::Kerberos};
};

MakeMechanism offered(bool is_offered) {
    if (!is_offered) return {};
    return []() -> Result<std::unique_ptr<Mechanism>> {
        return std::unique_ptr<Mechanism>(std::make_unique<Played>());
    };
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::span<const std::uint8_t> rest(data + 1, size - 1);
    mics_checked = 0;
    const SpnegoMechanisms mechanisms{offered((data[0] & 1) != 0), offered((data[0] & 2) != 0)};
    const bool accepts = (data[0] & 4) == 0;
    std::unique_ptr<SpnegoContext> context;
    if (accepts)
        context = std::make_unique<SpnegoAcceptor>(mechanisms);
    else
        context = std::make_unique<SpnegoInitiator>(mechanisms);
    if (!accepts) context->step({}, [](const Result<Token>&) {});
    bool mic_asked_for = false;
    while (rest.size() >= 2) {
        const std::size_t length =
            std::min<std::size_t>(load<std::uint16_t>(rest, 0), rest.size() - 2);
        // A copy of its own, so that a byte too many is seen.
        const std::vector<std::uint8_t> token(rest.begin() + 2,
                                              rest.begin() + 2 + static_cast<long>(length));
        rest = rest.subspan(2 + length);
        const bool was_complete = context->complete();
        int answers = 0;
        context->step(token, [&](const Result<Token>& answer) {
            ++answers;
            if (!answer || answer->empty()) return;
            if (was_complete) std::abort();
            const bool is_init = (*answer)[0] == 0x60 || (*answer)[0] == 0x6e; // 6e: bare NTLM
            if (is_init) return;
            const auto resp = spnego::parse_resp(*answer);
            if (!resp) std::abort();
            if (resp->state == spnego::State::RequestMic) mic_asked_for = true;
        });
        if (answers != 1) std::abort();
        if (!accepts) {
            const auto resp = spnego::parse_resp(token);
            if (resp && !was_complete && resp->state == spnego::State::RequestMic)
                mic_asked_for = true;
        }
    }
    if (context->complete() && mic_asked_for && mics_checked == 0) std::abort();
    return 0;
}
