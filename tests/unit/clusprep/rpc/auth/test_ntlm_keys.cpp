// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The worked example of MS-NLMP 4.2.4, number by number.
#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/auth/ntlm/sealing.hpp"

#include "tests/unit/clusprep/rpc/auth/hex.hpp"

#include <algorithm>
#include <numeric>

using namespace mpapi::rpc;
using namespace mpapi::rpc::ntlm;
using mpapi::rpc::test::assert_hex_equal;
using mpapi::rpc::test::bytes_of_hex;

namespace {

constexpr Challenge kServerChallenge = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

Key random_session_key() {
    Key key;
    key.fill(0x55);
    return key;
}

Key example_response_key() {
    return response_key(nt_hash(u"Password"), u"User", u"Domain");
}

std::vector<std::uint8_t> example_blob() {
    Challenge client_challenge;
    client_challenge.fill(0xaa);
    return build_blob(0, client_challenge,
                      bytes_of_hex("0200 0c00 44006f006d00610069006e00"
                                   "0100 0c00 530065007200760065007200 00000000"));
}

void the_hash_of_the_password_is_that_of_the_example(void**) {
    assert_hex_equal(nt_hash(u"Password"), "a4f49c406510bdcab6824ee7c30fd852");
}

void the_response_key_is_that_of_the_example(void**) {
    assert_hex_equal(example_response_key(), "0c868a403bfd7a93a3001ef22ef02e3f");
}

void the_proof_is_that_of_the_example(void**) {
    assert_hex_equal(proof_of(example_response_key(), kServerChallenge, example_blob()),
                     "68cd0ab851e51c96aabc927bebef6a1c");
}

void the_session_keys_are_those_of_the_example(void**) {
    const auto key = example_response_key();
    const auto base = session_base_key(key, proof_of(key, kServerChallenge, example_blob()));
    assert_hex_equal(base, "8de40ccadbc14a82f15cb0ad0de95ca3");
    assert_hex_equal(rc4(base, random_session_key()), "c5dad2544fc9799094ce1ce90bc9d03e");
}

void the_sealed_message_is_that_of_the_example(void**) {
    Direction client(random_session_key(), Side::Client);
    auto message = bytes_of_hex("50006c00610069006e007400650078007400");
    const auto signature = client.protect(message, message);
    assert_hex_equal(message, "54e50165bf1936dc996020c1811b0f06fb5f");
    assert_hex_equal(signature, "01000000 7fb38ec5c55d4976 00000000");
}

void what_one_end_seals_the_other_opens(void**) {
    Direction sending(random_session_key(), Side::Server);
    Direction receiving(random_session_key(), Side::Server);
    for (std::size_t size = 0; size < 300; size += 7) {
        std::vector<std::uint8_t> pdu(24 + size + 8);
        std::iota(pdu.begin(), pdu.end(), std::uint8_t{});
        const auto plain = pdu;
        const auto part = std::span(pdu).subspan(24, size);
        const auto signature = sending.protect(pdu, part);
        assert_true(size == 0 || pdu != plain);
        assert_true(std::equal(pdu.begin(), pdu.begin() + 24, plain.begin()));
        assert_true(receiving.unprotect(pdu, part, signature));
        assert_true(pdu == plain);
    }
}

void a_repeated_message_is_not_opened_again(void**) {
    Direction sending(random_session_key(), Side::Client);
    Direction receiving(random_session_key(), Side::Client);
    std::vector<std::uint8_t> pdu(40, 7);
    const auto signature = sending.protect(pdu, {});
    assert_true(receiving.unprotect(pdu, {}, signature));
    assert_false(receiving.unprotect(pdu, {}, signature));
}

void the_directions_differ(void**) {
    Direction client(random_session_key(), Side::Client);
    Direction server(random_session_key(), Side::Server);
    std::vector<std::uint8_t> one(40, 7), other(40, 7);
    const auto a = client.protect(one, one);
    const auto b = server.protect(other, other);
    assert_true(a != b);
    assert_true(one != other);
}

void a_restart_begins_the_key_stream_anew_and_counts_on(void**) {
    Direction direction(random_session_key(), Side::Client);
    std::vector<std::uint8_t> first(16), again(16);
    (void)direction.protect(first, first);
    direction.restart();
    const auto signature = direction.protect(again, again);
    assert_true(first == again);
    assert_int_equal(signature[12], 1);
}

void secrets_of_different_sizes_are_not_equal(void**) {
    const std::uint8_t bytes[] = {1, 2, 3};
    assert_true(equal_secrets(bytes, bytes));
    assert_false(equal_secrets(bytes, Bytes(bytes).first(2)));
    assert_true(equal_secrets({}, {}));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_of_the_password_is_that_of_the_example),
        cmocka_unit_test(the_response_key_is_that_of_the_example),
        cmocka_unit_test(the_proof_is_that_of_the_example),
        cmocka_unit_test(the_session_keys_are_those_of_the_example),
        cmocka_unit_test(the_sealed_message_is_that_of_the_example),
        cmocka_unit_test(what_one_end_seals_the_other_opens),
        cmocka_unit_test(a_repeated_message_is_not_opened_again),
        cmocka_unit_test(the_directions_differ),
        cmocka_unit_test(a_restart_begins_the_key_stream_anew_and_counts_on),
        cmocka_unit_test(secrets_of_different_sizes_are_not_equal),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
