// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Against nettle's RC4 and MD5.
#include "clusprep/rpc/auth/ntlm/key_stream.hpp"

#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/auth/ntlm/sealing.hpp"
#include "tests/unit/clusprep/rpc/auth/hex.hpp"

#include <algorithm>
#include <string_view>

#include <nettle/arcfour.h>
#include <nettle/md5.h>

using namespace mpapi::rpc;
using namespace mpapi::rpc::ntlm;
using mpapi::rpc::test::assert_hex_equal;
using mpapi::rpc::test::bytes_of_hex;

namespace {

constexpr std::size_t kBlock = KeyStream::kBlock;
constexpr Key kKey = {0x01, 0x9f, 0x23, 0x80, 0x45, 0xff, 0x67, 0x00,
                      0x89, 0x10, 0xab, 0x55, 0xcd, 0x77, 0xef, 0xfe};

// The same bytes each time, without a pattern that MD5 or RC4 could share.
std::vector<std::uint8_t> some_bytes(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    std::uint32_t state = 12345;
    for (auto& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return bytes;
}

struct Nettle {
    explicit Nettle(const Key& key) {
        ::arcfour_set_key(&rc4, key.size(), key.data());
        ::md5_init(&md5);
    }
    void crypt(std::span<std::uint8_t> bytes) {
        ::arcfour_crypt(&rc4, bytes.size(), bytes.data(), bytes.data());
    }
    arcfour_ctx rc4;
    md5_ctx md5;
};

// RFC 6229: 128 bits, at offset 0.
void the_key_stream_is_that_of_the_rfc(void**) {
    Key key;
    std::copy_n(bytes_of_hex("0102030405060708090a0b0c0d0e0f10").begin(), key.size(), key.begin());
    std::array<std::uint8_t, 16> stream{};
    KeyStream(key).crypt(stream);
    assert_hex_equal(stream, "9ac7cc9a609d1ef7b2932899cde41b97");
}

void it_goes_on_where_it_was(void**) {
    KeyStream ours(kKey);
    Nettle nettle(kKey);
    for (std::size_t size = 0; size < 600; size += 13) {
        auto bytes = some_bytes(size);
        auto expected = bytes;
        ours.crypt(bytes);
        nettle.crypt(expected);
        assert_true(bytes == expected);
    }
}

void beside_md5_both_are_what_they_are_alone(void**) {
    for (std::size_t blocks = 0; blocks < 20; ++blocks) {
        KeyStream ours(kKey);
        Nettle nettle(kKey);
        const auto hashed = some_bytes(blocks * kBlock + 1);
        auto crypted = some_bytes(blocks * kBlock + 3);
        auto expected = crypted;
        md5_ctx md5 = nettle.md5;
        ours.crypt(std::span(crypted).first(1));
        // Odd addresses: alignment is nobody's business.
        ours.crypt_beside_md5(crypted.data() + 1, md5.state, hashed.data() + 1, blocks);
        ours.crypt(std::span(crypted).last(2));
        nettle.crypt(expected);
        ::md5_update(&nettle.md5, blocks * kBlock, hashed.data() + 1);
        assert_true(crypted == expected);
        assert_memory_equal(md5.state, nettle.md5.state, sizeof md5.state);
    }
}

Key derived(std::string_view constant) {
    const std::uint8_t nul = 0;
    return md5({kKey,
                {reinterpret_cast<const std::uint8_t*>(constant.data()), constant.size()},
                {&nul, 1}});
}

// MS-NLMP 3.4.4.2 as it is written, one thing after the other.
Signature expected_of(std::span<std::uint8_t> pdu, std::size_t begin, std::size_t size) {
    const Key signing = derived("session key to client-to-server signing key magic constant");
    Nettle nettle(derived("session key to client-to-server sealing key magic constant"));
    const std::array<std::uint8_t, 4> sequence{};
    const Key digest = hmac_md5(signing, {sequence, pdu});
    nettle.crypt(pdu.subspan(begin, size));
    Signature signature{1};
    std::copy_n(digest.begin(), 8, signature.begin() + 4);
    nettle.crypt(std::span(signature).subspan(4, 8));
    return signature;
}

void assert_sealed_as_expected(std::size_t begin, std::size_t size, std::size_t behind) {
    const auto plain = some_bytes(begin + size + behind);
    auto pdu = plain;
    auto expected = plain;
    const auto sealed = std::span(pdu).subspan(begin, size);
    const auto signature = Direction(kKey, Side::Client).protect(pdu, sealed);
    const auto expected_signature = expected_of(expected, begin, size);
    if (pdu != expected || signature != expected_signature)
        fail_msg("sealed %zu bytes behind %zu and before %zu wrongly", size, begin, behind);
    if (!Direction(kKey, Side::Client).unprotect(pdu, sealed, signature) || pdu != plain)
        fail_msg("did not open %zu bytes behind %zu and before %zu", size, begin, behind);
    if (pdu.empty()) return;
    // A bit of the plaintext anywhere counts.
    for (const std::size_t at : {std::size_t{0}, pdu.size() / 2, pdu.size() - 1}) {
        auto changed = expected;
        changed[at] ^= 1;
        const auto part = std::span(changed).subspan(begin, size);
        if (Direction(kKey, Side::Client).unprotect(changed, part, signature))
            fail_msg("opened a changed PDU of %zu bytes, byte %zu", pdu.size(), at);
    }
}

void a_pdu_is_sealed_as_it_is_written(void**) {
    for (const std::size_t begin : {0u, 1u, 24u, 40u, 59u, 60u, 61u, 64u, 100u, 124u, 125u, 300u})
        for (std::size_t size = 0; size < 400; size += size < 200 ? 1 : 17)
            for (const std::size_t behind : {0u, 8u, 63u, 64u, 200u})
                assert_sealed_as_expected(begin, size, behind);
    assert_sealed_as_expected(24, 5792, 8);
    assert_sealed_as_expected(24, 65000, 8);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_key_stream_is_that_of_the_rfc),
        cmocka_unit_test(it_goes_on_where_it_was),
        cmocka_unit_test(beside_md5_both_are_what_they_are_alone),
        cmocka_unit_test(a_pdu_is_sealed_as_it_is_written),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
