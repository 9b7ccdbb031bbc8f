// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/spnego/tokens.hpp"

#include "tests/unit/clusprep/rpc/auth/hex.hpp"

#include <random>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::spnego;
using mpapi::rpc::test::assert_hex_equal;
using mpapi::rpc::test::bytes_of_hex;

namespace {

// RFC 4178 appendix D's layout: the favourite is Kerberos, NTLM will do.
constexpr const char* kInit = "6030 0606 2b0601050502"
                              "a026 3024 a019 3017"
                              "0609 2a864886f712010202"
                              "060a 2b06010401823702020a"
                              "a207 0405 6e01020304";

template <typename Parsed>
void assert_refused(const Result<Parsed>& parsed, const char* reason) {
    if (parsed) fail_msg("was not refused; expected: %s", reason);
    assert_contains(parsed.error().message(), reason);
}

void an_init_token_is_read(void**) {
    const auto bytes = bytes_of_hex(kInit);
    const auto parsed = parse_init(bytes);
    assert_ok(parsed);
    assert_int_equal(parsed->mechanisms.size(), 2);
    assert_true(mechanism_of(parsed->mechanisms[0]) == Mechanism::Kerberos);
    assert_true(mechanism_of(parsed->mechanisms[1]) == Mechanism::Ntlm);
    assert_hex_equal(parsed->mechanism_list,
                     "3017 0609 2a864886f712010202 060a 2b06010401823702020a");
    assert_hex_equal(*parsed->token, "6e01020304");
    assert_false(parsed->mic.has_value());
}

void an_init_token_is_written(void**) {
    const Mechanism list[] = {Mechanism::Kerberos, Mechanism::Ntlm};
    const auto token = bytes_of_hex("6e01020304");
    assert_hex_equal(build_init(build_mechanism_list(list), token), kInit);
}

void what_is_written_is_read_again_whatever_its_size(void**) {
    for (const std::size_t size : {0u, 1u, 100u, 127u, 128u, 255u, 256u, 5000u}) {
        const std::vector<std::uint8_t> token(size, 7), mic(16, 3);
        RespToken resp;
        resp.state = State::AcceptIncomplete;
        resp.mechanism = oid_of(Mechanism::Ntlm);
        resp.token = token;
        resp.mic = mic;
        const auto bytes = build_resp(resp);
        const auto parsed = parse_resp(bytes);
        assert_ok(parsed);
        assert_true(parsed->state == State::AcceptIncomplete);
        assert_true(mechanism_of(*parsed->mechanism) == Mechanism::Ntlm);
        assert_int_equal(parsed->token->size(), size);
        assert_int_equal(parsed->mic->size(), 16);
    }
}

void lengths_longer_than_needed_are_read(void**) {
    const auto bytes = bytes_of_hex("a184 0000000d 3082 0007 a081 03 0a0101"
                                    "a2 82 0000");
    // The token field holds no OCTET STRING.
    assert_refused(parse_resp(bytes), "DER");
    const auto fine = parse_resp(bytes_of_hex("a184 0000000a 3082 0006 a081 03 0a0101"));
    assert_ok(fine);
    assert_true(fine->state == State::AcceptIncomplete);
}

void hints_of_a_server_are_skipped(void**) {
    const auto bytes = bytes_of_hex("601f 0606 2b0601050502 a015 3013"
                                    "a00d 300b 0609 2a864882f712010202"
                                    "a302 3000");
    const auto parsed = parse_init(bytes);
    assert_ok(parsed);
    assert_true(mechanism_of(parsed->mechanisms[0]) == Mechanism::MsKerberos);
    assert_false(parsed->mic.has_value());
}

void fields_come_in_order_and_once(void**) {
    assert_refused(parse_resp(bytes_of_hex("a10c 300a a003 0a0100 a003 0a0101")), "order");
    assert_refused(parse_resp(bytes_of_hex("a10d 300b a204 0402 0102 a003 0a0101")), "order");
}

void what_is_no_spnego_is_refused(void**) {
    assert_refused(parse_init({}), "DER");
    assert_refused(parse_init(bytes_of_hex("60 0b 0609 2a864886f712010202")), "another mechanism");
    assert_refused(parse_init(bytes_of_hex("600e 0606 2b0601050502 a004 3002 3000")), "order");
    assert_refused(parse_init(bytes_of_hex("600c 0606 2b0601050502 a002 3000")), "no mechanism");
    assert_refused(parse_init(bytes_of_hex("6010 0606 2b0601050502 a006 3004 a002 3000")),
                   "no mechanism");
    assert_refused(parse_init(bytes_of_hex("6012 0606 2b0601050502 a008 3006 a004 3002 0400")),
                   "no OID");
    assert_refused(parse_resp(bytes_of_hex("a107 3005 a003 0a0104")), "state");
    assert_refused(parse_resp(bytes_of_hex("a106 3004 a002 0a00")), "state");
    assert_refused(parse_resp(bytes_of_hex("a107 3005 a003 0a0101 00")), "behind");
    assert_refused(parse_resp(bytes_of_hex("a180 3005")), "indefinite");
    assert_refused(parse_resp(bytes_of_hex("a185 0000000000")), "too many bytes");
    assert_refused(parse_resp(bytes_of_hex("a184 ffffffff 00")), "ends beyond");
    assert_refused(parse_resp(bytes_of_hex("bf21 00")), "more than one byte");
}

void too_many_mechanisms_are_refused(void**) {
    const std::vector<Mechanism> list(kMostMechanisms + 1, Mechanism::Ntlm);
    assert_refused(parse_init(build_init(build_mechanism_list(list), {})), "too many mechanisms");
}

void no_prefix_is_read_past_its_end(void**) {
    const auto bytes = bytes_of_hex(kInit);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::vector<std::uint8_t> prefix(bytes.begin(),
                                               bytes.begin() + static_cast<std::ptrdiff_t>(size));
        assert_false(parse_init(prefix).has_value());
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_init_token_is_read),
        cmocka_unit_test(an_init_token_is_written),
        cmocka_unit_test(what_is_written_is_read_again_whatever_its_size),
        cmocka_unit_test(lengths_longer_than_needed_are_read),
        cmocka_unit_test(hints_of_a_server_are_skipped),
        cmocka_unit_test(fields_come_in_order_and_once),
        cmocka_unit_test(what_is_no_spnego_is_refused),
        cmocka_unit_test(too_many_mechanisms_are_refused),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
