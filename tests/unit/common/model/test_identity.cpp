// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/identity.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::model;

namespace {

void a_map_of_multipath_tools_is_known_by_its_wwid(void**) {
    assert_text_equal(logical_unit_key("mpath-36001405aa", "mpatha"), "36001405aa");
}

void another_map_is_known_by_its_uuid_else_by_its_name(void**) {
    assert_text_equal(logical_unit_key("CRYPT-1", "secret"), "uuid-CRYPT-1");
    assert_text_equal(logical_unit_key("", "handmade"), "name-handmade");
    assert_text_equal(logical_unit_key("mpath-", "odd"), "uuid-mpath-");
}

void no_wwid_can_pass_for_another_kind_of_key(void**) {
    assert_text_equal(logical_unit_key("mpath-name-x", "m"), "uuid-mpath-name-x");
    assert_text_equal(logical_unit_key("mpath-uuid-x", "m"), "uuid-mpath-uuid-x");
    assert_string_not_equal(logical_unit_key("mpath-name-x", "m").c_str(),
                            logical_unit_key("", "x").c_str());
}

void unit_numbers_are_plain_where_they_can_be(void**) {
    assert_int_equal(logical_unit_number(0), 0);
    assert_int_equal(logical_unit_number(255), 255);
    assert_int_equal(logical_unit_number(0x4000 | 300), 300); // flat space
    const std::uint64_t two_levels = 0x0001'0002;
    assert_int_equal(logical_unit_number(two_levels), two_levels);
    assert_text_equal(nexus_key("iqn.a,1", "t", 0x4000 | 300), "iqn.a,1,t,300");
}

void the_uuid_tells_which_name_is_expected(void**) {
    assert_true((name_expected_by("mpath-36001405000000000000000000000000a") ==
                 ExpectedName{"6001405000000000000000000000000a", NameType::Naa}));
    assert_true((name_expected_by("mpath-20011223344556677") ==
                 ExpectedName{"0011223344556677", NameType::Eui64}));
    assert_true(name_expected_by("mpath-1ATA_disk") == ExpectedName{});
    assert_true(name_expected_by("mpath-3nothex") == ExpectedName{});
    assert_true(name_expected_by("mpath-3") == ExpectedName{});
    assert_true(name_expected_by("CRYPT-36001405000000000000000000000000a") == ExpectedName{});
    assert_true(name_expected_by("") == ExpectedName{});
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_map_of_multipath_tools_is_known_by_its_wwid),
        cmocka_unit_test(another_map_is_known_by_its_uuid_else_by_its_name),
        cmocka_unit_test(no_wwid_can_pass_for_another_kind_of_key),
        cmocka_unit_test(unit_numbers_are_plain_where_they_can_be),
        cmocka_unit_test(the_uuid_tells_which_name_is_expected),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
