// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/mailslot_write.hpp"

#include "discovery/wire/messages.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

constexpr std::size_t kDataCountAt = 55, kDataOffsetAt = 57, kByteCountAt = 67, kNameAt = 69;

Octets made() {
    const auto smb = make_mailslot_write(kServiceMailslot, Octets(260, 0xab));
    assert_ok(smb);
    return *smb;
}

void set16(Octets& bytes, std::size_t at, std::size_t value) {
    bytes[at] = static_cast<std::uint8_t>(value);
    bytes[at + 1] = static_cast<std::uint8_t>(value >> 8);
}

void sizes_are_those_of_the_examples(void**) {
    for (const auto mailslot : {kServiceMailslot, kDiscovererMailslot}) {
        const auto smb = make_mailslot_write(mailslot, Octets(260, 0xab));
        assert_ok(smb);
        assert_int_equal(smb->size(), 352);
        assert_int_equal(little16(*smb, kByteCountAt), 283); // 4.1 and 4.2: 0x11B
        assert_int_equal(little16(*smb, kDataOffsetAt), 92);
        assert_int_equal(little16(*smb, kDataCountAt), 260);
        assert_memory_equal(smb->data() + kNameAt, mailslot.data(), mailslot.size());
        const Octets padding(4, 0); // the end of the name, and Pad2: 3 bytes
        assert_memory_equal(smb->data() + kNameAt + mailslot.size(), padding.data(), 4);
        assert_int_equal((*smb)[92], 0xab);
    }
}

void words_are_those_of_ms_mail(void**) {
    const auto smb = made();
    const std::uint8_t front[] = {0xff, 'S', 'M', 'B', 0x25};
    assert_memory_equal(smb.data(), front, sizeof front);
    assert_int_equal(smb[32], 17);
    const std::uint8_t setup[] = {3, 0, 1, 0, 1, 0, 2, 0};
    assert_memory_equal(smb.data() + 59, setup, sizeof setup);
}

void a_write_comes_back_as_it_was(void**) {
    const auto write = parse_mailslot_write(made());
    assert_ok(write);
    assert_text_equal(write->mailslot, std::string(kServiceMailslot));
    assert_true(write->data == Octets(260, 0xab));
}

void what_ms_mail_ignores_is_ignored(void**) {
    auto smb = made();
    for (std::size_t at = 5; at < 32; ++at) // status, flags, signature, process and the like
        smb[at] = 0xee;
    for (const std::size_t at : {33u, 35u, 37u, 39u, 43u, 45u, 47u, 51u, 53u, 63u, 65u, 67u})
        set16(smb, at, 0xeeee);
    const auto write = parse_mailslot_write(smb);
    assert_ok(write);
    assert_int_equal(write->data.size(), 260);
}

void data_is_where_its_offset_says(void**) {
    auto smb = made();
    set16(smb, kDataOffsetAt, 90);
    set16(smb, kDataCountAt, 3);
    const auto write = parse_mailslot_write(smb);
    assert_ok(write);
    assert_true((write->data == Octets{0, 0, 0xab}));
}

void data_that_is_not_inside_is_refused(void**) {
    for (const std::size_t offset : {0u, 32u, 69u, 88u, 93u, 352u, 353u, 0xffffu}) {
        auto smb = made();
        set16(smb, kDataOffsetAt, offset);
        assert_false(parse_mailslot_write(smb).has_value());
    }
    auto smb = made();
    set16(smb, kDataCountAt, 261);
    assert_false(parse_mailslot_write(smb).has_value());
    set16(smb, kDataCountAt, 0xffff);
    assert_false(parse_mailslot_write(smb).has_value());
}

void each_shorter_write_is_refused(void**) {
    const auto smb = made();
    for (std::size_t size = 0; size < smb.size(); ++size)
        assert_false(parse_mailslot_write(OctetView(smb).first(size)).has_value());
}

void a_name_without_an_end_is_refused(void**) {
    auto smb = made();
    for (std::size_t at = kNameAt; at < smb.size(); ++at)
        smb[at] = 'A';
    const auto write = parse_mailslot_write(smb);
    assert_false(write.has_value());
    assert_contains(write.error().message(), "name has no end");
}

void other_requests_are_refused(void**) {
    for (const std::size_t at : {0u, 1u, 2u, 3u, 4u, 32u, 59u, 61u, 62u}) {
        auto smb = made();
        smb[at] ^= 1;
        assert_false(parse_mailslot_write(smb).has_value());
    }
}

void a_write_has_512_bytes_at_most(void**) {
    assert_ok(make_mailslot_write(kServiceMailslot, Octets(420, 1)));
    assert_false(make_mailslot_write(kServiceMailslot, Octets(421, 1)).has_value());
    auto smb = made();
    smb.resize(512);
    assert_ok(parse_mailslot_write(smb));
    smb.resize(513);
    assert_false(parse_mailslot_write(smb).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_of_the_examples),
        cmocka_unit_test(words_are_those_of_ms_mail),
        cmocka_unit_test(a_write_comes_back_as_it_was),
        cmocka_unit_test(what_ms_mail_ignores_is_ignored),
        cmocka_unit_test(data_is_where_its_offset_says),
        cmocka_unit_test(data_that_is_not_inside_is_refused),
        cmocka_unit_test(each_shorter_write_is_refused),
        cmocka_unit_test(a_name_without_an_end_is_refused),
        cmocka_unit_test(other_requests_are_refused),
        cmocka_unit_test(a_write_has_512_bytes_at_most),
    };
    return cmocka_run_group_tests_name("mailslot writes", tests, nullptr, nullptr);
}
