// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Kerberos with a KDC of the test's own, bare and inside SPNEGO.
#include "clusprep/rpc/auth/kerberos/context.hpp"

#include "clusprep/rpc/auth/spnego/context.hpp"
#include "clusprep/rpc/auth/spnego/der.hpp"
#include "tests/unit/clusprep/rpc/auth/pair.hpp"
#include "tests/unit/clusprep/rpc/auth/realm.hpp"

#include <cstdio>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

std::unique_ptr<Realm> realm;
std::string tickets;

KerberosKeys keys() {
    auto opened = KerberosKeys::open(realm->keytab());
    assert_ok(opened);
    return std::move(*opened);
}

std::unique_ptr<KerberosInitiator> initiator(const std::string& service = "host") {
    auto opened = KerberosInitiator::open(tickets, service, "localhost");
    assert_ok(opened);
    return std::move(*opened);
}

struct Sides {
    KerberosKeys service = keys();
    KerberosAcceptor acceptor{service};
    std::unique_ptr<KerberosInitiator> client = initiator();
};

void both_sides_agree_in_three_legs(void**) {
    for (const bool sign_header : {true, false}) {
        Sides sides;
        int tokens = 0;
        assert_ok(exchange(*sides.client, sides.acceptor,
                           [&](int, Token& token) { tokens += !token.empty(); }));
        assert_int_equal(tokens, 3);
        sides.acceptor.sign_header(sign_header);
        sides.client->sign_header(sign_header);
        assert_text_equal(sides.acceptor.principal().name, "alice@EXAMPLE.ORG");
        assert_true(sides.acceptor.principal().mechanism == AuthType::Kerberos);
        assert_text_equal(sides.client->principal().name, "alice@EXAMPLE.ORG");
        assert_carries(*sides.client, sides.acceptor);
        assert_carries(sides.acceptor, *sides.client);
    }
}

void a_framed_request_is_taken_too(void**) {
    Sides sides;
    assert_ok(exchange(*sides.client, sides.acceptor, [](int leg, Token& token) {
        if (leg != 0) return;
        assert_int_equal(token[0], 0x6e); // a bare AP-REQ
        const auto oid = bytes_of_hex("2a864886f712010202");
        const auto id = bytes_of_hex("0100");
        token = der::element(der::kApplication0,
                             {der::element(der::kObjectIdentifier, {oid}), id, Token(token)});
    }));
    assert_carries(*sides.client, sides.acceptor);
}

void any_name_in_the_keytab_is_ours(void**) {
    for (const char* service : {"RPCSS", "RestrictedKrbHost"}) {
        assert_ok(realm->add_service(std::string(service) + "/localhost"));
        const auto service_keys = keys();
        KerberosAcceptor acceptor(service_keys);
        const auto client = initiator(service);
        assert_ok(exchange(*client, acceptor));
    }
}

void a_key_that_came_later_is_seen(void**) {
    const auto service_keys = keys();
    assert_ok(realm->add_service("later/localhost"));
    KerberosAcceptor acceptor(service_keys);
    const auto client = initiator("later");
    assert_ok(exchange(*client, acceptor));
}

void a_hundred_logons_in_a_row_succeed(void**) {
    const auto service_keys = keys();
    for (int i = 0; i < 100; ++i) {
        KerberosAcceptor acceptor(service_keys);
        const auto client = initiator();
        assert_ok(exchange(*client, acceptor));
    }
}

void a_request_that_is_sent_again_gets_nobody_in(void**) {
    Sides sides;
    Token request, proof;
    assert_ok(exchange(*sides.client, sides.acceptor, [&](int leg, Token& token) {
        if (leg == 0) request = token;
        if (leg == 2) proof = token;
    }));
    KerberosAcceptor again(sides.service);
    assert_ok(step(again, request));
    assert_false(again.complete());
    assert_false(step(again, proof).has_value());
    assert_false(again.complete());
}

void changed_tokens_are_refused(void**) {
    for (const int changed : {0, 1, 2})
        for (const std::size_t from_end : {1u, 20u, 60u}) {
            Sides sides;
            const auto status = exchange(*sides.client, sides.acceptor, [&](int leg, Token& token) {
                if (leg == changed) token[token.size() - from_end] ^= 1;
            });
            if (status) fail_msg("leg %d was changed unnoticed", changed);
        }
}

