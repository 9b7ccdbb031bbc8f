// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/context.hpp"

#include "clusprep/rpc/auth/ntlm/flags.hpp"
#include "clusprep/rpc/little_endian.hpp"
#include "tests/unit/clusprep/rpc/auth/one_account.hpp"
#include "tests/unit/clusprep/rpc/auth/pair.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

struct Sides {
    OneAccount accounts;
    NtlmHost host = this_host();
    NtlmSources sources = fixed_sources();
    NtlmAcceptor acceptor;
    NtlmInitiator initiator;

    explicit Sides(NtlmCredentials who = credentials())
      : acceptor(accounts, host, sources, "192.0.2.7")
      , initiator(std::move(who), sources, "host/node1.example.org") {}
};

void both_sides_agree(void**) {
    Sides sides;
    assert_ok(exchange(sides.initiator, sides.acceptor));
    assert_text_equal(sides.acceptor.principal().name, "NODE1\\alice");
    assert_text_equal(sides.initiator.principal().name, "DOM\\alice");
    assert_true(sides.acceptor.principal().mechanism == AuthType::Ntlm);
    assert_text_equal(sides.accounts.last.peer.address, "192.0.2.7");
    assert_carries(sides.initiator, sides.acceptor);
    assert_carries(sides.acceptor, sides.initiator);
}

void the_last_leg_leaves_the_client_complete_with_a_token(void**) {
    Sides sides;
    const auto negotiate = step(sides.initiator, {});
    assert_ok(negotiate);
    assert_false(sides.initiator.complete());
    const auto challenge = step(sides.acceptor, *negotiate);
    assert_ok(challenge);
    const auto authenticate = step(sides.initiator, *challenge);
    assert_ok(authenticate);
    assert_true(sides.initiator.complete() && !authenticate->empty());
    assert_false(sides.acceptor.complete());
    const auto last = step(sides.acceptor, *authenticate);
    assert_ok(last);
    assert_true(last->empty() && sides.acceptor.complete());
}

void a_wrong_password_ends_it(void**) {
    Sides sides(credentials("DOM\\alice", "Secret"));
    assert_false(exchange(sides.initiator, sides.acceptor).has_value());
    assert_false(sides.acceptor.complete());
}

void a_user_principal_name_has_no_domain(void**) {
    const auto who = credentials("alice@example.org");
    assert_true(who.user == u"alice@example.org" && who.domain.empty());
    assert_false(NtlmCredentials::of("DOM\\", "x").has_value());
    assert_false(NtlmCredentials::of("", "x").has_value());
    assert_false(NtlmCredentials::of("a\xff", "x").has_value());
}

void changed_negotiate_flags_are_noticed_by_the_mic(void**) {
    Sides sides;
    const auto status = exchange(sides.initiator, sides.acceptor, [](int leg, Token& token) {
        if (leg == 0) store<std::uint32_t>(token, 12, ntlm::kAsked & ~ntlm::kSeal);
        // The client would refuse a challenge without sealing, so give it back to it.
        if (leg == 1) store<std::uint32_t>(token, 20, load<std::uint32_t>(token, 20) | ntlm::kSeal);
    });
    assert_false(status.has_value());
    assert_contains(status.error().message(), "MIC");
}

void any_changed_byte_of_the_last_message_is_noticed(void**) {
    std::size_t size = 0;
    for (std::size_t place = 12; place == 12 || place < size; ++place) {
        Sides sides;
        const auto status = exchange(sides.initiator, sides.acceptor, [&](int leg, Token& token) {
            if (leg != 2) return;
            size = token.size();
            token[place] ^= 0x40;
        });
        if (status) fail_msg("byte %zu of %zu was changed unnoticed", place, size);
    }
    assert_true(size > 200);
}

