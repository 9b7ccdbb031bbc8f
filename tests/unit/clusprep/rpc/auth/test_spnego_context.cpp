// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SPNEGO around NTLM. Where Kerberos is wanted too, a mechanism of two tokens plays it: what it
// would say is not what is tested here.
#include "clusprep/rpc/auth/spnego/context.hpp"

#include "tests/unit/clusprep/rpc/auth/one_account.hpp"
#include "tests/unit/clusprep/rpc/auth/pair.hpp"

#include <algorithm>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

// Two tokens from the initiator, one in between, and MICs that are a sum.
class Played final : public Mechanism {
  public:
    Played(bool begins, bool fails)
      : begins_(begins)
      , fails_(fails) {}
    void step(std::span<const std::uint8_t> token, StepDone done) override {
        if (fails_) return done(Error{"play", "", "no ticket"});
        tokens_.emplace_back(token.begin(), token.end());
        const auto count = tokens_.size();
        complete_ = count == 2;
        if (begins_)
            done(count == 1 ? Token{0x6e, 1} : Token{0x6f, 3});
        else
            done(count == 1 ? Token{0x6f, 2} : Token{});
    }
    bool complete() const override { return complete_; }
    const Principal& principal() const override { return principal_; }
    void sign_header(bool) override {}
    std::size_t signature_length(AuthLevel, std::size_t) const override { return 1; }
    Status protect(AuthLevel, std::span<std::uint8_t>, std::size_t, std::size_t,
                   std::span<std::uint8_t>) override {
        return Done{};
    }
    Status unprotect(AuthLevel, std::span<std::uint8_t>, std::size_t, std::size_t,
                     std::span<const std::uint8_t>) override {
        return Done{};
    }
    Result<Token> make_mic(std::span<const std::uint8_t> text) override {
        std::uint8_t sum = 0;
        for (const auto byte : text)
            sum = static_cast<std::uint8_t>(sum + byte);
        return Token{sum};
    }
    Status check_mic(std::span<const std::uint8_t> text,
                     std::span<const std::uint8_t> mic) override {
        if (!std::ranges::equal(*make_mic(text), mic)) return Error{"check", "", "wrong MIC"};
        return Done{};
    }

  private:
    const bool begins_, fails_;
    bool complete_ = false;
    std::vector<Token> tokens_;
    Principal principal_{"alice@EXAMPLE.ORG", {}, AuthType::Kerberos};
};

struct Sides {
    OneAccount accounts;
    NtlmHost host = this_host();
    NtlmSources sources = fixed_sources();

    MakeMechanism ntlm_acceptor() {
        return [this]() -> Result<std::unique_ptr<Mechanism>> {
            return std::unique_ptr<Mechanism>(
                std::make_unique<NtlmAcceptor>(accounts, host, sources, "192.0.2.7"));
        };
    }
    MakeMechanism ntlm_initiator(std::string password = "secret") {
        return [this, password]() -> Result<std::unique_ptr<Mechanism>> {
            return std::unique_ptr<Mechanism>(std::make_unique<NtlmInitiator>(
                credentials("DOM\\alice", password), sources, "host/node1"));
        };
    }
};

MakeMechanism played(bool begins, bool fails = false) {
    return [=]() -> Result<std::unique_ptr<Mechanism>> {
        return std::unique_ptr<Mechanism>(std::make_unique<Played>(begins, fails));
    };
}

spnego::RespToken read(const Token& token) {
    const auto resp = spnego::parse_resp(token);
    assert_ok(resp);
    return *resp;
}

void ntlm_goes_through_with_a_mic_both_ways(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    SpnegoInitiator initiator({{}, sides.ntlm_initiator()});
    int mics = 0;
    assert_ok(exchange(initiator, acceptor, [&](int leg, Token& token) {
        if (leg > 0 && !token.empty() && read(token).mic) ++mics;
    }));
    assert_int_equal(mics, 2);
    assert_text_equal(acceptor.principal().name, "NODE1\\alice");
    assert_carries(initiator, acceptor);
    assert_carries(acceptor, initiator);
}

