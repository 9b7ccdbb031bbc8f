// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/read_capacity.hpp"

#include "bytes_of.hpp"

#include <random>

using namespace mpapi::scsi;

namespace {

void the_short_reply_is_read(void**) {
    const auto capacity = parse_capacity_10(bytes_of("0001ffff 00000200"));
    assert_ok(capacity);
    assert_int_equal(capacity->bytes(), 64 << 20);
}

void the_long_reply_is_read(void**) {
    const auto capacity = parse_capacity_16(
        bytes_of("0000000000ffffff 00001000 05 03 c007 00000000000000000000000000000000"));
    assert_ok(capacity);
    assert_int_equal(capacity->bytes(), 0x1000000ull * 4096);
    assert_int_equal(capacity->protection_type, 3);
    assert_int_equal(capacity->physical_block_exponent, 3);
    assert_int_equal(capacity->lowest_aligned_block, 7);
    assert_true(capacity->thin_provisioning);
    assert_true(capacity->thin_reads_zeros);
}

void more_blocks_than_the_short_reply_can_tell_are_refused(void**) {
    const auto capacity = parse_capacity_10(bytes_of("ffffffff 00000200"));
    assert_false(capacity.has_value());
    assert_contains(capacity.error().message(), "more blocks than it can tell");
}

void sizes_that_cannot_be_are_refused(void**) {
    const char* const rest = "0000 0000 00000000000000000000000000000000";
    for (const char* dump :
         {"ffffffffffffffff 00000200", "ffffffffffffffff 00000001", "8000000000000000 00000002",
          "007fffffffffffff 00000200", "0000000000000001 00000000"}) {
        const auto reply = concatenated(bytes_of(dump), bytes_of(rest));
        if (parse_capacity_16(reply)) fail_msg("%s was taken", dump);
    }
    const auto largest =
        parse_capacity_16(concatenated(bytes_of("007ffffffffffffe 00000200"), bytes_of(rest)));
    assert_ok(largest);
    assert_true(largest->bytes() == 0xfffffffffffffe00);
    assert_false(parse_capacity_10(bytes_of("00000001 00000000")).has_value());
}

void short_replies_are_refused(void**) {
    const auto whole = build_capacity_16({});
    parse_every_prefix(whole, [](Bytes bytes) {
        assert_int_equal(parse_capacity_16(bytes).has_value(), bytes.size() >= 16);
        assert_int_equal(parse_capacity_10(bytes).has_value(), false); // block size 0 here
    });
    parse_every_prefix(build_capacity_10({}), [](Bytes bytes) {
        assert_int_equal(parse_capacity_10(bytes).has_value(), bytes.size() == 8);
    });
}

void what_is_built_parses_to_the_same(void**) {
    std::mt19937_64 random(16);
    for (int round = 0; round < 1000; ++round) {
        Capacity original;
        original.last_block = random() >> 14;
        original.block_size = random() % 2 ? 512 : 4096;
        original.protection_type = static_cast<std::uint8_t>(random() % 4);
        original.physical_block_exponent = static_cast<std::uint8_t>(random() % 16);
        original.lowest_aligned_block = static_cast<std::uint16_t>(random() % 0x4000);
        original.thin_provisioning = random() % 2;
        original.thin_reads_zeros = random() % 2;
        if (original.last_block >> 52 != 0) continue;
        const auto parsed = parse_capacity_16(build_capacity_16(original));
        assert_ok(parsed);
        assert_true(*parsed == original);
    }
}

void a_large_unit_sends_its_reader_to_the_long_command(void**) {
    Capacity capacity;
    capacity.last_block = 0x1ffffffff;
    assert_bytes_equal(build_capacity_10(capacity), bytes_of("ffffffff 00000200"));
}

void the_commands_are_laid_out_as_the_tables_say(void**) {
    assert_bytes_equal(test_unit_ready_cdb(), bytes_of("00 00 00 00 00 00"));
    assert_bytes_equal(read_capacity_10_cdb(), bytes_of("25 00 00000000 0000 00 00"));
    const auto cdb = read_capacity_16_cdb(32);
    assert_bytes_equal(cdb, bytes_of("9e 10 0000000000000000 00000020 00 00"));
    const auto length = parse_read_capacity_16_cdb(cdb);
    assert_ok(length);
    assert_int_equal(*length, 32);
    assert_false(
        parse_read_capacity_16_cdb(bytes_of("9e 12 0000000000000000 00000020 00 00")).has_value());
    assert_false(parse_read_capacity_16_cdb(bytes_of("9e 10")).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_short_reply_is_read),
        cmocka_unit_test(the_long_reply_is_read),
        cmocka_unit_test(more_blocks_than_the_short_reply_can_tell_are_refused),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(short_replies_are_refused),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(a_large_unit_sends_its_reader_to_the_long_command),
        cmocka_unit_test(the_commands_are_laid_out_as_the_tables_say),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