void garbage_is_refused_and_no_more_is_taken(void**) {
    const auto service_keys = keys();
    for (const char* hex : {"", "60", "6e", "6e 84 ffffffff", "60 0d 0609 2a864886f712010202 0100",
                            "4e544c4d53535000 01000000", "00000000000000000000000000000000"}) {
        KerberosAcceptor acceptor(service_keys);
        assert_false(step(acceptor, bytes_of_hex(hex)).has_value());
        assert_false(step(acceptor, *step(*initiator(), {})).has_value());
    }
}

void every_byte_counts_that_is_signed(void**) {
    for (const bool sign_header : {true, false})
        for (const std::size_t place : {0u, 10u, 23u, 24u, 60u, 87u, 88u, 95u, 96u, 120u}) {
            Sides sides;
            assert_ok(exchange(*sides.client, sides.acceptor));
            sides.acceptor.sign_header(sign_header);
            sides.client->sign_header(sign_header);
            const bool is_signed = sign_header || (place >= 24 && place < 88) || place >= 96;
            Pdu pdu = protect(*sides.client, AuthLevel::Privacy, 64);
            pdu.bytes[place] ^= 1;
            const bool passed = unprotect(sides.acceptor, AuthLevel::Privacy, pdu).has_value();
            if (passed == is_signed)
                fail_msg("byte %zu, header signing %d: passed %d", place, sign_header, passed);
        }
}

void a_repeated_pdu_is_refused(void**) {
    for (const AuthLevel level : {AuthLevel::Privacy, AuthLevel::Integrity}) {
        Sides sides;
        assert_ok(exchange(*sides.client, sides.acceptor));
        Pdu pdu = protect(*sides.client, level, 64);
        Pdu again = pdu;
        assert_ok(unprotect(sides.acceptor, level, pdu));
        assert_false(unprotect(sides.acceptor, level, again).has_value());
    }
}

void a_pdu_out_of_order_is_refused(void**) {
    for (const AuthLevel level : {AuthLevel::Privacy, AuthLevel::Integrity}) {
        Sides sides;
        assert_ok(exchange(*sides.client, sides.acceptor));
        (void)protect(*sides.client, level, 64);
        Pdu second = protect(*sides.client, level, 64);
        assert_false(unprotect(sides.acceptor, level, second).has_value());
    }
}

void signed_only_is_not_sealed(void**) {
    Sides sides;
    assert_ok(exchange(*sides.client, sides.acceptor));
    Pdu pdu = protect(*sides.client, AuthLevel::Integrity, 64);
    assert_false(unprotect(sides.acceptor, AuthLevel::Privacy, pdu).has_value());
}

void spnego_carries_kerberos(void**) {
    const auto service_keys = keys();
    SpnegoAcceptor acceptor({[&]() -> Result<std::unique_ptr<Mechanism>> {
                                 return std::unique_ptr<Mechanism>(
                                     std::make_unique<KerberosAcceptor>(service_keys));
                             },
                             {}});
    SpnegoInitiator client({[&]() -> Result<std::unique_ptr<Mechanism>> {
                                return std::unique_ptr<Mechanism>(initiator());
                            },
                            {}});
    acceptor.sign_header(true);
    client.sign_header(true);
    assert_ok(exchange(client, acceptor));
    assert_text_equal(acceptor.principal().name, "alice@EXAMPLE.ORG");
    assert_carries(client, acceptor);
    assert_carries(acceptor, client);
}