void the_favourite_needs_no_mic(void**) {
    SpnegoAcceptor acceptor({played(false), {}});
    SpnegoInitiator initiator({played(true), {}});
    int legs = 0;
    assert_ok(exchange(initiator, acceptor, [&](int leg, Token& token) {
        if (token.empty()) return;
        ++legs;
        if (leg > 0) assert_false(read(token).mic.has_value());
    }));
    assert_int_equal(legs, 4);
    assert_true(acceptor.principal().mechanism == AuthType::Kerberos);
}

void without_a_ticket_only_ntlm_is_offered(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({played(false), sides.ntlm_acceptor()});
    SpnegoInitiator initiator({played(true, true), sides.ntlm_initiator()});
    assert_ok(exchange(initiator, acceptor, [&](int leg, Token& token) {
        if (leg == 0) assert_int_equal(spnego::parse_init(token)->mechanisms.size(), 1);
    }));
    assert_true(acceptor.principal().mechanism == AuthType::Ntlm);
    assert_carries(initiator, acceptor);
}

void without_any_credentials_it_does_not_begin(void**) {
    SpnegoInitiator none({{}, {}});
    assert_false(step(none, {}).has_value());
    SpnegoInitiator fails({played(true, true), {}});
    const auto begun = step(fails, {});
    assert_false(begun.has_value());
    assert_contains(begun.error().message(), "no ticket");
}

void another_mechanism_than_the_favourite_is_agreed_on_with_mics(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    SpnegoInitiator initiator({played(true), sides.ntlm_initiator()});
    bool asked = false;
    assert_ok(exchange(initiator, acceptor, [&](int leg, Token& token) {
        if (leg == 1) asked = read(token).state == spnego::State::RequestMic;
    }));
    assert_true(asked);
    assert_carries(initiator, acceptor);
    assert_carries(acceptor, initiator);
}

void a_mechanism_list_that_was_cut_on_the_way_is_noticed(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    SpnegoInitiator initiator({played(true), sides.ntlm_initiator()});
    const auto status = exchange(initiator, acceptor, [&](int leg, Token& token) {
        if (leg != 0) return;
        const spnego::Mechanism list[] = {spnego::Mechanism::MsKerberos, spnego::Mechanism::Ntlm};
        const std::uint8_t none[] = {1};
        token = spnego::build_init(spnego::build_mechanism_list(list), none);
    });
    assert_false(status.has_value());
    assert_contains(status.error().message(), "signature is wrong");
}

void a_mic_that_was_asked_for_must_come(void**) {
    for (const int leg_without : {4, 5}) {
        Sides sides;
        SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
        SpnegoInitiator initiator({played(true), sides.ntlm_initiator()});
        const auto status = exchange(initiator, acceptor, [&](int leg, Token& token) {
            if (leg != leg_without) return;
            const Token sent = token;
            auto resp = read(sent);
            assert_true(resp.mic.has_value());
            resp.mic.reset();
            token = spnego::build_resp(resp);
        });
        assert_false(status.has_value());
        assert_contains(status.error().message(), "mechListMIC");
    }
}

void a_mic_that_nobody_asked_for_must_be_right(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    SpnegoInitiator initiator({{}, sides.ntlm_initiator()});
    assert_false(exchange(initiator, acceptor, [&](int leg, Token& token) {
                     if (leg == 2) token.back() ^= 1;
                 }).has_value());
}

void ntlm_without_spnego_is_served_as_well(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    NtlmInitiator initiator(credentials(), sides.sources, "host/node1");
    assert_ok(exchange(initiator, acceptor));
    assert_carries(initiator, acceptor);
    SpnegoAcceptor kerberos_only({played(false), {}});
    NtlmInitiator again(credentials(), sides.sources, "host/node1");
    assert_false(exchange(again, kerberos_only).has_value());
}

void an_optimistic_token_of_the_other_kerberos_oid_is_used(void**) {
    SpnegoAcceptor acceptor({played(false), {}});
    const spnego::Mechanism list[] = {spnego::Mechanism::MsKerberos, spnego::Mechanism::Kerberos};
    const std::uint8_t first[] = {0x6e, 1};
    const auto answer =
        step(acceptor, spnego::build_init(spnego::build_mechanism_list(list), first));
    assert_ok(answer);
    const auto resp = read(*answer);
    assert_true(resp.state == spnego::State::AcceptIncomplete);
    assert_true(spnego::mechanism_of(*resp.mechanism) == spnego::Mechanism::MsKerberos);
    assert_hex_equal(*resp.token, "6f02");
}

