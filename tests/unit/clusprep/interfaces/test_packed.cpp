// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The structures that are bytes inside a parameter: STORAGE_DEVICE_ID_DESCRIPTOR, REGISTERED_DSMS.
#include "clusprep/interfaces/registered_dsms.hpp"
#include "clusprep/interfaces/unique_ids.hpp"
#include "tests/unit/common/scsi/bytes_of.hpp"

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

const char* const two_ids = "10000000 3d000000 02000000" // Version, Size 61, NumberOfIdentifiers
                            "01000000 03000000 0a00 1c00 00000000 60010405010203040506 0000"
                            "02000000 08000000 0500 0000 01000000 6971 6e2e 61";

std::vector<UniqueId> ids_of(const std::vector<std::uint8_t>& bytes) {
    const auto ids = decode_unique_ids(bytes);
    assert_ok(ids);
    return *ids;
}

void identifiers_stand_on_multiples_of_four(void**) {
    const std::vector<UniqueId> ids = {{1, 3, 0, bytes_of("60010405010203040506")},
                                       {2, 8, 1, bytes_of("69716e2e61")}};
    assert_bytes_equal(encode_unique_ids(ids), bytes_of(two_ids));
    assert_true(ids_of(bytes_of(two_ids)) == ids);
    assert_bytes_equal(encode_unique_ids({}), bytes_of("10000000 0c000000 00000000"));
}

void an_identifier_that_no_length_can_tell_is_left_out(void**) {
    const UniqueId huge = {1, 0, 0, std::vector<std::uint8_t>(0xfff0)};
    const UniqueId small = {1, 3, 0, bytes_of("6001040501020304")};
    assert_true(ids_of(encode_unique_ids({huge, small, huge})) == std::vector<UniqueId>{small});
    assert_true(ids_of(encode_unique_ids({huge})).empty());
}

void a_descriptor_of_another_server_may_have_its_own_offsets(void**) {
    // The last NextOffset is not 0, there is room between, and bytes behind Size.
    const auto ids =
        ids_of(bytes_of("28000000 3c000000 02000000"
                        "01000000 03000000 0100 1800 00000000 aa 00000000000000"
                        "01000000 04000000 0400 1400 01000000 00000001 00000000 ffff"));
    assert_int_equal(ids.size(), 2);
    assert_bytes_equal(ids[0].identifier, bytes_of("aa"));
    assert_int_equal(ids[1].association, 1);
}

void a_descriptor_that_lies_is_refused(void**) {
    for (const char* dump : {
             "",
             "10000000 0c000000",
             "10000000 0b000000 00000000", // smaller than its header
             "10000000 ffffffff 00000000", // larger than what came
             "10000000 0c000000 ffffffff", // more identifiers than bytes
             "10000000 1c000000 02000000 01000000 03000000 0000 1000 00000000", // one is there
             "10000000 1c000000 01000000 01000000 03000000 0100 0000 00000000", // value beyond
             "10000000 1c000000 01000000 10000000 03000000 0000 0000 00000000", // code set 10h
             // The second begins inside the first, or beyond the end.
             "10000000 2d000000 02000000 01000000 03000000 0100 1000 00000000 aa"
             "01000000 03000000 0000 0000 00000000",
             "10000000 2d000000 02000000 01000000 03000000 0100 0000 00000000 aa"
             "01000000 03000000 0000 0000 00000000",
             "10000000 2d000000 02000000 01000000 03000000 0100 ff00 00000000 aa"
             "01000000 03000000 0000 0000 00000000",
         }) {
        if (decode_unique_ids(bytes_of(dump)).has_value()) fail_msg("taken: %s", dump);
    }
    parse_every_prefix(bytes_of(two_ids), [](scsi::Bytes cut) {
        assert_int_equal(decode_unique_ids(cut).has_value(), cut.size() == 61);
    });
}

void a_module_is_144_bytes(void**) {
    const std::vector<Dsm> dsms = {{"alua", 1, 2, 3, 4}};
    auto expected = bytes_of("01000000 6100 6c00 7500 6100");
    expected.resize(4 + 128);
    expected = concatenated(expected, bytes_of("01000000 02000000 03000000 04000000"));
    assert_int_equal(expected.size(), 4 + 144);
    assert_bytes_equal(encode_dsms(dsms), expected);
    const auto read = decode_dsms(expected);
    assert_ok(read);
    assert_true(*read == dsms);
    assert_bytes_equal(encode_dsms({}), bytes_of("00000000"));
}

void a_module_s_name_is_cut_at_63_units(void**) {
    const auto read = decode_dsms(encode_dsms({{std::string(100, 'x'), 0, 0, 0, 0}}));
    assert_ok(read);
    assert_text_equal(read->front().name, std::string(63, 'x'));
}

void modules_are_counted_before_they_are_read(void**) {
    const auto one = encode_dsms({{"alua", 1, 2, 3, 4}});
    parse_every_prefix(one, [&](scsi::Bytes cut) {
        assert_int_equal(decode_dsms(cut).has_value(), cut.size() == one.size());
    });
    assert_false(decode_dsms(bytes_of("ffffffff 0000")).has_value());
    auto lone_surrogate = one;
    lone_surrogate[5] = 0xd8;
    assert_false(decode_dsms(lone_surrogate).has_value());
    assert_true(decode_dsms(concatenated(one, bytes_of("0000"))).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_stand_on_multiples_of_four),
        cmocka_unit_test(an_identifier_that_no_length_can_tell_is_left_out),
        cmocka_unit_test(a_descriptor_of_another_server_may_have_its_own_offsets),
        cmocka_unit_test(a_descriptor_that_lies_is_refused),
        cmocka_unit_test(a_module_is_144_bytes),
        cmocka_unit_test(a_module_s_name_is_cut_at_63_units),
        cmocka_unit_test(modules_are_counted_before_they_are_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