void without_a_required_flag_there_is_no_session(void**) {
    for (const std::uint32_t flag : {ntlm::kUnicode, ntlm::kSign, ntlm::kExtendedSessionSecurity,
                                     ntlm::k128Bit, ntlm::kKeyExchange}) {
        Sides sides;
        const auto refused = step(sides.acceptor, ntlm::build_negotiate(ntlm::kAsked & ~flag));
        assert_false(refused.has_value());
        assert_contains(refused.error().message(), "required flags");
        // And the other way round.
        const auto sent = step(sides.initiator, {});
        assert_ok(sent);
        const std::vector<std::uint8_t> end(4);
        assert_false(
            step(sides.initiator, ntlm::build_challenge({ntlm::kAsked & ~flag, {}, u"", end}))
                .has_value());
    }
}

void a_client_that_only_signs_is_not_sealed_for(void**) {
    OneAccount accounts;
    const auto host = this_host();
    const auto sources = fixed_sources();
    NtlmAcceptor acceptor(accounts, host, sources, "");
    assert_ok(step(acceptor, ntlm::build_negotiate(ntlm::kAsked & ~ntlm::kSeal)));
    // A client of another make, without a MIC.
    const auto who = credentials();
    const auto key = ntlm::response_key(who.nt_hash, who.user, who.domain);
    const std::vector<std::uint8_t> end(4);
    // The challenge as the acceptor's randomness made it.
    ntlm::Challenge server_challenge{};
    const auto same_again = fixed_sources();
    same_again.random(server_challenge);
    const auto blob = ntlm::build_blob(133444736000000000, {}, end);
    const auto proof = ntlm::proof_of(key, server_challenge, blob);
    std::vector<std::uint8_t> response(proof.begin(), proof.end());
    response.insert(response.end(), blob.begin(), blob.end());
    const auto last = ntlm::build_authenticate(
        {ntlm::kAsked & ~ntlm::kSeal, who.domain, who.user, u"", response, {}, {}, {}});
    assert_ok(step(acceptor, last));
    assert_true(acceptor.complete());
    std::vector<std::uint8_t> pdu(64);
    ntlm::Signature signature;
    assert_ok(acceptor.protect(AuthLevel::Integrity, pdu, 24, 32, signature));
    assert_false(acceptor.protect(AuthLevel::Privacy, pdu, 24, 32, signature).has_value());
}

void a_response_of_another_time_is_refused(void**) {
    for (const int hours : {-37, -35, 0, 35, 37}) {
        OneAccount accounts;
        const auto host = this_host();
        auto sources = fixed_sources();
        auto when = sources.now();
        sources.now = [&] { return when; };
        NtlmAcceptor acceptor(accounts, host, sources, "");
        NtlmInitiator initiator(credentials(), sources, "host/x");
        // The response bears the challenge's time; the server's clock goes on meanwhile.
        const auto status = exchange(initiator, acceptor, [&](int leg, Token&) {
            if (leg == 2) when += std::chrono::hours(hours);
        });
        assert_int_equal(status.has_value(), std::abs(hours) < 36);
    }
}

void every_byte_of_a_pdu_counts(void**) {
    for (std::size_t place = 0; place < Pdu::header + 64 + Pdu::trailer + 16; ++place) {
        Sides sides;
        assert_ok(exchange(sides.initiator, sides.acceptor));
        assert_notices_byte(sides.initiator, sides.acceptor, place);
    }
}

void a_pdu_out_of_order_is_refused(void**) {
    Sides sides;
    assert_ok(exchange(sides.initiator, sides.acceptor));
    Pdu first = protect(sides.initiator, AuthLevel::Integrity, 16);
    Pdu second = protect(sides.initiator, AuthLevel::Integrity, 16);
    assert_false(unprotect(sides.acceptor, AuthLevel::Integrity, second).has_value());
}

