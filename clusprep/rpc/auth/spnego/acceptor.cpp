// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/spnego/context.hpp"

#include <algorithm>
#include <string_view>

namespace mpapi::rpc {

namespace {

Error refuse(std::string reason) {
    return {"accept SPNEGO", "", std::move(reason)};
}

bool is_bare_ntlm(std::span<const std::uint8_t> token) {
    constexpr std::string_view signature("NTLMSSP\0", 8);
    return token.size() >= signature.size() &&
           std::equal(signature.begin(), signature.end(), token.begin());
}

} // namespace

// Each case may end with our destruction, so it is left at once.
void SpnegoAcceptor::step(std::span<const std::uint8_t> token, StepDone done) {
    switch (std::exchange(stage_, Stage::Over)) {
    case Stage::Begin:
        if (is_bare_ntlm(token))
            bare(token, std::move(done));
        else
            begin(token, std::move(done));
        return;
    case Stage::GoOn:
        go_on(token, std::move(done));
        return;
    case Stage::Bare:
        bare(token, std::move(done));
        return;
    case Stage::Over:
        done(refuse("no further token is expected"));
        return;
    }
}

void SpnegoAcceptor::bare(std::span<const std::uint8_t> token, StepDone done) {
    if (!chosen_) {
        if (auto fine = choose(spnego::Mechanism::Ntlm); !fine)
            return done(std::move(fine).error());
    }
    chosen_->step(token, [this, done = std::move(done)](Result<Token> inner) {
        complete_ = inner && chosen_->complete();
        if (inner && !complete_) stage_ = Stage::Bare;
        done(std::move(inner));
    });
}

void SpnegoAcceptor::begin(std::span<const std::uint8_t> token, StepDone done) {
    const auto init = spnego::parse_init(token);
    if (!init) return done(init.error());
    std::string why;
    for (std::size_t i = 0; i < init->mechanisms.size() && !chosen_; ++i) {
        const auto mechanism = spnego::mechanism_of(init->mechanisms[i]);
        if (!mechanism || !offers(*mechanism)) continue;
        if (auto fine = choose(*mechanism); !fine) {
            why = fine.error().message();
            continue;
        }
        announced_ = mechanism;
        mic_required_ = i > 0;
    }
    if (!chosen_) return done(refuse("no mechanism in common" + (why.empty() ? "" : ": " + why)));
    mechanism_list_.assign(init->mechanism_list.begin(), init->mechanism_list.end());
    if (mic_required_ || !init->token) return done(answer({}, std::nullopt));
    chosen_->step(*init->token, [this, done = std::move(done)](Result<Token> inner) {
        done(inner ? answer(*inner, std::nullopt) : std::move(inner));
    });
}

void SpnegoAcceptor::go_on(std::span<const std::uint8_t> token, StepDone done) {
    const auto resp = spnego::parse_resp(token);
    if (!resp) return done(resp.error());
    if (resp->state == spnego::State::Reject) return done(refuse("the client gives up"));
    if (!resp->token) return done(refuse("the client sends no token"));
    std::optional<Token> mic;
    if (resp->mic) mic.emplace(resp->mic->begin(), resp->mic->end());
    chosen_->step(*resp->token,
                  [this, mic = std::move(mic), done = std::move(done)](Result<Token> inner) {
                      done(inner ? answer(*inner, mic) : std::move(inner));
                  });
}

Result<SpnegoAcceptor::Token> SpnegoAcceptor::answer(const Token& inner, std::optional<Token> mic) {
    spnego::RespToken resp;
    Token our_mic;
    if (chosen_->complete()) {
        if (mic) {
            if (auto fine = chosen_->check_mic(mechanism_list_, *mic); !fine)
                return std::move(fine).error();
            auto made = chosen_->make_mic(mechanism_list_);
            if (!made) return std::move(made).error();
            our_mic = std::move(*made);
            resp.mic = our_mic;
        } else if (mic_required_) {
            return refuse("the mechListMIC that was asked for is missing");
        }
        resp.state = spnego::State::AcceptCompleted;
        complete_ = true;
    } else {
        resp.state = announced_ && mic_required_ ? spnego::State::RequestMic
                                                 : spnego::State::AcceptIncomplete;
        stage_ = Stage::GoOn;
    }
    if (announced_) resp.mechanism = spnego::oid_of(*announced_);
    announced_.reset();
    if (!inner.empty()) resp.token = inner;
    return spnego::build_resp(resp);
}

} // namespace mpapi::rpc
