// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/vpd.hpp"

#include "bytes_of.hpp"

using namespace mpapi::scsi;

namespace {

void supported_pages_are_listed(void**) {
    const auto pages = parse_supported_pages(bytes_of("00 00 0007 00 80 83 86 b0 b1 b2"));
    assert_ok(pages);
    assert_true(pages->contains(0x83));
    assert_false(pages->contains(0x85));
    assert_int_equal(pages->pages.size(), 7);
}

void standard_data_in_place_of_a_page_is_refused(void**) {
    // Page 00h of a device that ignores EVPD: bytes 2 and 3 of standard data are version and
    // response format, so a length of 0502h.
    const auto pages = parse_supported_pages(bytes_of("00 00 05 02 1f 00 00 02 4c 49 4f 20 20 20"));
    assert_false(pages.has_value());
    assert_contains(pages.error().message(), "announces 1286 bytes, 14 received");
    const auto serial = parse_unit_serial_number(bytes_of("00 00 05 02 1f 00 00 02 4c 49 4f 20"));
    assert_false(serial.has_value());
    assert_text_equal(serial.error().message(), "parse VPD page 80h: the reply is page 00h");
}

void a_serial_number_loses_its_fill_on_both_sides(void**) {
    const auto serial = parse_unit_serial_number(bytes_of("00 80 0008 20 20 41 42 20 43 20 00"));
    assert_ok(serial);
    assert_text_equal(serial->serial.text, "AB C");
}

void a_blank_serial_number_is_empty(void**) {
    const auto serial = parse_unit_serial_number(bytes_of("00 80 0004 20 20 20 20"));
    assert_ok(serial);
    assert_text_equal(serial->serial.text, "");
    const auto none = parse_unit_serial_number(bytes_of("00 80 0000"));
    assert_ok(none);
    assert_text_equal(none->serial.text, "");
}

void a_serial_number_that_is_no_ascii_says_so(void**) {
    const auto serial = parse_unit_serial_number(bytes_of("00 80 0003 41 ff 42"));
    assert_ok(serial);
    assert_false(serial->serial.valid());
    assert_text_equal(serial->serial.text, "A\\xffB");
}

void a_page_that_was_cut_tells_how_much_it_needs(void**) {
    const auto reply = bytes_of("00 80 0010 41 42 43 44");
    assert_int_equal(vpd_length(reply), 20);
    const auto serial = parse_unit_serial_number(reply);
    assert_false(serial.has_value());
    assert_text_equal(serial.error().message(),
                      "parse VPD page 80h: the header announces 20 bytes, 8 received");
    assert_int_equal(vpd_length(bytes_of("00 80 00")), 0);
    assert_int_equal(vpd_length({}), 0);
}

void bytes_behind_the_page_are_not_looked_at(void**) {
    const auto serial = parse_unit_serial_number(bytes_of("00 80 0002 41 42 ff ff"));
    assert_ok(serial);
    assert_text_equal(serial->serial.text, "AB");
}

void what_is_built_parses_to_the_same(void**) {
    const SupportedPages pages{{0, 0x0c}, {0x00, 0x80, 0x83}};
    const auto built_pages = build_supported_pages(pages);
    assert_ok(built_pages);
    const auto parsed_pages = parse_supported_pages(*built_pages);
    assert_ok(parsed_pages);
    assert_true(*parsed_pages == pages);

    const UnitSerialNumber serial{{1, 0}, {"600a-77", ""}};
    const auto built_serial = build_unit_serial_number(serial);
    assert_ok(built_serial);
    const auto parsed_serial = parse_unit_serial_number(*built_serial);
    assert_ok(parsed_serial);
    assert_true(*parsed_serial == serial);
}

void a_serial_number_over_the_page_is_not_built(void**) {
    assert_false(build_unit_serial_number({{}, {std::string(65536, 'x'), ""}}).has_value());
    assert_true(build_unit_serial_number({{}, {std::string(65535, 'x'), ""}}).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(supported_pages_are_listed),
        cmocka_unit_test(standard_data_in_place_of_a_page_is_refused),
        cmocka_unit_test(a_serial_number_loses_its_fill_on_both_sides),
        cmocka_unit_test(a_blank_serial_number_is_empty),
        cmocka_unit_test(a_serial_number_that_is_no_ascii_says_so),
        cmocka_unit_test(a_page_that_was_cut_tells_how_much_it_needs),
        cmocka_unit_test(bytes_behind_the_page_are_not_looked_at),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(a_serial_number_over_the_page_is_not_built),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
