// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/messages.hpp"

#include "clusprep/rpc/auth/ntlm/flags.hpp"
#include "clusprep/rpc/little_endian.hpp"
#include "tests/unit/clusprep/rpc/auth/hex.hpp"

#include <algorithm>
#include <random>

using namespace mpapi::rpc;
using namespace mpapi::rpc::ntlm;
using mpapi::rpc::test::assert_hex_equal;
using mpapi::rpc::test::bytes_of_hex;

namespace {

std::vector<std::uint8_t> response(std::uint32_t av_flags) {
    std::vector<std::uint8_t> flags;
    put<std::uint32_t>(flags, av_flags);
    const AvPair pairs[] = {{AvId::Flags, flags}};
    Challenge challenge;
    challenge.fill(0xaa);
    std::vector<std::uint8_t> bytes(16, 0x11);
    const auto blob = build_blob(0x0102030405060708, challenge, build_av_pairs(pairs));
    bytes.insert(bytes.end(), blob.begin(), blob.end());
    return bytes;
}

std::vector<std::uint8_t> authenticate(Bytes nt_response) {
    Key key;
    key.fill(0x77);
    return build_authenticate({kAsked, u"DOM", u"alice", u"WS", nt_response, {}, key, {}});
}

template <typename Parsed>
void assert_refused(const mpapi::Result<Parsed>& parsed, const char* reason) {
    if (parsed) fail_msg("was not refused; expected: %s", reason);
    assert_contains(parsed.error().message(), reason);
}

void a_negotiate_of_32_bytes_is_legal(void**) {
    auto message = build_negotiate(kAsked);
    message.resize(32);
    const auto parsed = parse_negotiate(message);
    assert_ok(parsed);
    assert_int_equal(parsed->flags, kAsked);
    message.resize(31);
    assert_refused(parse_negotiate(message), "31 bytes");
}

void another_message_is_refused(void**) {
    auto message = build_negotiate(kAsked);
    message[8] = 3;
    assert_refused(parse_negotiate(message), "message type 3");
    message[8] = 1;
    message[0] = 'X';
    assert_refused(parse_negotiate(message), "signature");
    message.resize(kMostMessage + 1);
    assert_refused(parse_negotiate(message), "too many");
}

void a_challenge_reads_as_it_was_built(void**) {
    const auto info = bytes_of_hex("0200 0400 41004200 00000000");
    const auto bytes = build_challenge({kAsked, {1, 2, 3, 4, 5, 6, 7, 8}, u"NODE1", info});
    const auto parsed = parse_challenge(bytes);
    assert_ok(parsed);
    assert_int_equal(parsed->flags, kAsked);
    assert_hex_equal(parsed->server_challenge, "0102030405060708");
    assert_true(parsed->target_name == u"NODE1");
    assert_hex_equal(parsed->target_info, "0200 0400 41004200 00000000");
}

void an_authenticate_reads_as_it_was_built(void**) {
    const auto nt = response(0);
    const auto bytes = authenticate(nt);
    const auto parsed = parse_authenticate(bytes);
    assert_ok(parsed);
    assert_true(parsed->user == u"alice" && parsed->domain == u"DOM" &&
                parsed->workstation == u"WS");
    assert_true(std::ranges::equal(parsed->nt_response, nt));
    assert_true(parsed->response.timestamp == 0x0102030405060708);
    assert_hex_equal(parsed->response.client_challenge, "aaaaaaaaaaaaaaaa");
    assert_hex_equal(parsed->encrypted_session_key, "77777777777777777777777777777777");
    assert_false(parsed->mic.has_value());
}

void a_promised_mic_must_be_there(void**) {
    const auto nt = response(kAvMicProvided);
    auto bytes = authenticate(nt);
    bytes[kMicOffset] = 0x99;
    const auto parsed = parse_authenticate(bytes);
    assert_ok(parsed);
    assert_true(parsed->mic.has_value() && (*parsed->mic)[0] == 0x99);

    // The same fields right behind the fixed part of a client that knows no MIC.
    std::vector<std::uint8_t> old(bytes.begin(), bytes.begin() + 64);
    old.insert(old.end(), bytes.begin() + kMicOffset + 16, bytes.end());
    for (const std::size_t at : {12u, 20u, 28u, 36u, 44u, 52u})
        store<std::uint32_t>(old, at + 4, load<std::uint32_t>(old, at + 4) - 24);
    assert_refused(parse_authenticate(old), "where the MIC");
}

void ntlm_version_1_and_lm_are_refused(void**) {
    for (const std::size_t size : {0u, 24u, 47u}) {
        std::vector<std::uint8_t> nt(size, 1);
        assert_refused(parse_authenticate(authenticate(nt)), "not NTLMv2");
    }
    auto nt = response(0);
    nt[16] = 2;
    assert_refused(parse_authenticate(authenticate(nt)), "version 2");
}

void anonymous_is_refused(void**) {
    const auto nt = response(0);
    Key key{};
    assert_refused(
        parse_authenticate(build_authenticate({kAsked, u"D", u"", u"", nt, {}, key, {}})),
        "anonymous");
    assert_refused(parse_authenticate(
                       build_authenticate({kAsked | kAnonymous, u"D", u"u", u"", nt, {}, key, {}})),
                   "anonymous");
}

void text_in_another_character_set_is_refused(void**) {
    const auto nt = response(0);
    assert_refused(parse_authenticate(
                       build_authenticate({kAsked & ~kUnicode, u"D", u"u", u"", nt, {}, {}, {}})),
                   "not in Unicode");
}

void a_session_key_has_16_bytes(void**) {
    const auto nt = response(0);
    auto bytes = authenticate(nt);
    store<std::uint16_t>(bytes, 52, 15);
    assert_refused(parse_authenticate(bytes), "15 bytes");
    store<std::uint16_t>(bytes, 52, 0);
    assert_refused(parse_authenticate(bytes), "0 bytes");
}

void a_field_outside_the_message_is_refused(void**) {
    const auto nt = response(0);
    for (const std::size_t at : {12u, 20u, 28u, 36u, 44u, 52u})
        for (const std::uint32_t offset : {0u, 63u, 100000u, 0xffffffffu}) {
            auto bytes = authenticate(nt);
            store<std::uint32_t>(bytes, at + 4, offset);
            assert_refused(parse_authenticate(bytes), "not inside the message");
        }
}

void av_pairs_must_end_and_must_fit(void**) {
    assert_ok(parse_av_pairs(bytes_of_hex("00000000")));
    assert_ok(parse_av_pairs(bytes_of_hex("00000000 99")));
    assert_refused(parse_av_pairs({}), "MsvAvEOL");
    assert_refused(parse_av_pairs(bytes_of_hex("0100 0200 4100")), "MsvAvEOL");
    assert_refused(parse_av_pairs(bytes_of_hex("0100 0300 4100")), "beyond");
    assert_refused(parse_av_pairs(bytes_of_hex("0000 0200 4100")), "has a value");
    std::vector<std::uint8_t> many;
    for (std::size_t i = 0; i <= kMostAvPairs; ++i)
        put<std::uint32_t>(many, 1);
    put<std::uint32_t>(many, 0);
    assert_refused(parse_av_pairs(many), "too many");
}

void no_prefix_is_read_past_its_end(void**) {
    const auto nt = response(kAvMicProvided);
    const auto bytes = authenticate(nt);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        // On the heap, so that a sanitizer sees one byte too many.
        const std::vector<std::uint8_t> prefix(bytes.begin(),
                                               bytes.begin() + static_cast<std::ptrdiff_t>(size));
        assert_false(parse_authenticate(prefix).has_value());
    }
}