void spnego_reselects_kerberos_with_mics(void**) {
    const auto service_keys = keys();
    SpnegoAcceptor acceptor({[&]() -> Result<std::unique_ptr<Mechanism>> {
                                 return std::unique_ptr<Mechanism>(
                                     std::make_unique<KerberosAcceptor>(service_keys));
                             },
                             {}});
    // A client of another make, which would rather have NTLM.
    const spnego::Mechanism turned[] = {spnego::Mechanism::Ntlm, spnego::Mechanism::Kerberos};
    const auto list = spnego::build_mechanism_list(turned);
    const std::uint8_t optimistic[] = {1};
    const auto answer = step(acceptor, spnego::build_init(list, optimistic));
    assert_ok(answer);
    const auto resp = spnego::parse_resp(*answer);
    assert_ok(resp);
    assert_true(resp->state == spnego::State::RequestMic && !resp->token);
    // Its Kerberos, begun only now.
    const auto kerberos = initiator();
    const auto request = step(*kerberos, {});
    assert_ok(request);
    spnego::RespToken next;
    next.token = *request;
    const auto reply = step(acceptor, spnego::build_resp(next));
    assert_ok(reply);
    const auto inner = spnego::parse_resp(*reply);
    assert_ok(inner);
    const auto proof = step(*kerberos, *inner->token);
    assert_ok(proof);
    const auto mic = kerberos->make_mic(list);
    assert_ok(mic);
    next.token = *proof;
    next.mic = *mic;
    const auto last = step(acceptor, spnego::build_resp(next));
    assert_ok(last);
    assert_true(acceptor.complete());
    const auto end = spnego::parse_resp(*last);
    assert_ok(end);
    assert_true(end->mic.has_value());
    assert_ok(kerberos->check_mic(list, *end->mic));
    assert_carries(*kerberos, acceptor);
    assert_carries(acceptor, *kerberos);
}

void each_kind_of_key_works(void**) {
    for (const char* encryption : {"aes128-cts", "aes256-sha2", "arcfour-hmac"}) {
        auto other = Realm::start(encryption);
        assert_ok(other);
        const auto cache = (*other)->tickets_of_alice();
        assert_ok(cache);
        const auto service_keys = KerberosKeys::open((*other)->keytab());
        assert_ok(service_keys);
        for (const bool sign_header : {true, false}) {
            KerberosAcceptor acceptor(*service_keys);
            const auto client = KerberosInitiator::open(*cache, "host", "localhost");
            assert_ok(client);
            assert_ok(exchange(**client, acceptor));
            acceptor.sign_header(sign_header);
            (*client)->sign_header(sign_header);
            assert_carries(**client, acceptor);
            assert_carries(acceptor, **client);
            assert_in_range(acceptor.signature_length(AuthLevel::Privacy, 64), 30, 100);
        }
    }
    realm->use();
}

void without_keys_or_tickets_the_reason_is_given(void**) {
    const auto no_keys = KerberosKeys::open(realm->directory() + "/nothing");
    assert_false(no_keys.has_value());
    assert_contains(no_keys.error().message(), "/nothing");
    const auto no_tickets =
        KerberosInitiator::open("FILE:" + realm->directory() + "/none", "host", "localhost");
    const auto stepped = no_tickets ? step(**no_tickets, {}) : Result<Token>(no_tickets.error());
    assert_false(stepped.has_value());
    assert_contains(stepped.error().message(), "/none");
    auto unknown = KerberosInitiator::open(tickets, "host", "elsewhere");
    assert_ok(unknown);
    const auto refused = step(**unknown, {});
    assert_false(refused.has_value());
    assert_contains(refused.error().message(), "not found");
}

} // namespace

int main() {
    auto started = Realm::start();
    if (!started) {
        std::printf("skipped: %s\n", started.error().message().c_str());
        return 77;
    }
    realm = std::move(*started);
    auto got = realm->tickets_of_alice();
    if (!got) {
        std::fprintf(stderr, "%s\n", got.error().message().c_str());
        return 1;
    }
    tickets = *got;
    const CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_agree_in_three_legs),
        cmocka_unit_test(a_framed_request_is_taken_too),
        cmocka_unit_test(any_name_in_the_keytab_is_ours),
        cmocka_unit_test(a_key_that_came_later_is_seen),
        cmocka_unit_test(a_hundred_logons_in_a_row_succeed),
        cmocka_unit_test(a_request_that_is_sent_again_gets_nobody_in),
        cmocka_unit_test(changed_tokens_are_refused),
        cmocka_unit_test(garbage_is_refused_and_no_more_is_taken),
        cmocka_unit_test(every_byte_counts_that_is_signed),
        cmocka_unit_test(a_repeated_pdu_is_refused),
        cmocka_unit_test(a_pdu_out_of_order_is_refused),
        cmocka_unit_test(signed_only_is_not_sealed),
        cmocka_unit_test(spnego_carries_kerberos),
        cmocka_unit_test(spnego_reselects_kerberos_with_mics),
        cmocka_unit_test(each_kind_of_key_works),
        cmocka_unit_test(without_keys_or_tickets_the_reason_is_given),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    realm.reset();
    return failed;
}
