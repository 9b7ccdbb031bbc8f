// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/echo/packet.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::failover::echo;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t kNumber = 0x12345678;
const Bytes kData{'a', 'b', 'c', 'd', 'e'};

Bytes ip_header(std::uint8_t words = 5) {
    Bytes header(std::size_t{4} * words);
    header[0] = static_cast<std::uint8_t>(0x40 | words);
    return header;
}

Bytes joined(Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

// ICMP: the checksum of a request, 8 more in the first word, is that of its reply.
Bytes reply_to(Bytes request) {
    const unsigned sum = (unsigned{request[2]} << 8 | request[3]) + 0x0800;
    request[0] = 0;
    request[2] = static_cast<std::uint8_t>((sum + (sum >> 16)) >> 8);
    request[3] = static_cast<std::uint8_t>(sum + (sum >> 16));
    return request;
}

void a_request_is_laid_out_as_rfc_792_says(void**) {
    const Bytes packet = request(Protocol::Icmp, kNumber, kData);
    // Sum by hand: 0800 + 1234 + 5678 + 6162 + 6364 + 6500 = 9a73 with the carry.
    const Bytes expected{8, 0, 0x65, 0x8c, 0x12, 0x34, 0x56, 0x78, 'a', 'b', 'c', 'd', 'e'};
    assert_int_equal(packet.size(), expected.size());
    assert_memory_equal(packet.data(), expected.data(), expected.size());
}

void an_icmpv6_request_leaves_the_checksum_to_the_kernel(void**) {
    const Bytes packet = request(Protocol::Icmpv6, kNumber, {});
    const Bytes expected{128, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};
    assert_int_equal(packet.size(), expected.size());
    assert_memory_equal(packet.data(), expected.data(), expected.size());
}

void its_reply_answers_a_request(void**) {
    const Bytes sent = request(Protocol::Icmp, kNumber, kData);
    assert_true(answers(Protocol::Icmp, sent, joined(ip_header(), reply_to(sent))));
    assert_true(answers(Protocol::Icmp, sent, joined(ip_header(15), reply_to(sent))));
    Bytes sent6 = request(Protocol::Icmpv6, kNumber, kData);
    Bytes reply6 = sent6;
    reply6[0] = 129;
    reply6[2] = 0xab; // checked by the kernel
    assert_true(answers(Protocol::Icmpv6, sent6, reply6));
}

void a_reply_that_differs_anywhere_does_not(void**) {
    const Bytes sent = request(Protocol::Icmp, kNumber, kData);
    const Bytes good = joined(ip_header(), reply_to(sent));
    for (std::size_t i = 20; i < good.size(); ++i) {
        Bytes bad = good;
        bad[i] ^= 1;
        if (answers(Protocol::Icmp, sent, bad)) fail_msg("byte %zu was not looked at", i);
    }
}

void a_request_or_a_piece_of_a_reply_is_no_answer(void**) {
    const Bytes sent = request(Protocol::Icmp, kNumber, kData);
    assert_false(answers(Protocol::Icmp, sent, joined(ip_header(), sent)));
    const Bytes good = joined(ip_header(), reply_to(sent));
    for (std::size_t size = 0; size < good.size(); ++size)
        if (answers(Protocol::Icmp, sent, std::span(good).first(size)))
            fail_msg("%zu bytes were enough", size);
    assert_false(answers(Protocol::Icmp, sent, joined(good, Bytes{0, 0})));
    Bytes claims_more = good;
    claims_more[0] = 0x4f;
    assert_false(answers(Protocol::Icmp, sent, claims_more));
    Bytes version_6 = good;
    version_6[0] = 0x65;
    assert_false(answers(Protocol::Icmp, sent, version_6));
}

void an_error_is_about_the_packet_that_it_quotes(void**) {
    const Bytes sent = request(Protocol::Icmp, kNumber, kData);
    assert_true(quotes(sent, std::span(sent).first(8)));
    assert_false(quotes(sent, std::span(sent).first(7)));
    const Bytes other = request(Protocol::Icmp, kNumber + 1, kData);
    assert_false(quotes(sent, other));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_laid_out_as_rfc_792_says),
        cmocka_unit_test(an_icmpv6_request_leaves_the_checksum_to_the_kernel),
        cmocka_unit_test(its_reply_answers_a_request),
        cmocka_unit_test(a_reply_that_differs_anywhere_does_not),
        cmocka_unit_test(a_request_or_a_piece_of_a_reply_is_no_answer),
        cmocka_unit_test(an_error_is_about_the_packet_that_it_quotes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