void a_signature_of_another_length_is_refused(void**) {
    Sides sides;
    assert_ok(exchange(sides.initiator, sides.acceptor));
    Pdu pdu = protect(sides.initiator, AuthLevel::Privacy, 16);
    const std::span<std::uint8_t> all(pdu.bytes);
    assert_false(sides.acceptor
                     .unprotect(AuthLevel::Privacy, all.first(pdu.body()), Pdu::header, 16,
                                all.subspan(pdu.body(), 15))
                     .has_value());
    assert_false(sides.acceptor
                     .unprotect(AuthLevel::Privacy, all.first(pdu.body()), Pdu::header, 4096,
                                all.subspan(pdu.body()))
                     .has_value());
}

void the_mechanism_lists_mic_goes_before_all_pdus(void**) {
    Sides sides;
    assert_ok(exchange(sides.initiator, sides.acceptor));
    const std::vector<std::uint8_t> list(30, 9);
    const auto mic = sides.initiator.make_mic(list);
    assert_ok(mic);
    assert_ok(sides.acceptor.check_mic(list, *mic));
    const auto answer = sides.acceptor.make_mic(list);
    assert_ok(answer);
    assert_ok(sides.initiator.check_mic(list, *answer));
    assert_carries(sides.initiator, sides.acceptor);
    assert_carries(sides.acceptor, sides.initiator);
    assert_false(sides.acceptor.check_mic(list, *mic).has_value());
}

void a_stale_token_leaves_a_complete_context_complete(void**) {
    Sides sides;
    assert_ok(exchange(sides.initiator, sides.acceptor));
    assert_false(step(sides.acceptor, ntlm::build_negotiate(ntlm::kAsked)).has_value());
    assert_true(sides.acceptor.complete());
    assert_carries(sides.initiator, sides.acceptor);
}

void an_answer_for_a_context_that_is_gone_is_dropped(void**) {
    Sides sides;
    sides.accounts.later = true;
    auto acceptor =
        std::make_unique<NtlmAcceptor>(sides.accounts, sides.host, sides.sources, "192.0.2.7");
    const auto challenge = step(*acceptor, *step(sides.initiator, {}));
    assert_ok(challenge);
    int answers = 0;
    acceptor->step(*step(sides.initiator, *challenge), [&](const Result<Token>&) { ++answers; });
    acceptor.reset();
    sides.accounts.pending();
    assert_int_equal(answers, 0);
}

void a_context_may_be_destroyed_by_its_own_answer(void**) {
    Sides sides;
    sides.accounts.later = true;
    auto acceptor =
        std::make_unique<NtlmAcceptor>(sides.accounts, sides.host, sides.sources, "192.0.2.7");
    const auto challenge = step(*acceptor, *step(sides.initiator, {}));
    assert_ok(challenge);
    int answers = 0;
    acceptor->step(*step(sides.initiator, *challenge), [&](const Result<Token>&) {
        ++answers;
        acceptor.reset();
    });
    sides.accounts.pending();
    assert_int_equal(answers, 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_agree),
        cmocka_unit_test(the_last_leg_leaves_the_client_complete_with_a_token),
        cmocka_unit_test(a_wrong_password_ends_it),
        cmocka_unit_test(a_user_principal_name_has_no_domain),
        cmocka_unit_test(changed_negotiate_flags_are_noticed_by_the_mic),
        cmocka_unit_test(any_changed_byte_of_the_last_message_is_noticed),
        cmocka_unit_test(without_a_required_flag_there_is_no_session),
        cmocka_unit_test(a_client_that_only_signs_is_not_sealed_for),
        cmocka_unit_test(a_response_of_another_time_is_refused),
        cmocka_unit_test(every_byte_of_a_pdu_counts),
        cmocka_unit_test(a_pdu_out_of_order_is_refused),
        cmocka_unit_test(a_signature_of_another_length_is_refused),
        cmocka_unit_test(the_mechanism_lists_mic_goes_before_all_pdus),
        cmocka_unit_test(a_stale_token_leaves_a_complete_context_complete),
        cmocka_unit_test(an_answer_for_a_context_that_is_gone_is_dropped),
        cmocka_unit_test(a_context_may_be_destroyed_by_its_own_answer),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