void changed_bytes_never_make_it_read_elsewhere(void**) {
    std::mt19937 random(5);
    const auto nt = response(kAvMicProvided);
    const auto bytes = authenticate(nt);
    unsigned parsed = 0, refused = 0;
    for (int round = 0; round < 20000; ++round) {
        auto changed = bytes;
        for (unsigned i = 0; i < 1 + random() % 3; ++i)
            changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
        ++(parse_authenticate(changed) ? parsed : refused);
    }
    assert_true(parsed > 0 && refused > 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_negotiate_of_32_bytes_is_legal),
        cmocka_unit_test(another_message_is_refused),
        cmocka_unit_test(a_challenge_reads_as_it_was_built),
        cmocka_unit_test(an_authenticate_reads_as_it_was_built),
        cmocka_unit_test(a_promised_mic_must_be_there),
        cmocka_unit_test(ntlm_version_1_and_lm_are_refused),
        cmocka_unit_test(anonymous_is_refused),
        cmocka_unit_test(text_in_another_character_set_is_refused),
        cmocka_unit_test(a_session_key_has_16_bytes),
        cmocka_unit_test(a_field_outside_the_message_is_refused),
        cmocka_unit_test(av_pairs_must_end_and_must_fit),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
        cmocka_unit_test(changed_bytes_never_make_it_read_elsewhere),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