void nothing_in_common_is_refused(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    SpnegoInitiator initiator({played(true), {}});
    const auto status = exchange(initiator, acceptor);
    assert_false(status.has_value());
    assert_contains(status.error().message(), "no mechanism in common");
}

void a_server_may_only_choose_what_was_offered(void**) {
    SpnegoInitiator initiator({played(true), {}});
    assert_ok(step(initiator, {}));
    spnego::RespToken resp;
    resp.state = spnego::State::AcceptIncomplete;
    resp.mechanism = spnego::oid_of(spnego::Mechanism::Ntlm);
    const auto answer = step(initiator, spnego::build_resp(resp));
    assert_false(answer.has_value());
    assert_contains(answer.error().message(), "not offered");
}

void a_server_that_is_done_too_early_is_refused(void**) {
    Sides sides;
    SpnegoInitiator initiator({{}, sides.ntlm_initiator()});
    assert_ok(step(initiator, {}));
    spnego::RespToken resp;
    resp.state = spnego::State::AcceptCompleted;
    assert_false(step(initiator, spnego::build_resp(resp)).has_value());
    assert_false(initiator.complete());
}

void a_rejection_ends_it(void**) {
    Sides sides;
    SpnegoInitiator initiator({{}, sides.ntlm_initiator()});
    assert_ok(step(initiator, {}));
    spnego::RespToken resp;
    resp.state = spnego::State::Reject;
    const auto answer = step(initiator, spnego::build_resp(resp));
    assert_false(answer.has_value());
    assert_contains(answer.error().message(), "rejects");
}

void an_answer_that_comes_later_goes_on(void**) {
    Sides sides;
    sides.accounts.later = true;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    SpnegoInitiator initiator({{}, sides.ntlm_initiator()});
    const auto challenge = step(acceptor, *step(initiator, {}));
    assert_ok(challenge);
    const auto authenticate = step(initiator, *challenge);
    assert_ok(authenticate);
    Token last;
    acceptor.step(*authenticate, [&](const Result<Token>& result) {
        assert_ok(result);
        last = *result;
    });
    assert_false(acceptor.complete());
    sides.accounts.pending();
    assert_true(acceptor.complete());
    assert_ok(step(initiator, last));
    assert_true(initiator.complete());
    assert_carries(initiator, acceptor);
}

void nothing_is_protected_before_the_end(void**) {
    Sides sides;
    SpnegoAcceptor acceptor({{}, sides.ntlm_acceptor()});
    std::vector<std::uint8_t> pdu(64), signature(16);
    assert_false(acceptor.protect(AuthLevel::Privacy, pdu, 24, 32, signature).has_value());
    assert_false(acceptor.unprotect(AuthLevel::Privacy, pdu, 24, 32, signature).has_value());
    assert_int_equal(acceptor.signature_length(AuthLevel::Privacy, 32), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(ntlm_goes_through_with_a_mic_both_ways),
        cmocka_unit_test(the_favourite_needs_no_mic),
        cmocka_unit_test(without_a_ticket_only_ntlm_is_offered),
        cmocka_unit_test(without_any_credentials_it_does_not_begin),
        cmocka_unit_test(another_mechanism_than_the_favourite_is_agreed_on_with_mics),
        cmocka_unit_test(a_mechanism_list_that_was_cut_on_the_way_is_noticed),
        cmocka_unit_test(a_mic_that_was_asked_for_must_come),
        cmocka_unit_test(a_mic_that_nobody_asked_for_must_be_right),
        cmocka_unit_test(ntlm_without_spnego_is_served_as_well),
        cmocka_unit_test(an_optimistic_token_of_the_other_kerberos_oid_is_used),
        cmocka_unit_test(nothing_in_common_is_refused),
        cmocka_unit_test(a_server_may_only_choose_what_was_offered),
        cmocka_unit_test(a_server_that_is_done_too_early_is_refused),
        cmocka_unit_test(a_rejection_ends_it),
        cmocka_unit_test(an_answer_that_comes_later_goes_on),
        cmocka_unit_test(nothing_is_protected_before_the_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
