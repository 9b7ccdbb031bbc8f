// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/spnego/context.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

Error fault(std::string reason) {
    return {"negotiate", "", std::move(reason)};
}

// The two object identifiers of Kerberos mean the same.
bool is_same(spnego::Mechanism a, spnego::Mechanism b) {
    return (a == spnego::Mechanism::Ntlm) == (b == spnego::Mechanism::Ntlm);
}

} // namespace

// Each case may end with our destruction, so it is left at once.
void SpnegoInitiator::step(std::span<const std::uint8_t> token, StepDone done) {
    switch (stage_) {
    case Stage::Begin:
        for (const auto mechanism : {spnego::Mechanism::Kerberos, spnego::Mechanism::Ntlm})
            if (offers(mechanism)) offered_.push_back(mechanism);
        begin(fault("there are no credentials to begin with"), std::move(done));
        return;
    case Stage::FirstAnswer:
    case Stage::GoOn:
        go_on(token, std::move(done));
        return;
    case Stage::Over:
        done(fault("no further token is expected"));
        return;
    }
}

// With the first that has something to say: without a ticket Kerberos is not offered at all.
void SpnegoInitiator::begin(Error why_not, StepDone done) {
    stage_ = Stage::Over;
    if (offered_.empty()) return done(std::move(why_not));
    if (auto fine = choose(offered_.front()); !fine) {
        offered_.erase(offered_.begin());
        return begin(std::move(fine).error(), std::move(done));
    }
    chosen_->step({}, [this, done = std::move(done)](Result<Token> inner) {
        if (!inner) {
            offered_.erase(offered_.begin());
            const auto failed = std::move(chosen_); // it is at work still
            return begin(std::move(inner).error(), done);
        }
        mechanism_list_ = spnego::build_mechanism_list(offered_);
        stage_ = Stage::FirstAnswer;
        done(spnego::build_init(mechanism_list_, *inner));
    });
}

void SpnegoInitiator::go_on(std::span<const std::uint8_t> token, StepDone done) {
    const bool first = std::exchange(stage_, Stage::Over) == Stage::FirstAnswer;
    const auto resp = spnego::parse_resp(token);
    if (!resp) return done(resp.error());
    if (resp->state == spnego::State::Reject) return done(fault("the server rejects it"));
    if (resp->state == spnego::State::RequestMic) mic_required_ = true;
    server_done_ = resp->state == spnego::State::AcceptCompleted;
    if (resp->mic) server_mic_.emplace(resp->mic->begin(), resp->mic->end());

    bool begins = false;
    if (first && resp->mechanism) {
        const auto mechanism = spnego::mechanism_of(*resp->mechanism);
        const auto found = std::ranges::find_if(
            offered_, [&](auto offered) { return mechanism && is_same(offered, *mechanism); });
        if (found == offered_.end())
            return done(fault("the server chose a mechanism that was not offered"));
        if (found != offered_.begin()) {
            if (auto fine = choose(*found); !fine) return done(std::move(fine).error());
            mic_required_ = begins = true;
        }
        ntlm_ = *found == spnego::Mechanism::Ntlm;
    } else if (first) {
        ntlm_ = offered_.front() == spnego::Mechanism::Ntlm;
    }
    if (!begins && !resp->token) return done(answer({}));
    chosen_->step(begins ? spnego::Bytes{} : *resp->token,
                  [this, done = std::move(done)](Result<Token> inner) {
                      done(inner ? answer(*inner) : std::move(inner));
                  });
}

Result<SpnegoInitiator::Token> SpnegoInitiator::answer(const Token& inner) {
    spnego::RespToken resp;
    Token mic;
    if (chosen_->complete()) {
        if (!mic_sent_ && (mic_required_ || ntlm_)) {
            auto made = chosen_->make_mic(mechanism_list_);
            if (!made) return std::move(made).error();
            mic = std::move(*made);
            resp.mic = mic;
            mic_sent_ = true;
        }
        if (server_mic_ && !mic_checked_) {
            if (auto fine = chosen_->check_mic(mechanism_list_, *server_mic_); !fine)
                return std::move(fine).error();
            mic_checked_ = true;
        }
        if (server_done_ && mic_required_ && !mic_checked_)
            return fault("the server's mechListMIC is missing");
        complete_ = server_done_;
    } else if (server_done_) {
        return fault("the server is done before the mechanism is");
    }
    if (!inner.empty()) resp.token = inner;
    if (!complete_) {
        if (!resp.token && !resp.mic) return fault("the server sends nothing to go on with");
        stage_ = Stage::GoOn;
    }
    return resp.token || resp.mic ? spnego::build_resp(resp) : Token{};
}

} // namespace mpapi::rpc
